//! What holds in every case: declared exchanges, one payment, nothing personal where it can be read.

use std::collections::HashMap;

use super::{
    bench::Reply,
    report::Report,
    secrecy::{self, Words},
};
use crate::{Descriptor, VendorRequest};

pub(super) fn look<T>(case: &str, reply: &Reply<T>, words: &Words, report: &mut Report) {
    look_at_exchanges(case, &reply.asked, reply.provider.descriptor(), report);
    for request in &reply.asked {
        secrecy::look_at_request(case, request, words, report);
    }
    if let Err(error) = &reply.result {
        secrecy::look_at_error(case, error, words, report);
    }
}

/// Each is declared, as paid as declared, and at most one is paid; by another method it may be tried again.
pub(super) fn look_at_exchanges(
    case: &str,
    asked: &[VendorRequest],
    descriptor: &Descriptor,
    report: &mut Report,
) {
    for request in asked {
        let operation = descriptor.operations.iter().find(|operation| operation.name == request.operation);
        report.expect(case, operation.is_some_and(|operation| operation.paid == request.paid), || {
            format!("{request:?} is not as the descriptor's operations declare it")
        });
    }
    let mut methods = HashMap::new();
    for request in asked.iter().filter(|request| request.paid) {
        *methods.entry(&request.method).or_insert(0_usize) += 1;
    }
    let paid = methods.into_values().max().unwrap_or(0);
    report.expect(case, paid <= 1, || format!("{paid} paid requests for one question"));
}
