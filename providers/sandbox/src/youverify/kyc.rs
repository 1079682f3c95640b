//! Who verified the actor, and what that scores.

/// The five documented values of `kycVerifiedBy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kyc {
    Youverify,
    Client,
    NotVerified,
    Expired30,
    Expired90,
}

// === impl Kyc ===

impl Kyc {
    pub(super) fn read(word: &str) -> Option<Self> {
        Some(match word {
            "youverify" => Self::Youverify,
            "client" => Self::Client,
            "not_verified" => Self::NotVerified,
            "expired_30" => Self::Expired30,
            "expired_90" => Self::Expired90,
            _ => return None,
        })
    }

    /// Score and wording. Those of `client` and `not_verified` are documented, the others made up.
    pub(super) fn scored(self) -> (f64, &'static str) {
        match self {
            Self::Youverify => (0.0, "Verified by Youverify"),
            Self::Client => (40.0, "Verified by Client"),
            Self::Expired30 => (60.0, "Verification Expired within 30 Days."),
            Self::Expired90 => (80.0, "Verification Expired within 90 Days."),
            Self::NotVerified => (100.0, "Not Verified. High Risk."),
        }
    }
}
