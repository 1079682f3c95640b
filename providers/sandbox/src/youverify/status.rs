//! Words for scores. The vendor has two scales, and no cut that fits every component.
//!
//! The cuts lie where the documented pairs of score and word allow them; where exactly is unknown.

/// The word for a block's score or the overall one.
pub(super) fn overall(score: f64) -> &'static str {
    match score {
        score if score < 20.0 => "Very Low Risk",
        score if score < 28.0 => "Low Risk",
        score if score < 60.0 => "Potential Medium Risk",
        score if score < 75.0 => "Potential High Risk",
        _ => "Critical High Risk",
    }
}

/// The word for a component's score.
pub(super) fn component(field: &str, score: f64) -> &'static str {
    let (medium, high) = match field {
        "countryScore" => (25.0, 55.0),
        "accountAgeScore" => (10.0, 60.0),
        "adverseMediaScore" | "pAdverseMediaScore" => (25.0, 65.0),
        _ => (25.0, 60.0),
    };
    match score {
        score if score < medium => "Low Risk",
        score if score < high => "Potential Medium Risk",
        _ => "Potential High Risk",
    }
}

pub(super) fn sanction(hit: bool) -> &'static str {
    if hit { "Sanctioned. High Risk." } else { "Sanction Clear" }
}

pub(super) fn pep(hit: bool) -> &'static str {
    if hit { "On PEP List. High Risk." } else { "PEP Clear" }
}
