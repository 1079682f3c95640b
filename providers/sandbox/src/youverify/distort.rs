//! Faults in what a report says.

use serde_json::{Value, json};

use crate::fault::{FaultKind, ImpossibleForm};

/// Changes a report as the fault demands. Other faults change nothing.
pub(super) fn distort(report: &mut Value, fault: Option<FaultKind>) {
    match fault {
        Some(FaultKind::ImpossibleScore { form }) => put(report, "/riskScore", impossible(form)),
        Some(FaultKind::UnknownLevel) => put(report, "/riskStatus", json!("Elevated Risk")),
        Some(FaultKind::WrongSubject) => put(report, "/personal/name", json!("Somebody Else")),
        _ => {}
    }
}

/// Changes a profile whose report is there as the fault demands.
pub(super) fn distort_profile(profile: &mut Value, fault: Option<FaultKind>) {
    let Some(report) = profile.pointer_mut("/latestReport").filter(|report| report.is_object()) else {
        return;
    };
    distort(report, fault);
    if fault == Some(FaultKind::UnknownLevel) {
        put(profile, "/latestRiskStatus", json!("elevated_risk"));
    }
}

fn put(report: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = report.pointer_mut(pointer) {
        *place = value;
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
