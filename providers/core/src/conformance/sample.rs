//! Subjects with every field, and what can change about them.

use serde_json::{Value, json};

use super::spoil::{Change, spoilt};

/// Fields and another value for each; one name may stand twice.
const CHANGES: [(&str, &str); 28] = [
    ("/reference", r#""ref-ballast-8822""#),
    ("/name/first", r#""Ottoline""#),
    ("/name/middle", r#""Thistlewood""#),
    ("/name/last", r#""Pemberwick""#),
    ("/business_name", r#""Pemberwick Chandlery""#),
    ("/country", r#""KE""#),
    ("/city", r#""Kakamega""#),
    ("/nationality", r#""TZ""#),
    ("/date_of_birth", r#""1984-10-29""#),
    ("/industry", r#""salt_panning""#),
    ("/occupation", r#""ropewalker""#),
    ("/moved_in_on", r#""2019-05-06""#),
    ("/account_opened_on", r#""2017-07-08""#),
    ("/kyc/verified_by", r#""nobody""#),
    ("/kyc/verified_by", r#""idenfy""#),
    ("/kyc/verified_by", r#""youverify""#),
    ("/kyc/document_expires_on", r#""2026-02-20""#),
    ("/kyc/document_expires_on", r#""2025-02-20""#),
    ("/politically_exposed", "true"),
    ("/politically_exposed", "false"),
    ("/previous_risk_score", "62.5"),
    ("/previous_adverse_media_score", "81"),
    ("/adverse_media_window/from", r#""2025-03-04""#),
    ("/adverse_media_window/to", r#""2025-10-09""#),
    ("/is_beneficiary", "true"),
    ("/is_beneficiary", "false"),
    ("/id_number", r#""XK-99034-Y""#),
    ("/phone", r#""+254711555098""#),
];

/// What a caller may leave out.
const OPTIONAL: [&str; 19] = [
    "/name/middle",
    "/city",
    "/nationality",
    "/date_of_birth",
    "/industry",
    "/occupation",
    "/moved_in_on",
    "/account_opened_on",
    "/kyc",
    "/kyc/verified_by",
    "/kyc/document_expires_on",
    "/politically_exposed",
    "/previous_risk_score",
    "/previous_adverse_media_score",
    "/adverse_media_window",
    "/is_beneficiary",
    "/id_number",
    "/phone",
    "/consent",
];

/// One subject that differs from another in one field.
#[derive(Debug)]
pub(super) struct Variation {
    /// The field and what was done to it.
    pub(super) name: String,
    /// The whole subject.
    pub(super) subject: Value,
}

/// A person with every field; the words occur in no vendor's documents.
pub(super) fn person() -> Value {
    let mut person = common();
    merge(
        &mut person,
        &json!({
            "type": "individual",
            "name": {"first": "Zebulon", "middle": "Quillfeather", "last": "Oxenbridge"},
        }),
    );
    person
}

/// A company with every field.
pub(super) fn company() -> Value {
    let mut company = common();
    merge(&mut company, &json!({"type": "business", "business_name": "Oxenbridge Wickworks"}));
    company
}

fn common() -> Value {
    json!({
        "reference": "ref-oakum-4711", "country": "NG", "city": "Umuahia", "nationality": "GH",
        "date_of_birth": "1979-04-17", "industry": "lighthouse_keeping", "occupation": "lamptrimmer",
        "moved_in_on": "2023-08-09", "account_opened_on": "2021-11-13",
        "kyc": {"verified_by": "client", "document_expires_on": "2031-06-07"},
        "politically_exposed": false, "previous_risk_score": 37, "previous_adverse_media_score": 23,
        "adverse_media_window": {"from": "2025-02-03", "to": "2025-12-11"},
        "is_beneficiary": false, "id_number": "ZQ-55512-X", "phone": "+2348015550199", "consent": true,
        "answers": {"nobody's question": "driftglass"},
    })
}

/// `base` with `patch` merged into it.
pub(super) fn merged(mut base: Value, patch: &Value) -> Value {
    if !patch.is_null() {
        merge(&mut base, patch);
    }
    base
}

/// JSON merge patch (RFC 7386), for objects.
fn merge(base: &mut Value, patch: &Value) {
    match (base, patch) {
        (Value::Object(fields), Value::Object(changes)) => {
            for (key, change) in changes {
                if change.is_null() {
                    fields.remove(key);
                } else {
                    merge(fields.entry(key.as_str()).or_insert(Value::Null), change);
                }
            }
        }
        (base, patch) => *base = patch.clone(),
    }
}

/// Every subject that differs from `base` in one field: changed, or left out where that is allowed.
pub(super) fn variations(base: &Value) -> Vec<Variation> {
    let mut changes: Vec<(String, Change)> = Vec::new();
    for (pointer, other) in CHANGES {
        changes.push((pointer.to_owned(), Change::literal(other)));
    }
    changes.extend(OPTIONAL.map(|pointer| (pointer.to_owned(), Change::Removed)));
    let questions = base.get("answers").and_then(Value::as_object).into_iter().flatten();
    for (question, _) in questions {
        let pointer = format!("/answers/{}", super::spoil::escaped(question));
        changes.push((pointer.clone(), Change::literal(r#""seaglass""#)));
        changes.push((pointer, Change::Removed));
    }
    let present = changes.into_iter().filter(|(pointer, _)| base.pointer(pointer).is_some());
    present.filter_map(|(pointer, change)| varied(base, &pointer, &change)).collect()
}

fn varied(base: &Value, pointer: &str, change: &Change) -> Option<Variation> {
    let subject = serde_json::from_str(&spoilt(base, pointer, change)).ok()?;
    Some(Variation { name: format!("{pointer} {change}"), subject })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Input, conformance::bench};

    /// A field that no variation touches would be a field that no adapter is checked for.
    #[test]
    fn every_input_is_there_and_some_variation_changes_it() {
        for (base, without) in
            [(person(), vec![]), (company(), vec![Input::FirstName, Input::MiddleName, Input::LastName])]
        {
            let inputs = bench::accept(&base).expect("valid").inputs(bench::today());
            let varied: Vec<_> = variations(&base)
                .iter()
                .map(|varied| bench::accept(&varied.subject).expect("valid").inputs(bench::today()))
                .collect();
            for name in Input::names() {
                let input = Input::parse(name).expect("known");
                let value = inputs.iter().find(|(known, _)| *known == input);
                assert_eq!(value.is_none(), without.contains(&input), "{name}");
                if let Some(value) = value {
                    assert!(varied.iter().any(|inputs| !inputs.contains(value)), "{name}");
                }
            }
        }
    }
}
