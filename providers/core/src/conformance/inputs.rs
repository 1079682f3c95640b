//! Inputs: what reaches the vendor is what the descriptor declares, and what it requires it asks for.
//!
//! The cache key is made of the declared inputs. One that reaches the vendor undeclared makes two subjects share
//! an answer; one declared that never does makes the same question be paid for twice.

use std::collections::BTreeSet;

use super::{
    bench::{Bench, Question, Reply, Vendor, accept, today},
    report::Report,
    sample,
};
use crate::{Descriptor, FailureKind, Input, SubjectType};

/// What a reply shows of the question that was asked.
type Wire = Vec<(String, String, Option<String>)>;

pub(super) async fn check(bench: &Bench<'_>, report: &mut Report) {
    let Some(usual) = report.keep("inputs", bench.usual()) else { return };
    let Some(provider) = report.keep("inputs", bench.idle(&usual)) else { return };
    for kind in provider.descriptor().subject_types {
        for send_previous in [false, true] {
            let question = Question { send_previous, ..bench.about(*kind) };
            check_subject(bench, *kind, &question, report).await;
        }
    }
}

async fn check_subject(bench: &Bench<'_>, kind: SubjectType, question: &Question, report: &mut Report) {
    let group = format!("inputs/{}/send_previous {}", kind.as_str(), question.send_previous);
    let Some(base) = ask(bench, &group, question, report).await else { return };
    if let Some(again) = ask(bench, &group, question, report).await {
        report.expect(&group, same(&base, &again), || "the same question twice is not the same".to_owned());
    }
    let descriptor = base.provider.descriptor();
    for input in descriptor.required.iter().filter(|input| !descriptor.inputs.contains(input)) {
        report.add(&group, format!("{} is required and not declared as an input", input.name()));
    }
    let (mut moved, mut reached) = (BTreeSet::new(), BTreeSet::new());
    for varied in sample::variations(&question.subject) {
        let case = format!("{group}/{}", varied.name);
        let asked = Question { subject: varied.subject, ..question.clone() };
        let Some(difference) = report.keep(&case, Difference::between(question, &asked, descriptor)) else {
            continue;
        };
        let Some(reply) = ask(bench, &case, &asked, report).await else { continue };
        look(&case, &base, &reply, &difference, report);
        // Asking for one that is missing sends nothing, and says nothing of one that is there.
        if is_missing(&reply) {
            continue;
        }
        if wire(&base) != wire(&reply) {
            reached.extend(difference.declared.clone());
        }
        moved.extend(difference.declared);
    }
    for input in moved.difference(&reached) {
        report.add(&group, format!("{} is declared and never reaches the vendor", input.name()));
    }
}

async fn ask(bench: &Bench<'_>, case: &str, question: &Question, report: &mut Report) -> Option<Reply> {
    bench.ask(case, question, Vendor::Canned(bench.canned()), report).await
}

/// Compares the reply about a varied subject with the one about the whole subject.
fn look(case: &str, base: &Reply, reply: &Reply, difference: &Difference, report: &mut Report) {
    let missing = reply.result.as_ref().err().filter(|_| is_missing(reply));
    let paid = reply.asked.iter().any(|request| request.paid);
    let required: Vec<String> = difference.lost_required.iter().map(Input::field).collect();
    if let Some(error) = missing {
        report.expect(case, !paid, || "missing_input after a paid request".to_owned());
        report.expect(case, !difference.declared.is_empty(), || {
            format!("missing_input of {:?}, though no declared input changed", error.fields)
        });
        report.expect(case, required.iter().all(|field| error.fields.contains(field)), || {
            format!("missing_input of {:?}, should name {required:?}", error.fields)
        });
    } else if !required.is_empty() {
        report.add(case, format!("required {required:?} is missing, and it is not missing_input"));
    } else if difference.declared.is_empty() {
        report
            .expect(case, same(base, reply), || "it changes what is sent or answered, undeclared".to_owned());
    }
}

fn is_missing(reply: &Reply) -> bool {
    matches!(&reply.result, Err(error) if error.kind == FailureKind::MissingInput)
}

/// Whether both asked the same and got the same; errors are compared by kind.
fn same(left: &Reply, right: &Reply) -> bool {
    let answers = match (&left.result, &right.result) {
        (Ok(left), Ok(right)) => left == right,
        (Err(left), Err(right)) => left.kind == right.kind,
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    };
    answers && wire(left) == wire(right)
}

fn wire(reply: &Reply) -> Wire {
    let asked = reply.asked.iter();
    asked.map(|request| (request.method.to_string(), request.url.to_string(), request.body.clone())).collect()
}

/// What differs between two subjects, as one descriptor sees it.
struct Difference {
    /// Declared inputs with another value.
    declared: Vec<Input>,
    /// Required inputs that the second lacks.
    lost_required: Vec<Input>,
}

// === impl Difference ===

impl Difference {
    fn between(base: &Question, varied: &Question, descriptor: &Descriptor) -> Result<Self, String> {
        let before = accept(&base.subject)?.inputs(today());
        let after = accept(&varied.subject)?.inputs(today());
        let value = |inputs: &[(Input, _)], wanted: &Input| -> Option<crate::InputValue> {
            inputs.iter().find(|(input, _)| input == wanted).map(|(_, value)| Clone::clone(value))
        };
        let differs = |input: &&Input| value(&before, input) != value(&after, input);
        let lost = |input: &&Input| value(&after, input).is_none();
        Ok(Self {
            declared: descriptor.inputs.iter().filter(differs).cloned().collect(),
            lost_required: descriptor.required.iter().filter(differs).filter(lost).cloned().collect(),
        })
    }
}
