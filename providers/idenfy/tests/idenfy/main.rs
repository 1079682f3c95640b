//! What the adapter does, seen through the provider contract: scripted answers in, requests and assessments out.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod callbacks;
#[cfg(test)]
mod companies;
#[cfg(test)]
mod documented_errors;
#[cfg(test)]
mod factors;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod history;
#[cfg(test)]
mod questionnaires;
#[cfg(test)]
mod questions;
#[cfg(test)]
mod recheck;
#[cfg(test)]
mod retrieving;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod signs;
#[cfg(test)]
mod support;
