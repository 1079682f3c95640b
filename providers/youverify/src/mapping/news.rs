//! Articles as evidence.
//!
//! The persons and organisations that the vendor extracts from articles are noise and stay in the raw payload.

use std::collections::HashSet;

use risk_provider::{Evidence, EvidenceKind, Personal, ProviderName, score, vendor_time};
use serde_json::value::RawValue;

use crate::wire::{Article, object, text};

/// One piece of evidence per article as sent; only the same `_id` twice counts once.
pub(crate) fn evidence(articles: &[&RawValue], provider: &ProviderName) -> Vec<Evidence> {
    let mut seen = HashSet::new();
    let articles = articles.iter().map(|raw| object::<Article<'_>>(raw.get()).unwrap_or_default());
    let fresh = articles.filter(|article| text(article.id).is_none_or(|id| seen.insert(id)));
    fresh.map(|article| read(&article, provider)).collect()
}

fn read(article: &Article<'_>, provider: &ProviderName) -> Evidence {
    Evidence {
        kind: EvidenceKind::AdverseMedia,
        source: text(article.source).map(Personal::new),
        published_at: text(article.date).and_then(|date| vendor_time::parse(&date)),
        headline: text(article.headline).map(Personal::new),
        tags: article.tags.map(tags).unwrap_or_default(),
        severity: article.score.and_then(|literal| score::number(literal.get())),
        provider: provider.clone(),
    }
}

/// The names of `[name, weight]` pairs; anything else is passed over.
fn tags(raw: &RawValue) -> Vec<String> {
    let tags: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
    let pairs = tags.iter().filter_map(|tag| serde_json::from_str::<(String, f64)>(tag.get()).ok());
    pairs.map(|(name, _)| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}
