//! When things go wrong: killed, stopped, disk full, slow clients, talkative vendors.

#[cfg(test)]
#[path = "../support/http.rs"]
mod http;
#[cfg(test)]
#[path = "../support/process.rs"]
#[expect(dead_code, reason = "these tests need only a part of it")]
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
mod kill;
#[cfg(test)]
mod privacy;
#[cfg(test)]
mod slow_clients;
#[cfg(test)]
mod stop;
#[cfg(test)]
mod store_gone;
