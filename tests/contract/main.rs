//! The API's contract: its OpenAPI document as a golden file, and answers that keep to it.

#[cfg(test)]
#[path = "../support/gateway.rs"]
#[expect(dead_code, reason = "these tests need only a part of it")]
mod gateway;
#[cfg(test)]
#[path = "../support/http.rs"]
#[expect(dead_code, reason = "these tests need only a part of it")]
mod http;
#[cfg(test)]
#[path = "../support/stores.rs"]
#[expect(dead_code, reason = "shared with the other tests, which use more of it")]
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
mod answers;
#[cfg(test)]
mod document;
#[cfg(test)]
mod schema;
