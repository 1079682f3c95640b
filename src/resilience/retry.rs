//! Whether and when a failed exchange is tried again: the failure's kind decides, as its table says.

use std::time::Duration;

use risk_provider::{ProviderError, failure::Retry};

use crate::ids;

const FIRST_WAIT: Duration = Duration::from_millis(50);
const DEFAULT_HINT: Duration = Duration::from_secs(1);

/// How long to wait before try number `tries + 1`; none when the failure allows no other try.
///
/// An exchange that may have been billed is never tried again; only one that was not sent, or only reads.
pub(super) fn wait(error: &ProviderError, paid: bool, tries: u32) -> Option<Duration> {
    let backoff =
        || FIRST_WAIT.saturating_mul(2_u32.saturating_pow(tries - 1)).mul_f64(1.0 + ids::random_fraction());
    match error.kind.meaning().retry {
        Retry::No => None,
        Retry::Yes => Some(backoff()),
        Retry::IfSafe => (!paid).then(backoff),
        Retry::AfterHint => Some(error.retry_after.unwrap_or(DEFAULT_HINT)),
        // The limiter has waited as long as it may, and behind an open breaker the next provider is the better try.
        Retry::WhenFree => None,
    }
}

#[cfg(test)]
mod tests {
    use risk_provider::FailureKind;

    use super::*;

    #[test]
    fn nothing_that_may_have_been_billed_is_tried_again() {
        for kind in FailureKind::ALL {
            let error = ProviderError::new(kind, "x").with_sent(true);
            let billed = error.billed(true) != risk_provider::Billed::No;
            assert!(!(billed && wait(&error, true, 1).is_some()), "{kind}");
        }
    }

    #[test]
    fn reads_are_tried_again_after_a_vendors_error_and_waits_grow() {
        let error = ProviderError::answered(FailureKind::VendorError, 503, "x");
        assert_eq!(wait(&error, true, 1), None);
        let (first, third) =
            (wait(&error, false, 1).expect("a read"), wait(&error, false, 3).expect("a read"));
        assert!(FIRST_WAIT <= first && first < 2 * FIRST_WAIT, "{first:?}");
        assert!(4 * FIRST_WAIT <= third && third < 8 * FIRST_WAIT, "{third:?}");
    }

    #[test]
    fn a_vendors_hint_is_kept() {
        let hint = Duration::from_secs(7);
        let error = ProviderError::answered(FailureKind::RateLimited, 429, "x").with_retry_after(Some(hint));
        assert_eq!(wait(&error, true, 1), Some(hint));
    }
}
