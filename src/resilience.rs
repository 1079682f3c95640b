//! What stands between the gateway and each exchange with a vendor, outermost first:
//! retry → breaker → concurrency and rate limit → attempt timeout. Every exchange is recorded as an attempt.
//!
//! This room knows no vendor and no status code: it asks the failure's kind.

pub mod breaker;
mod budget;
pub mod exchange;
pub mod limiter;
mod retry;
mod window;

pub use breaker::{Breaker, BreakerSettings, BreakerState};
pub use exchange::{GuardedExchange, Guards};
pub use limiter::{LimitSettings, Limiter};
