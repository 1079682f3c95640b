//! Codes of factors, checked so that no rule waits for one that never comes.

use risk_provider::Category;

use crate::config::nearest;

const CATEGORIES: [Category; 6] = [
    Category::Customer,
    Category::Geography,
    Category::Product,
    Category::Channel,
    Category::Transaction,
    Category::Screening,
];
/// Codes that several providers share, to recognise a slip of the pen by.
const WELL_KNOWN: [&str; 14] = [
    "customer.kyc",
    "customer.account_age",
    "customer.citizenship",
    "geography.country",
    "geography.city",
    "geography.nationality",
    "geography.address_age",
    "geography.phone",
    "product.industry",
    "product.occupation",
    "screening.sanction",
    "screening.pep",
    "screening.adverse_media",
    "screening.previous_adverse_media",
];

/// Whether `code` can be a factor's.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn check_code(code: &str) -> Result<(), String> {
    let categories = CATEGORIES.map(Category::as_str);
    let (category, name) = code.split_once('.').unwrap_or((code, ""));
    let known = category == "questionnaire" || categories.contains(&category);
    // A questionnaire may have the same question twice.
    let plain = code.trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches('_');
    if known && (name.is_empty() || !name.chars().all(is_of_code)) {
        return Err(format!("\"{code}\" is no factor's code, such as \"screening.sanction\""));
    }
    match nearest(code, &WELL_KNOWN) {
        Some(near)
            if WELL_KNOWN.contains(&plain) || (known && strsim::damerau_levenshtein(code, near) > 2) =>
        {
            Ok(())
        }
        None if known => Ok(()),
        Some(near) => Err(format!("no factor has the code \"{code}\"; did you mean \"{near}\"?")),
        None => Err(format!(
            "no factor has the code \"{code}\": it begins with {} or questionnaire and a full stop",
            categories.join(", ")
        )),
    }
}

fn is_of_code(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_' || letter == '.'
}
