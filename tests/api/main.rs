//! Through the front door: a real server, real HTTP, real SQLite, both vendors played on this machine.

#[cfg(test)]
#[path = "../support/gateway.rs"]
mod gateway;
#[cfg(test)]
#[path = "../support/history.rs"]
mod history;
#[cfg(test)]
#[path = "../support/http.rs"]
mod http;
#[cfg(test)]
#[path = "../support/stores.rs"]
#[expect(dead_code, reason = "shared with the other tests, which use more of it")]
mod stores;
#[cfg(test)]
#[path = "../support/subjects.rs"]
mod subjects;
#[cfg(test)]
#[path = "../support/vendors.rs"]
mod vendors;

#[cfg(test)]
mod breaker;
#[cfg(test)]
mod cache;
#[cfg(test)]
mod comparisons;
#[cfg(test)]
mod consensus;
#[cfg(test)]
mod deadlines;
#[cfg(test)]
mod documented;
#[cfg(test)]
mod drains;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod experiments;
#[cfg(test)]
mod fault_matrix;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod held;
#[cfg(test)]
mod hung;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod lost_checks;
#[cfg(test)]
mod nobody_answers;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod outcomes;
#[cfg(test)]
mod pending;
#[cfg(test)]
mod pending_names;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod profiles;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod recheck;
#[cfg(test)]
mod screening;
#[cfg(test)]
mod shadows;
#[cfg(test)]
mod single_flight;
#[cfg(test)]
mod stale;
#[cfg(test)]
mod strategies;
#[cfg(test)]
mod teams;
#[cfg(test)]
mod validation;
