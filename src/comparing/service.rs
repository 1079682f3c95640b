//! How a provider served: what became of the exchanges in which it was asked.

use std::collections::BTreeMap;

use risk_provider::{Billed, Money};

use crate::{
    attempts::Outcome,
    compare::{Estimate, Latency, ServiceSide, wilson},
    store::ExchangeCount,
};

/// What was spent on answers, in millionths by currency, and how many of them there were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spent {
    pub(super) micros: BTreeMap<String, i64>,
    pub(super) answered: u64,
}

/// What exchanges come to.
pub(super) fn side(counts: &[ExchangeCount], confidence: f64) -> (ServiceSide, Spent) {
    let (mut side, mut spent, mut faults) = (ServiceSide::default(), Spent::default(), 0);
    let mut answers: BTreeMap<u64, u64> = BTreeMap::new();
    for count in counts {
        let number = count.number;
        match count.outcome {
            Outcome::Answered => {
                side.attempts += number;
                side.answered += number;
                *answers.entry(count.duration_ms).or_default() += number;
            }
            Outcome::Failed(kind) => {
                *side.errors.entry(kind.as_str().to_owned()).or_default() += number;
                let fault = kind.meaning().vendors_fault;
                side.attempts += if count.sent || fault { number } else { 0 };
                faults += if fault { number } else { 0 };
            }
        }
        if let (Billed::Yes, Some(currency)) = (count.billed, &count.currency) {
            *spent.micros.entry(currency.clone()).or_default() += count.micros;
        }
    }
    spent.answered = side.answered;
    side.availability = availability(side.attempts, faults, confidence);
    side.latency_ms = latency(&answers);
    let decimal = |(currency, micros): (&String, &i64)| {
        Some((currency.clone(), Money::from_micros(*micros, currency)?.decimal()))
    };
    side.spend = spent.micros.iter().filter_map(decimal).collect();
    (side, spent)
}

/// The share of exchanges that did not fail through the vendor's own fault.
fn availability(attempts: u64, faults: u64, confidence: f64) -> Estimate {
    let good = attempts - faults;
    let Some((low, high)) = wilson(good, attempts, confidence) else {
        return Estimate { reason: Some("nothing was asked".to_owned()), ..Estimate::default() };
    };
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let share = good as f64 / attempts as f64;
    Estimate { value: Some(share), low: Some(low), high: Some(high), ..Estimate::default() }
}

/// Quantiles by nearest rank of the times that answers took.
fn latency(answers: &BTreeMap<u64, u64>) -> Latency {
    let total: u64 = answers.values().sum();
    let quantile = |percent: u64| {
        let rank = (total * percent).div_ceil(100).max(1);
        let mut before = 0;
        let found = answers.iter().find(|(_, number)| {
            before += **number;
            before >= rank
        });
        #[expect(clippy::cast_precision_loss, reason = "milliseconds far below 2^52")]
        found.map(|(time, _)| *time as f64)
    };
    let reason = (total == 0).then(|| "nothing was answered".to_owned());
    Latency { p50: quantile(50), p90: quantile(90), p99: quantile(99), reason }
}

#[cfg(test)]
mod tests {
    use risk_provider::FailureKind;

    use super::*;

    fn count(outcome: Outcome, duration_ms: u64, number: u64) -> ExchangeCount {
        ExchangeCount {
            operation: "check".to_owned(),
            outcome,
            sent: true,
            billed: if outcome == Outcome::Answered { Billed::Yes } else { Billed::No },
            currency: Some("EUR".to_owned()),
            duration_ms,
            number,
            micros: 500_000 * i64::try_from(number).expect("small"),
        }
    }

    #[test]
    fn faults_lower_availability_and_only_answers_count_for_latency_and_money() {
        let failed = |kind| Outcome::Failed(kind);
        let counts = [
            count(Outcome::Answered, 10, 50),
            count(Outcome::Answered, 20, 40),
            count(Outcome::Answered, 900, 10),
            count(failed(FailureKind::VendorError), 9000, 4),
            count(failed(FailureKind::RateLimited), 1, 2),
            ExchangeCount { sent: false, ..count(failed(FailureKind::Throttled), 0, 7) },
        ];
        let (side, spent) = side(&counts, 0.95);
        assert_eq!((side.attempts, side.answered), (106, 100));
        assert_eq!(side.availability.value, Some(102.0 / 106.0));
        assert!(
            side.availability.low < side.availability.value
                && side.availability.value < side.availability.high
        );
        assert_eq!(
            (side.latency_ms.p50, side.latency_ms.p90, side.latency_ms.p99),
            (Some(10.0), Some(20.0), Some(900.0))
        );
        assert_eq!(side.errors["throttled"], 7);
        assert_eq!(side.spend["EUR"], "50.00");
        assert_eq!(spent.answered, 100);
    }

    #[test]
    fn nothing_asked_is_null_with_a_reason() {
        let (side, _) = side(&[], 0.95);
        assert_eq!((side.attempts, side.availability.value, side.latency_ms.p50), (0, None, None));
        assert!(side.availability.reason.is_some() && side.latency_ms.reason.is_some());
    }
}
