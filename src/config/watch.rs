//! How a provider's questionnaire is kept watch on.

use std::{ops::Range, time::Duration};

use risk_provider::RiskProvider;
use toml::Spanned;

use super::{document::Document, units::Length};
use crate::questionnaires::{OnChange, WatchSettings};

const MIN_REREAD_EVERY: Duration = Duration::from_secs(1);

/// Reads the two keys, which only a provider with questionnaires may have.
pub(super) fn read(
    document: &mut Document<'_>,
    place: &str,
    adapter: &dyn RiskProvider,
    on_change: Option<Spanned<OnChange>>,
    reread_every: Option<Spanned<Length<true>>>,
) -> WatchSettings {
    let spans = [
        ("on_changed_profile", on_change.as_ref().map(Spanned::span)),
        ("reread_profile_every", reread_every.as_ref().map(Spanned::span)),
    ];
    if adapter.questionnaires().is_none() {
        refuse(document, place, adapter.descriptor().kind, spans);
    }
    let default = WatchSettings::default();
    let reread_every = reread_every.map_or(default.reread_every, |every| {
        if every.get_ref().0 < MIN_REREAD_EVERY {
            document
                .problem(Some(every.span()), format!("{place}: reread_profile_every must be at least 1s"));
        }
        every.get_ref().0
    });
    WatchSettings { on_change: on_change.map_or(default.on_change, Spanned::into_inner), reread_every }
}

fn refuse(document: &mut Document<'_>, place: &str, kind: &str, spans: [(&str, Option<Range<usize>>); 2]) {
    for (key, span) in spans {
        if span.is_some() {
            document.problem(span, format!("{place}: {key} is for profiles, which {kind} does not have"));
        }
    }
}
