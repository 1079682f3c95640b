//! What a sandbox is told before it starts: where to listen, whom to let in, which answers to give.

use std::net::{Ipv4Addr, SocketAddr};

use jiff::Timestamp;

/// Which vendor a sandbox plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vendor {
    /// The iDenfy risk-assessment API: profiles, checks, assessments.
    Idenfy,
    /// The Youverify APIs: actor assessments and Risk Intelligence.
    Youverify,
}

/// When the report on a risk check that takes its time is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ripening {
    /// After so many readings of the profile that find none; with 0 at once, in the answer that starts the check.
    Reads(u32),
    /// So many milliseconds after the check was started, by [`Settings::clock`].
    Millis(u32),
}

/// How a sandbox is set up. The defaults suit tests and demonstrations alike.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address to bind; port 0 (the default) takes a free one.
    pub listen: SocketAddr,
    /// User name iDenfy expects in Basic authentication. Default `sandbox-key`.
    pub idenfy_api_key: String,
    /// Password iDenfy expects in Basic authentication. Default `sandbox-secret`.
    pub idenfy_api_secret: String,
    /// Value Youverify expects in the `token` header. Default `sandbox-token`.
    pub youverify_token: String,
    /// Changes every hashed answer and every generated id. Default 0.
    pub seed: u64,
    /// When Youverify's report on a started risk check is there. Default: at the second reading.
    pub youverify_ripening: Ripening,
    /// Where the time of a new assessment comes from. Default: the wall clock.
    pub clock: fn() -> Timestamp,
}

// === impl Vendor ===

impl Vendor {
    /// The names of this vendor's operations, as used in faults, scripted answers and recorded calls.
    #[must_use]
    pub fn operations(self) -> &'static [&'static str] {
        match self {
            Self::Idenfy => {
                &["profiles", "profile", "check", "assessments", "assessment", "recheck", "company"]
            }
            Self::Youverify => &["actor_assessment", "initialise", "entity", "history"],
        }
    }
}

// === impl Settings ===

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            idenfy_api_key: "sandbox-key".to_owned(),
            idenfy_api_secret: "sandbox-secret".to_owned(),
            youverify_token: "sandbox-token".to_owned(),
            seed: 0,
            youverify_ripening: Ripening::Reads(1),
            clock: wall_time,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the sandbox reads the wall clock")]
fn wall_time() -> Timestamp {
    Timestamp::now()
}
