//! How often a provider may be asked.

use std::{num::NonZeroU32, time::Duration};

use serde::Deserialize;
use toml::Spanned;

use super::{document::Document, units::Length};
use crate::resilience::{LimitSettings, limiter::Rate};

const FASTEST: Duration = Duration::from_micros(1);
const DEFAULT_CONCURRENCY: NonZeroU32 = NonZeroU32::new(64).unwrap();

/// A provider's `limit`, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limit {
    requests: Option<NonZeroU32>,
    per: Option<Length<true>>,
    burst: Option<NonZeroU32>,
    concurrency: Option<NonZeroU32>,
}

/// The limit of the provider at `place`; problems are noted with their lines.
pub(super) fn read(document: &mut Document<'_>, place: &str, limit: Option<Spanned<Limit>>) -> LimitSettings {
    let unlimited = LimitSettings { rate: None, concurrency: DEFAULT_CONCURRENCY };
    let Some(limit) = limit else { return unlimited };
    let span = limit.span();
    let limit = limit.into_inner();
    let concurrency = limit.concurrency.unwrap_or(DEFAULT_CONCURRENCY);
    let burst = limit.burst.unwrap_or(NonZeroU32::MIN);
    let rate = match (limit.requests, limit.per) {
        (Some(requests), Some(Length(per))) => {
            let rate = Rate { requests, per, burst };
            if burst >= requests && burst.get() > 1 {
                document.problem(Some(span), format!("{place}: limit.burst must be below limit.requests"));
            } else if rate.spacing() < FASTEST {
                document.problem(
                    Some(span),
                    format!("{place}: limit allows more than a million requests a second"),
                );
            }
            Some(rate)
        }
        (None, None) => {
            if limit.burst.is_some() {
                document
                    .problem(Some(span), format!("{place}: limit.burst needs limit.requests and limit.per"));
            }
            None
        }
        _ => {
            document.problem(Some(span), format!("{place}: limit.requests and limit.per go together"));
            None
        }
    };
    LimitSettings { rate, concurrency }
}
