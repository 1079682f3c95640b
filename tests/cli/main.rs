//! The command line, as someone at a terminal meets it.

#[cfg(test)]
#[path = "../support/history.rs"]
#[expect(dead_code, reason = "these tests need only a part of it")]
mod history;
#[cfg(test)]
#[path = "../support/http.rs"]
#[expect(dead_code, reason = "these tests need only a part of it")]
mod http;
#[cfg(test)]
#[path = "../support/process.rs"]
#[expect(dead_code, reason = "these tests need only a part of it")]
mod process;
#[cfg(test)]
#[path = "../support/stores.rs"]
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
mod assess;
#[cfg(test)]
mod compare;
#[cfg(test)]
mod config;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod help;
#[cfg(test)]
mod import;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod master_key;
#[cfg(test)]
mod profiles;
#[cfg(test)]
mod serve;
