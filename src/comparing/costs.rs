//! What it costs to have a case found: the price of an answer times the labelled pairs, divided by the cases flagged.

use std::collections::BTreeMap;

use risk_provider::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::service::Spent;

/// What answers of both sides cost, by currency; empty where no prices are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Costs {
    /// The incumbent's.
    pub left: BTreeMap<String, Cost>,
    /// The challenger's.
    pub right: BTreeMap<String, Cost>,
}

/// What a provider's answers cost in one currency; amounts are decimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cost {
    /// What was spent, divided by the answers that came.
    #[schema(required)]
    pub per_answer: Option<String>,
    /// The same for every labelled pair, divided by the cases among them that the provider flagged.
    #[schema(required)]
    pub per_confirmed_case: Option<String>,
    /// Why something here is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

// === impl Cost ===

impl Cost {
    /// What `spent` comes to where the provider flagged `flagged` cases among `labelled` pairs.
    #[must_use]
    pub fn of(spent: &Spent, labelled: u64, flagged: u64) -> BTreeMap<String, Self> {
        let cost = |(currency, micros): (&String, &i64)| {
            let amount = |times: u64, among: u64| {
                let micros = i128::from(*micros) * i128::from(times);
                let among = i128::from(among);
                // To the nearest millionth.
                let amount = (among > 0).then(|| (2 * micros + among) / (2 * among))?;
                Some(Money::from_micros(i64::try_from(amount).ok()?, currency)?.decimal())
            };
            let per_answer = amount(1, spent.answered);
            let per_confirmed_case = amount(labelled, spent.answered.saturating_mul(flagged));
            let reason = match (&per_answer, &per_confirmed_case) {
                (None, _) => Some("nothing was answered".to_owned()),
                (Some(_), None) if labelled == 0 => Some("no pair has an outcome".to_owned()),
                (Some(_), None) => Some("it flagged no case".to_owned()),
                (Some(_), Some(_)) => None,
            };
            (currency.clone(), Self { per_answer, per_confirmed_case, reason })
        };
        spent.micros.iter().map(cost).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_costs_the_answers_that_it_took() {
        let spent = Spent { micros: BTreeMap::from([("EUR".to_owned(), 60_000_000)]), answered: 120 };
        let cost = &Cost::of(&spent, 100, 8)["EUR"];
        assert_eq!(
            (cost.per_answer.as_deref(), cost.per_confirmed_case.as_deref()),
            (Some("0.50"), Some("6.25"))
        );
        let cost = &Cost::of(&spent, 100, 0)["EUR"];
        assert_eq!(
            (cost.per_confirmed_case.as_deref(), cost.reason.as_deref()),
            (None, Some("it flagged no case"))
        );
        let reason = Cost::of(&spent, 0, 0)["EUR"].reason.clone();
        assert_eq!(reason.as_deref(), Some("no pair has an outcome"));
        assert_eq!(Cost::of(&Spent::default(), 100, 8), BTreeMap::new());
    }
}
