//! Routes' tables: whom to ask, in which way, and what to do when nobody answers.

use std::{
    collections::BTreeMap,
    num::{NonZeroU32, NonZeroUsize},
    ops::Range,
    time::Duration,
};

use risk_provider::ProviderName;
use serde::Deserialize;
use toml::{Spanned, de::DeTable};

use super::{
    ProviderConfig, RouteConfig, ShadowConfig,
    document::{Document, nearest},
    policy::{AllowedTable, PolicyTable, read_allowed},
    read::tables,
    units::Length,
};
use crate::{
    assessment::Strategy,
    policy::Combine,
    routing::{OnUnavailable, Plan, Split},
};

const DEFAULT_DEADLINE: Duration = Duration::from_secs(8);
const MIN_DEADLINE: Duration = Duration::from_millis(100);
const MIN_RESCREEN_EVERY: Duration = Duration::from_secs(1);
const MIN_HEDGE_AFTER: Duration = Duration::from_millis(10);
const DEFAULT_HOLD_FOR: Duration = Duration::from_secs(24 * 60 * 60);
const DEFAULT_SHADOWS: NonZeroU32 = NonZeroU32::new(16).unwrap();

type Providers = BTreeMap<String, Option<ProviderConfig>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteTable {
    #[serde(default = "failover")]
    strategy: Strategy,
    providers: Vec<Spanned<String>>,
    deadline: Option<Spanned<Length>>,
    rescreen_every: Option<Spanned<Length>>,
    hedge_after: Option<Spanned<Length>>,
    weights: Option<Spanned<Vec<u32>>>,
    experiment: Option<Spanned<String>>,
    combine: Option<Spanned<CombineWord>>,
    quorum: Option<Spanned<NonZeroUsize>>,
    shadow: Option<ShadowTable>,
    #[serde(default)]
    on_unavailable: UnavailableWord,
    hold_for: Option<Spanned<Length<true>>>,
    policy: Option<PolicyTable>,
    #[serde(default)]
    allowed: Vec<AllowedTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShadowTable {
    providers: Vec<Spanned<String>>,
    sample: Spanned<f64>,
    concurrency: Option<NonZeroU32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum CombineWord {
    MostConservative,
    Mean,
    Quorum,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum UnavailableWord {
    #[default]
    Fail,
    Hold,
    Stale,
}

/// One route's table, and where to note what is wrong with it.
struct Reader<'d, 'i> {
    document: &'d mut Document<'i>,
    place: String,
    configured: &'d Providers,
}

const fn failover() -> Strategy {
    Strategy::Failover
}

/// Every route by name; problems are noted with their lines.
pub(super) fn read<'i>(
    document: &mut Document<'i>,
    root: &mut DeTable<'i>,
    configured: &Providers,
) -> BTreeMap<String, RouteConfig> {
    let found = tables(document, root, "routes");
    if found.is_empty() {
        document.problem(None, "no route is configured: add [routes.default] with providers = [\"…\"]");
    }
    let mut routes = BTreeMap::new();
    for (name, value) in found {
        let place = format!("[routes.{name}]");
        let span = value.span();
        let Ok(table) = document.read::<RouteTable>(value, &place, &[]) else { continue };
        let mut reader = Reader { document, place, configured };
        let route = reader.route(&name, table, span);
        routes.insert(name, route);
    }
    routes
}

// === impl Reader ===

impl Reader<'_, '_> {
    fn problem(&mut self, span: Range<usize>, message: &str) {
        self.document.problem(Some(span), format!("{}: {message}", self.place));
    }

    fn route(&mut self, name: &str, table: RouteTable, span: Range<usize>) -> RouteConfig {
        if table.providers.is_empty() {
            self.problem(span.clone(), "providers must name at least one provider");
        }
        let providers = self.named(&table.providers);
        let plan = self.plan(name, &table, span);
        let deadline = table.deadline.map_or(DEFAULT_DEADLINE, |deadline| {
            self.at_least(&deadline, MIN_DEADLINE, "deadline must be at least 100ms")
        });
        let rescreen_every = table
            .rescreen_every
            .map(|every| self.at_least(&every, MIN_RESCREEN_EVERY, "rescreen_every must be at least 1s"));
        if let Some(after) = table.hedge_after.as_ref().filter(|after| after.get_ref().0 >= deadline) {
            self.problem(after.span(), "hedge_after must be below deadline; later it would ask nobody");
        }
        let shadow = table.shadow.map(|shadow| self.shadow(&shadow, &providers));
        let on_unavailable = self.on_unavailable(&table.on_unavailable, table.hold_for);
        let policy = table.policy.map(|policy| policy.read(self.document, name)).unwrap_or_default();
        let asked: Vec<ProviderName> = shadow.iter().flat_map(|shadow| &shadow.providers).cloned().collect();
        let asked = [providers.clone(), asked].concat();
        let allowed = read_allowed(self.document, &self.place, table.allowed, &asked);
        RouteConfig { plan, providers, deadline, rescreen_every, shadow, on_unavailable, policy, allowed }
    }

    fn at_least(&mut self, length: &Spanned<Length>, least: Duration, message: &str) -> Duration {
        if length.get_ref().0 < least {
            self.problem(length.span(), message);
        }
        length.get_ref().0
    }

    /// How the route chooses; a key of another strategy would do nothing, so it is refused.
    fn plan(&mut self, name: &str, table: &RouteTable, span: Range<usize>) -> Plan {
        let strategy = table.strategy;
        let keys = [
            ("hedge_after", Strategy::Failover, table.hedge_after.as_ref().map(Spanned::span)),
            ("weights", Strategy::Split, table.weights.as_ref().map(Spanned::span)),
            ("experiment", Strategy::Split, table.experiment.as_ref().map(Spanned::span)),
            ("combine", Strategy::Consensus, table.combine.as_ref().map(Spanned::span)),
            ("quorum", Strategy::Consensus, table.quorum.as_ref().map(Spanned::span)),
        ];
        for (key, of, at) in keys {
            if let Some(at) = at.filter(|_| of != strategy) {
                let (of, strategy) = (of.as_str(), strategy.as_str());
                self.problem(
                    at,
                    &format!("{key} belongs to strategy = \"{of}\", this one is \"{strategy}\""),
                );
            }
        }
        match strategy {
            Strategy::Failover => {
                let message = "hedge_after must be at least 10ms";
                let hedge_after = table.hedge_after.as_ref();
                Plan::Failover {
                    hedge_after: hedge_after.map(|after| self.at_least(after, MIN_HEDGE_AFTER, message)),
                }
            }
            Strategy::Split => Plan::Split(self.split(name, table, span)),
            Strategy::Consensus => Plan::Consensus(self.combine(table)),
        }
    }

    fn split(&mut self, name: &str, table: &RouteTable, span: Range<usize>) -> Split {
        let weights = table.weights.as_ref();
        let at = weights.map_or(span, Spanned::span);
        let weights = weights.map(|weights| weights.get_ref().clone()).unwrap_or_default();
        if weights.len() != table.providers.len() {
            self.problem(at, "weights must hold one whole number for each of providers, such as [70, 30]");
        } else if weights.iter().all(|&weight| weight == 0) {
            self.problem(at, "weights must not all be 0");
        }
        let experiment = table.experiment.as_ref().map_or(name, |experiment| experiment.get_ref());
        Split { weights, experiment: experiment.to_owned() }
    }

    fn combine(&mut self, table: &RouteTable) -> Combine {
        let word = table.combine.as_ref().map(Spanned::get_ref);
        let combine = match (word, &table.quorum) {
            (Some(CombineWord::Quorum), quorum) => {
                let asked = table.providers.len();
                let most = NonZeroUsize::MIN.saturating_add(asked / 2);
                let votes = quorum.as_ref().map_or(most, |votes| *votes.get_ref());
                if let Some(quorum) = quorum.as_ref().filter(|_| votes.get() > asked) {
                    self.problem(quorum.span(), "quorum must be at most the number of providers");
                }
                return Combine::Quorum(votes);
            }
            (Some(CombineWord::Mean), _) => Combine::Mean,
            (Some(CombineWord::MostConservative) | None, _) => Combine::MostConservative,
        };
        if let Some(quorum) = &table.quorum {
            self.problem(quorum.span(), "quorum belongs to combine = \"quorum\"");
        }
        combine
    }

    fn shadow(&mut self, table: &ShadowTable, providers: &[ProviderName]) -> ShadowConfig {
        let sample = *table.sample.get_ref();
        if !(sample > 0.0 && sample <= 1.0) {
            self.problem(table.sample.span(), "shadow.sample lies above 0 and is at most 1");
        }
        if table.providers.is_empty() {
            self.problem(table.sample.span(), "shadow.providers must name at least one provider");
        }
        let challengers = self.named(&table.providers);
        for (challenger, spanned) in challengers.iter().zip(&table.providers) {
            // Whom the first provider fails over to may be compared with it; with itself it may not.
            if providers.len() == 1 && providers.contains(challenger) {
                self.problem(spanned.span(), &format!("\"{challenger}\" cannot shadow itself"));
            }
        }
        let concurrency = table.concurrency.unwrap_or(DEFAULT_SHADOWS);
        ShadowConfig { providers: challengers, sample, concurrency }
    }

    fn on_unavailable(
        &mut self,
        word: &UnavailableWord,
        hold_for: Option<Spanned<Length<true>>>,
    ) -> OnUnavailable {
        match word {
            UnavailableWord::Hold => {
                let hold_for = hold_for.map_or(DEFAULT_HOLD_FOR, |length| length.get_ref().0);
                return OnUnavailable::Hold { hold_for };
            }
            UnavailableWord::Fail | UnavailableWord::Stale => {}
        }
        if let Some(hold_for) = hold_for {
            self.problem(hold_for.span(), "hold_for belongs to on_unavailable = \"hold\"");
        }
        if matches!(word, UnavailableWord::Stale) { OnUnavailable::Stale } else { OnUnavailable::Fail }
    }

    /// The configured providers that are named, each once.
    fn named(&mut self, named: &[Spanned<String>]) -> Vec<ProviderName> {
        let mut names = Vec::new();
        for spanned in named {
            let name = ProviderName::new(spanned.get_ref());
            if !self.configured.contains_key(name.as_str()) {
                let known: Vec<&str> = self.configured.keys().map(String::as_str).collect();
                let advice = match nearest(name.as_str(), &known) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("configured providers: {}", known.join(", ")),
                };
                self.problem(spanned.span(), &format!("no provider \"{name}\"; {advice}"));
            } else if names.contains(&name) {
                self.problem(spanned.span(), &format!("provider \"{name}\" is named twice"));
            }
            names.push(name);
        }
        names
    }
}
