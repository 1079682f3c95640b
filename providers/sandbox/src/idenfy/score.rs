//! Points of answers, per section and in all.
//!
//! A section's maximum counts answered questions only, and a question's maximum only the levels its
//! answers can have. So an unanswered check is 0 of 0, and a profile without explicit levels gives
//! 100 once anything is answered.

use serde_json::{Value, json};

use crate::level::Level;

use super::form::Form;
use super::profile::{Profile, Question, Section};

/// The scored part of an assessment.
pub(super) struct Scored {
    pub(super) sections: Vec<Value>,
    pub(super) score: u64,
    pub(super) level: Level,
}

/// Scores a filled-in questionnaire.
pub(super) fn score(profile: &Profile, form: &Form) -> Scored {
    let mut sections = Vec::new();
    let mut parts = Vec::new();
    for section in profile.sections {
        let (points, most, questions) = tally(section, form);
        parts.push((section.weight * points, most));
        sections.push(json!({
            "key": section.key,
            "name": section.name,
            "weight": section.weight,
            "questions": questions,
            "riskScore": points,
            "maxRiskScore": most,
        }));
    }
    let score = rounded_sum(&parts);
    Scored { sections, score, level: Level::of_percentage(score) }
}

fn tally(section: &Section, form: &Form) -> (u64, u64, Vec<Value>) {
    let (mut points, mut most, mut questions) = (0, 0, Vec::new());
    for question in section.questions {
        let answers = form.answers.get(question.key).map(Vec::as_slice).unwrap_or_default();
        for answer in answers {
            points += question.answer(answer).1.points();
            most += question.most_points();
        }
        questions.push(answered(question, answers));
    }
    (points, most, questions)
}

fn answered(question: &Question, answers: &[String]) -> Value {
    let answers = answers.iter().map(|key| {
        let (title, level) = question.answer(key);
        json!({ "key": key, "answer": title, "riskLevel": level.word(), "riskScore": level.points() })
    });
    let answers: Value = answers.collect();
    let mut shown = question.shown();
    if let Some(object) = shown.as_object_mut() {
        object.insert("answers".to_owned(), answers);
    }
    shown
}

/// The sum of the fractions, rounded half up, computed without losing anything on the way.
fn rounded_sum(fractions: &[(u64, u64)]) -> u64 {
    let fractions = || fractions.iter().filter(|(_, below)| *below > 0);
    let common: u64 = fractions().map(|(_, below)| below).product();
    let sum: u64 = fractions().map(|(above, below)| above * (common / below)).sum();
    (2 * sum + common) / (2 * common)
}

#[cfg(test)]
mod tests {
    use super::rounded_sum;

    #[test]
    fn halves_are_rounded_up_and_empty_sections_left_out() {
        assert_eq!(rounded_sum(&[]), 0);
        assert_eq!(rounded_sum(&[(0, 0), (500, 5)]), 100);
        assert_eq!(rounded_sum(&[(41, 2)]), 21);
        assert_eq!(rounded_sum(&[(41, 6), (41, 3)]), 21);
        assert_eq!(rounded_sum(&[(20, 1), (49, 100)]), 20);
    }
}
