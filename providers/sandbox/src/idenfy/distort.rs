//! Faults in what an assessment says.

use serde_json::{Value, json};

use crate::fault::{FaultKind, ImpossibleForm};

/// Changes an assessment, or each item of a list, as the fault demands. Other faults change nothing.
pub(super) fn distort(told: &mut Value, fault: Option<FaultKind>) {
    match fault {
        Some(FaultKind::ImpossibleScore { form }) => put(told, "riskScore", &impossible(form)),
        Some(FaultKind::UnknownLevel) => each(told, |item| put(item, "riskLevel", &json!("SEVERE"))),
        Some(FaultKind::WrongSubject) => each(told, |item| put(item, "name", &json!("Somebody Else"))),
        Some(FaultKind::Unanswered) => unanswer(told),
        _ => {}
    }
}

/// Applies the change to every item of a list, or to a single assessment.
fn each(told: &mut Value, change: impl Fn(&mut Value)) {
    match told.get_mut("results").and_then(Value::as_array_mut) {
        Some(items) => items.iter_mut().for_each(change),
        None => change(told),
    }
}

/// Replaces a value that is there; adds none.
fn put(told: &mut Value, key: &str, value: &Value) {
    if let Some(place) = told.get_mut(key) {
        *place = value.clone();
    }
}

fn impossible(form: ImpossibleForm) -> Value {
    match form {
        ImpossibleForm::Above => json!(140),
        ImpossibleForm::Negative => json!(-5),
        ImpossibleForm::Text => json!("NaN"),
        ImpossibleForm::Null => Value::Null,
    }
}

fn unanswer(told: &mut Value) {
    if told.get("sections").is_none() {
        return;
    }
    put(told, "riskScore", &json!(0));
    put(told, "riskLevel", &json!("VERY_LOW"));
    for section in told.get_mut("sections").and_then(Value::as_array_mut).into_iter().flatten() {
        put(section, "riskScore", &json!(0));
        put(section, "maxRiskScore", &json!(0));
        let questions = section.get_mut("questions").and_then(Value::as_array_mut);
        questions.into_iter().flatten().for_each(|question| put(question, "answers", &json!([])));
    }
}
