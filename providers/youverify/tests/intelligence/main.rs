//! The kind `youverify-risk-intelligence`, through a scripted exchange.

#[cfg(test)]
mod callbacks;
#[cfg(test)]
mod confirming;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod history;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod starting;
#[cfg(test)]
mod support;
