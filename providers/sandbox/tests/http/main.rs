//! The sandbox as a client sees it: real HTTP over real sockets.

#[cfg(test)]
mod control;
#[cfg(test)]
mod determinism;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod idenfy;
#[cfg(test)]
mod idenfy_orders;
#[cfg(test)]
mod idenfy_updates;
#[cfg(test)]
mod idenfy_validation;
#[cfg(test)]
mod socket_faults;
#[cfg(test)]
mod support;
#[cfg(test)]
mod youverify;
#[cfg(test)]
mod youverify_checks;
#[cfg(test)]
mod youverify_validation;
