//! What is registered.

use std::time::Duration;

use risk_provider::{CountryCode, FieldProblem, Level, ProviderName, SubjectType};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    compare::Settings,
    comparing::{LEAST_WINDOW, MAX_WINDOW, Version},
    outcomes::OutcomeType,
};

const MOST_LOOKS: u32 = 20;
const MOST_DAYS: u32 = 3 * 366;

/// What an experiment was registered with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    /// The incumbent.
    #[schema(value_type = String)]
    pub left: ProviderName,
    /// The challenger.
    #[schema(value_type = String)]
    pub right: ProviderName,
    /// About whom.
    pub population: Population,
    /// The share of them that takes part, by a keyed hash of the subject.
    pub sample_rate: f64,
    /// What decides.
    pub primary_endpoint: Endpoint,
    /// The smallest difference that is worth acting upon.
    pub margin: f64,
    /// How often it may err where there is no difference, in all its looks together.
    pub error_rate: f64,
    /// From this level on a subject is flagged.
    pub flag_level: Level,
    /// The outcomes that make a subject a case.
    pub positive: Vec<OutcomeType>,
    /// How far apart in time two answers of a pair may be, in seconds.
    pub window_s: u64,
    /// When it is over.
    pub horizon: Horizon,
    /// How often it is looked at, the last time included.
    pub looks: u32,
    /// The incumbent's version; its questionnaire is null where it was not known yet.
    pub left_version: Version,
    /// The challenger's.
    pub right_version: Version,
}

/// About whom an experiment is; about everybody where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Population {
    /// Asked about by this route.
    pub route: Option<String>,
    /// Of this type.
    #[serde(rename = "type")]
    pub kind: Option<SubjectType>,
    /// Of this country of residence or incorporation.
    #[schema(value_type = Option<String>, example = "NG")]
    pub country: Option<CountryCode>,
}

/// What decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// How well scores put positive subjects above negative ones: the area under the curve.
    #[default]
    Auc,
}

/// When an experiment is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Horizon {
    /// With so many labelled pairs.
    #[schema(minimum = 1)]
    pub labelled: u64,
    /// After so many days, whatever there is by then.
    #[schema(minimum = 1)]
    pub days: u32,
}

/// Why nothing can be learnt from a plan.
pub type UnusablePlan = Vec<FieldProblem>;

// === impl Plan ===

impl Plan {
    /// The same plan if something can be learnt from it.
    ///
    /// # Errors
    ///
    /// Every field to mend.
    pub fn checked(self) -> Result<Self, UnusablePlan> {
        let minimum = Settings::default().minimum;
        let least = minimum.pairs.max(minimum.positives + minimum.negatives);
        let open = |value: f64| value > 0.0 && value < 1.0;
        let rules = [
            ("left", self.left != self.right, "must be another provider than right".to_owned()),
            (
                "sample_rate",
                self.sample_rate > 0.0 && self.sample_rate <= 1.0,
                "lies above 0 and is at most 1".into(),
            ),
            ("margin", open(self.margin), "lies above 0 and below 1".into()),
            ("error_rate", (1e-4..=0.2).contains(&self.error_rate), "must be from 0.0001 to 0.2".into()),
            (
                "flag_level",
                self.flag_level > Level::VeryLow,
                "must be above very_low, from which on everybody is flagged".into(),
            ),
            ("positive", !self.positive.is_empty(), "must name at least one type of outcome".into()),
            (
                "window_s",
                (LEAST_WINDOW..=MAX_WINDOW).contains(&self.window()),
                format!("must be from {} to {}", LEAST_WINDOW.as_secs(), MAX_WINDOW.as_secs()),
            ),
            (
                "horizon.labelled",
                self.horizon.labelled >= least,
                format!("must be at least {least}: with fewer outcomes nothing is concluded"),
            ),
            (
                "horizon.days",
                (1..=MOST_DAYS).contains(&self.horizon.days),
                format!("must be from 1 to {MOST_DAYS}"),
            ),
            ("looks", (1..=MOST_LOOKS).contains(&self.looks), format!("must be from 1 to {MOST_LOOKS}")),
        ];
        let broken = rules.into_iter().filter(|(_, holds, _)| !holds);
        let problems: UnusablePlan =
            broken.map(|(field, _, detail)| FieldProblem::new(field, detail)).collect();
        if problems.is_empty() { Ok(self) } else { Err(problems) }
    }

    /// Whether another registers the same, whichever versions answer by now.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let versions = |plan: &Self| (plan.left_version.clone(), plan.right_version.clone());
        let (left_version, right_version) = versions(other);
        Self { left_version, right_version, ..self.clone() } == *other
    }

    /// How far apart in time two answers of a pair may be.
    #[must_use]
    pub const fn window(&self) -> Duration {
        Duration::from_secs(self.window_s)
    }

    /// Whether answers of these versions are what was registered. A questionnaire that was not known then may be any.
    pub(super) fn is_of(&self, left: &Version, right: &Version) -> bool {
        let same = |registered: &Version, found: &Version| {
            (&registered.kind, &registered.mapping_version) == (&found.kind, &found.mapping_version)
                && (registered.profile.is_none() || registered.profile == found.profile)
        };
        same(&self.left_version, left) && same(&self.right_version, right)
    }

    /// With how many labelled pairs each look is due, in order.
    pub(super) fn due_at(&self) -> impl Iterator<Item = u64> {
        let (labelled, looks) = (u128::from(self.horizon.labelled), u128::from(self.looks));
        (1..=looks).map(move |look| u64::try_from((labelled * look).div_ceil(looks)).unwrap_or(u64::MAX))
    }

    /// What figures of a look that is this sure take for granted.
    pub(super) fn settings(&self, confidence: f64) -> Settings {
        Settings {
            confidence,
            margin: self.margin,
            flag_level: self.flag_level,
            everybody: true,
            ..Settings::default()
        }
    }
}
