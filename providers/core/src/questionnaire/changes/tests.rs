use super::super::Takes;
use super::*;

fn question(key: &str, title: &str) -> QuestionnaireQuestion {
    let choice =
        |key: &str, title: &str| QuestionnaireChoice { key: key.to_owned(), title: title.to_owned() };
    QuestionnaireQuestion {
        key: key.to_owned(),
        title: title.to_owned(),
        kind: "SELECT".to_owned(),
        takes: Takes::Choices,
        choices: vec![choice("y", "Yes"), choice("n", "No")],
        levels: "l1".to_owned(),
        digest: format!("{key}/{title}"),
    }
}

fn questionnaire() -> Questionnaire {
    let section = |key: &str, questions| QuestionnaireSection {
        key: key.to_owned(),
        name: format!("Section {key}"),
        weight: Some(50.0),
        questions,
    };
    Questionnaire {
        id: "p".to_owned(),
        name: "Customer risk".to_owned(),
        fingerprint: "f1".to_owned(),
        sections: vec![
            section("a", vec![question("q1", "PEP?"), question("q2", "Country")]),
            section("b", vec![question("q3", "Industry")]),
        ],
    }
}

/// What is told of a questionnaire that `edit` changed.
fn told(edit: impl FnOnce(&mut Questionnaire)) -> Vec<String> {
    let mut edited = questionnaire();
    edited.fingerprint = "f2".to_owned();
    edit(&mut edited);
    edited.changes_since(&questionnaire()).iter().map(Change::to_string).collect()
}

fn edit_first(edit: impl FnOnce(&mut QuestionnaireQuestion)) -> Vec<String> {
    told(|all| {
        let first = &mut all.sections[0].questions[0];
        first.digest = "another".to_owned();
        edit(first);
    })
}

#[test]
fn one_fingerprint_is_one_questionnaire() {
    let mut renamed = questionnaire();
    renamed.name = "Renamed".to_owned();
    assert_eq!(renamed.changes_since(&questionnaire()), []);
}

#[test]
fn a_changed_question_is_named_with_what_changed_in_it() {
    assert_eq!(edit_first(|it| it.title = "Exposed?".to_owned()), ["question \"Exposed?\" changed (title)"]);
    assert_eq!(edit_first(|it| it.kind = "TEXT".to_owned()), ["question \"PEP?\" changed (type)"]);
    let both = edit_first(|it| {
        it.choices.truncate(1);
        it.levels = "l2".to_owned();
    });
    assert_eq!(both, ["question \"PEP?\" changed (choices, levels)"]);
    assert_eq!(edit_first(|_| {}), ["question \"PEP?\" changed (other)"]);
    assert_eq!(edit_first(|it| it.choices.reverse()), ["question \"PEP?\" changed (other)"]);
}

#[test]
fn new_and_missing_questions_and_sections_are_named() {
    let moved = told(|all| all.sections[0].questions[0] = question("q9", "Nationality"));
    assert_eq!(moved, ["question \"Nationality\" added", "question \"PEP?\" removed"]);
    let cut = told(|all| drop(all.sections.pop()));
    assert_eq!(cut, ["section \"Section b\" removed", "question \"Industry\" removed"]);
    let weighed = told(|all| all.sections[1].weight = Some(20.0));
    assert_eq!(weighed, ["section \"Section b\" changed (weight)"]);
}

#[test]
fn a_difference_that_cannot_be_placed_is_still_told() {
    assert_eq!(told(|_| {}), ["section \"Customer risk\" changed (other)"]);
}
