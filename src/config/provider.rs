//! Providers' tables: the keys that every provider has; the rest is the vendor's own.

use std::{fmt, num::NonZeroU32, sync::Arc, time::Duration};

use risk_provider::{Money, ProviderName, ProviderSettings, RiskProvider};
use serde::Deserialize;
use toml::{Spanned, de::DeTable, de::DeValue};
use url::{Host, Url};

use super::{
    document::{Document, Value, nearest},
    limit::{self, Limit},
    units::Length,
    watch,
};
use crate::{
    questionnaires::{OnChange, WatchSettings},
    registry,
    resilience::{BreakerSettings, exchange::GuardSettings},
    routing::PollSettings,
};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);
const DEFAULT_TTL: Duration = Duration::from_secs(24 * 60 * 60);
const DEFAULT_CLEAR_MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);
const MAX_ATTEMPTS: u32 = 5;

/// One provider.
#[derive(Clone)]
pub struct ProviderConfig {
    /// The adapter, with its settings checked.
    pub adapter: Arc<dyn RiskProvider>,
    /// How it is guarded.
    pub guards: GuardSettings,
    /// How long its answers are fresh.
    pub ttl: Duration,
    /// How much longer they are kept.
    pub keep_stale: Duration,
    /// The oldest that a sanctions clear may be and still be given when nobody answers.
    pub clear_max_age: Duration,
    /// Whether a sandbox plays the vendor: only test keys get its answers.
    pub sandbox: bool,
    /// When an answer that it still owes is looked for.
    pub poll: PollSettings,
    /// How its questionnaire is kept watch on, where it has one.
    pub watch: WatchSettings,
}

/// The keys that every provider has, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    kind: String,
    base_url: Spanned<Url>,
    timeout: Option<Length<true>>,
    attempts: Option<Spanned<NonZeroU32>>,
    limit: Option<Spanned<Limit>>,
    price: Option<Money>,
    #[serde(default)]
    cache: CacheTable,
    #[serde(default)]
    breaker: Breaker,
    #[serde(default)]
    strict_subject_match: bool,
    #[serde(default)]
    send_previous: bool,
    #[serde(default)]
    sandbox: bool,
    #[serde(default)]
    poll: Poll,
    on_changed_profile: Option<Spanned<OnChange>>,
    reread_profile_every: Option<Spanned<Length<true>>>,
}

/// The names of `Common`'s fields.
const COMMON: [&str; 14] = [
    "kind",
    "base_url",
    "timeout",
    "attempts",
    "limit",
    "price",
    "cache",
    "breaker",
    "strict_subject_match",
    "send_previous",
    "sandbox",
    "poll",
    "on_changed_profile",
    "reread_profile_every",
];

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CacheTable {
    ttl: Option<Length>,
    stale_if_error: Option<Length>,
    clear_max_age: Option<Length>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Poll {
    first: Option<Length<true>>,
    max: Option<Length<true>>,
    factor: Option<Growth>,
    give_up_after: Option<Length<true>>,
}

/// How much longer one wait is than the one before: from 1 to 10.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "f64")]
struct Growth(f64);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Breaker {
    enabled: bool,
    consecutive_failures: NonZeroU32,
    failure_rate: Rate01,
    min_calls: NonZeroU32,
    window: Length<true>,
    probe_after: Length<true>,
}

/// A share above 0 and up to 1.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "f64")]
struct Rate01(f64);

// === impl Breaker ===

impl Default for Breaker {
    fn default() -> Self {
        Self {
            enabled: true,
            consecutive_failures: NonZeroU32::new(5).unwrap_or(NonZeroU32::MIN),
            failure_rate: Rate01(0.5),
            min_calls: NonZeroU32::new(20).unwrap_or(NonZeroU32::MIN),
            window: Length(Duration::from_secs(60)),
            probe_after: Length(Duration::from_secs(1)),
        }
    }
}

impl From<Breaker> for BreakerSettings {
    fn from(table: Breaker) -> Self {
        Self {
            enabled: table.enabled,
            consecutive_failures: table.consecutive_failures.get(),
            failure_rate: table.failure_rate.0,
            min_calls: table.min_calls.get(),
            window: table.window.0,
            probe_after: table.probe_after.0,
        }
    }
}

impl From<Poll> for PollSettings {
    fn from(table: Poll) -> Self {
        let default = Self::default();
        let length = |given: Option<Length<true>>, default| given.map_or(default, |length| length.0);
        Self {
            first: length(table.first, default.first),
            max: length(table.max, default.max),
            factor: table.factor.map_or(default.factor, |growth| growth.0),
            give_up_after: length(table.give_up_after, default.give_up_after),
        }
    }
}

impl TryFrom<f64> for Growth {
    type Error = &'static str;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        if (1.0..=10.0).contains(&value) { Ok(Self(value)) } else { Err("must be from 1 to 10") }
    }
}

impl TryFrom<f64> for Rate01 {
    type Error = &'static str;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        if value > 0.0 && value <= 1.0 {
            Ok(Self(value))
        } else {
            Err("a rate lies above 0 and is at most 1")
        }
    }
}

// === impl ProviderConfig ===

impl ProviderConfig {
    pub(super) fn read<'i>(document: &mut Document<'i>, name: &str, value: Value<'i>) -> Option<Self> {
        let place = format!("[providers.{name}]");
        let span = value.span();
        let DeValue::Table(table) = value.into_inner() else {
            document.problem(Some(span), format!("{place} must be a table"));
            return None;
        };
        let (common, vendor) = split(table);
        let wrap = |table: DeTable<'i>| Spanned::new(span.clone(), DeValue::Table(table));
        let common: Common = match document.read(wrap(common), &place, &[]) {
            Ok(common) => common,
            Err(unread) => {
                misspelt(document, &place, &vendor, unread.missing.as_deref());
                return None;
            }
        };
        let limit = limit::read(document, &place, common.limit);
        check_url(document, &place, &common.base_url);
        let timeout = common.timeout.map_or(DEFAULT_TIMEOUT, |length| length.0);
        let settings = ProviderSettings {
            name: ProviderName::new(name),
            base_url: common.base_url.into_inner(),
            timeout,
            strict_subject_match: common.strict_subject_match,
            send_previous: common.send_previous,
        };
        let Some(kind) = registry::find(&common.kind) else {
            let known: Vec<&str> = registry::kinds().collect();
            document.problem(Some(span), format!("{place}: kind must be one of: {}", known.join(", ")));
            return None;
        };
        let adapter =
            kind.read(&mut VendorTable { document, value: wrap(vendor), place: &place }, settings)?;
        let attempts = read_attempts(document, &place, common.attempts);
        let breaker = common.breaker.into();
        let guards = GuardSettings { breaker, limit, timeout, attempts, price: common.price };
        let ttl = common.cache.ttl.map_or(DEFAULT_TTL, |length| length.0);
        let keep_stale = common.cache.stale_if_error.map_or(ttl, |length| length.0.saturating_sub(ttl));
        let clear_max_age = common.cache.clear_max_age.map_or(DEFAULT_CLEAR_MAX_AGE, |length| length.0);
        let (sandbox, poll) = (common.sandbox, common.poll.into());
        let (on_change, reread_every) = (common.on_changed_profile, common.reread_profile_every);
        let watch = watch::read(document, &place, adapter.as_ref(), on_change, reread_every);
        Some(Self { adapter, guards, ttl, keep_stale, clear_max_age, sandbox, poll, watch })
    }
}

impl fmt::Debug for ProviderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let adapter = self.adapter.descriptor();
        f.debug_struct("ProviderConfig")
            .field("name", &adapter.name)
            .field("kind", &adapter.kind)
            .finish_non_exhaustive()
    }
}

/// The vendor's part of a provider's table, for the registry to read.
pub struct VendorTable<'d, 'i> {
    document: &'d mut Document<'i>,
    value: Value<'i>,
    place: &'d str,
}

impl VendorTable<'_, '_> {
    /// Reads the vendor's own keys as a `T` and makes the adapter of it; problems are noted with their lines.
    pub fn make<T, A>(
        &mut self,
        adapter: impl FnOnce(T) -> Result<A, Vec<risk_provider::FieldProblem>>,
    ) -> Option<A>
    where
        T: for<'de> Deserialize<'de>,
    {
        let settings = self.document.read(self.value.clone(), self.place, &COMMON).ok()?;
        match adapter(settings) {
            Ok(adapter) => Some(adapter),
            Err(problems) => {
                for problem in problems {
                    let span = self.span_of(&problem.field);
                    self.document
                        .problem(span, format!("{}: {} {}", self.place, problem.field, problem.detail));
                }
                None
            }
        }
    }

    /// Where the deepest known part of a dotted key stands.
    fn span_of(&self, field: &str) -> Option<std::ops::Range<usize>> {
        let mut span = self.value.span();
        let mut value = self.value.get_ref();
        let mut rest = field;
        while let DeValue::Table(table) = value {
            let step = table.iter().find_map(|(key, inner)| {
                let plain = rest.strip_prefix(key.get_ref().as_ref());
                let quoted = || rest.strip_prefix(&format!("\"{}\"", key.get_ref()));
                let after = plain.or_else(quoted)?;
                (after.is_empty() || after.starts_with('.'))
                    .then(|| (key.span(), inner, after.trim_start_matches('.')))
            });
            let Some((at, inner, after)) = step else { break };
            span = at;
            value = inner.get_ref();
            rest = after;
        }
        Some(span)
    }
}

impl fmt::Debug for VendorTable<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VendorTable").field("place", &self.place).finish_non_exhaustive()
    }
}

fn split(table: DeTable<'_>) -> (DeTable<'_>, DeTable<'_>) {
    table.into_iter().partition(|(key, _)| COMMON.contains(&key.get_ref().as_ref()))
}

/// Notes the key that was probably meant to be the required one that is missing.
fn misspelt(document: &mut Document<'_>, place: &str, vendor: &DeTable<'_>, missing: Option<&str>) {
    let Some(missing) = missing else { return };
    for (key, _) in vendor {
        if nearest(key.get_ref(), &[missing]).is_some() {
            document.unknown(Some(key.span()), place, key.get_ref(), &[missing]);
        }
    }
}

fn read_attempts(document: &mut Document<'_>, place: &str, attempts: Option<Spanned<NonZeroU32>>) -> u32 {
    let Some(attempts) = attempts else { return 1 };
    if attempts.get_ref().get() > MAX_ATTEMPTS {
        document.problem(Some(attempts.span()), format!("{place}: attempts must be at most {MAX_ATTEMPTS}"));
    }
    attempts.get_ref().get()
}

/// Personal data goes there: plain HTTP only to this machine.
fn check_url(document: &mut Document<'_>, place: &str, url: &Spanned<Url>) {
    let here = match url.get_ref().host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let problem = match url.get_ref().scheme() {
        "https" => None,
        "http" if here => None,
        "http" => {
            Some("base_url must begin with https://: personal data goes there (plain http only to localhost)")
        }
        _ => Some("base_url must begin with https://"),
    };
    let has_credentials = !url.get_ref().username().is_empty() || url.get_ref().password().is_some();
    let has_more = url.get_ref().query().is_some() || url.get_ref().fragment().is_some();
    let problem =
        problem.or_else(|| has_more.then_some("base_url must end with its path: no \"?\" and no \"#\""));
    let problem = problem
        .or_else(|| has_credentials.then_some("base_url must not hold credentials: use their own keys"));
    if let Some(problem) = problem {
        document.problem(Some(url.span()), format!("{place}: {problem}"));
    }
}
