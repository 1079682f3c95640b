//! A route's `policy` and `allowed`: rules are read into conditions here, so that a bad one never gets further.

use std::ops::Range;

use risk_provider::{CountryCode, Level, ProviderName, SubjectType};
use serde::Deserialize;
use toml::Spanned;

use super::document::{Document, nearest};
use crate::policy::{Allowed, AllowedRule, Condition, Floor, Policy, Review, Rules, condition::check_code};

const LONGEST_REASON: usize = 200;

/// `[routes.NAME.policy]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyTable {
    coverage_floor: Option<Spanned<f64>>,
    spread_levels: Option<Spanned<u8>>,
    #[serde(default)]
    required_factors: Vec<Spanned<String>>,
    #[serde(default)]
    floors: Vec<FloorTable>,
    #[serde(default)]
    review: Vec<ReviewTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FloorTable {
    when: Spanned<String>,
    level: Level,
    reason: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewTable {
    when: Spanned<String>,
    reason: Spanned<String>,
}

/// One of a route's `allowed`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AllowedTable {
    provider: Spanned<String>,
    countries: Option<Spanned<Vec<CountryCode>>>,
    types: Option<Spanned<Vec<SubjectType>>>,
}

/// Where problems of one policy go.
struct Problems<'d, 'i> {
    document: &'d mut Document<'i>,
    place: String,
}

// === impl PolicyTable ===

impl PolicyTable {
    /// Checks everything and notes every problem; what has one is left out.
    pub(super) fn read(self, document: &mut Document<'_>, route: &str) -> Policy {
        let mut problems = Problems { document, place: format!("[routes.{route}.policy]") };
        let mut rules = Rules::default();
        if let Some(floor) = self.coverage_floor {
            rules.coverage_floor = *floor.get_ref();
            if !(0.0..=1.0).contains(floor.get_ref()) {
                problems.add(floor.span(), "coverage_floor must lie from 0 to 1");
            }
        }
        if let Some(levels) = self.spread_levels {
            rules.spread_levels = *levels.get_ref();
            if !(1..=2).contains(levels.get_ref()) {
                problems
                    .add(levels.span(), "spread_levels must be 1 or 2: a policy may be stricter, not laxer");
            }
        }
        for code in self.required_factors {
            if let Err(message) = check_code(code.get_ref()) {
                problems.add(code.span(), format!("required_factors: {message}"));
            }
            rules.required_factors.push(code.into_inner());
        }
        for FloorTable { when, level, reason } in self.floors {
            if let Some((when, reason)) = problems.rule("floors", &when, reason) {
                rules.floors.push(Floor { when, level, reason });
            }
        }
        for ReviewTable { when, reason } in self.review {
            if let Some((when, reason)) = problems.rule("review", &when, reason) {
                rules.review.push(Review { when, reason });
            }
        }
        Policy::new(rules)
    }
}

// === impl Problems ===

impl Problems<'_, '_> {
    fn add(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.document.problem(Some(span), format!("{}: {}", self.place, message.into()));
    }

    fn rule(
        &mut self,
        list: &str,
        when: &Spanned<String>,
        reason: Spanned<String>,
    ) -> Option<(Condition, String)> {
        let length = reason.get_ref().trim().chars().count();
        if length == 0 || length > LONGEST_REASON {
            let message = format!("{list}: a reason is a text of at most {LONGEST_REASON} characters");
            self.add(reason.span(), message);
        }
        match when.get_ref().parse() {
            Ok(condition) => Some((condition, reason.into_inner())),
            Err(error) => {
                self.add(when.span(), format!("{list}: when, {error}"));
                None
            }
        }
    }
}

/// A route's `allowed`, which may name only the providers that it asks.
pub(super) fn read_allowed(
    document: &mut Document<'_>,
    place: &str,
    tables: Vec<AllowedTable>,
    providers: &[ProviderName],
) -> Allowed {
    let known: Vec<&str> = providers.iter().map(ProviderName::as_str).collect();
    let mut rules = Vec::new();
    for AllowedTable { provider, countries, types } in tables {
        let name = provider.get_ref();
        if !known.contains(&name.as_str()) {
            let advice = match nearest(name, &known) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("providers of this route: {}", known.join(", ")),
            };
            let message = format!("{place}: allowed: the route does not ask \"{name}\"; {advice}");
            document.problem(Some(provider.span()), message);
        }
        let empty = [
            countries.as_ref().filter(|countries| countries.get_ref().is_empty()).map(Spanned::span),
            types.as_ref().filter(|types| types.get_ref().is_empty()).map(Spanned::span),
        ];
        for span in empty.into_iter().flatten() {
            let message = "allowed: an empty list allows nobody; leave it out to allow all, or the provider out of the route";
            document.problem(Some(span), format!("{place}: {message}"));
        }
        rules.push(AllowedRule {
            provider: ProviderName::new(name),
            countries: countries.map(Spanned::into_inner).unwrap_or_default(),
            types: types.map(Spanned::into_inner).unwrap_or_default(),
        });
    }
    Allowed(rules)
}
