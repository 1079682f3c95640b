//! When things go wrong: killed, stopped, disk full, database restarted, several servers, slow clients, vendors in every fault, talkative vendors.

#[cfg(test)]
#[path = "../support/history.rs"]
mod history;
#[cfg(test)]
#[path = "../support/http.rs"]
mod http;
#[cfg(test)]
#[path = "../support/process.rs"]
mod process;
#[cfg(test)]
#[path = "../support/stores.rs"]
#[expect(dead_code, reason = "these tests need only a part of it")]
mod stores;
#[cfg(test)]
#[path = "../support/subjects.rs"]
#[expect(dead_code, reason = "these tests need only a part of it")]
mod subjects;
#[cfg(test)]
#[path = "../support/vendors.rs"]
#[expect(dead_code, reason = "these tests need only a part of it")]
mod vendors;

#[cfg(test)]
mod books;
#[cfg(test)]
mod callers;
#[cfg(test)]
mod chance;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod on_both_stores;
#[cfg(test)]
mod traffic;

#[cfg(test)]
mod chaos;
#[cfg(test)]
mod crash_consensus;
#[cfg(test)]
mod crash_idempotency;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod many_pairs;
#[cfg(test)]
mod postgres_restart;
#[cfg(test)]
mod privacy;
#[cfg(test)]
mod profiles;
#[cfg(test)]
mod replicas;
#[cfg(test)]
mod slow_clients;
#[cfg(test)]
mod stop;
#[cfg(test)]
mod store_gone;
