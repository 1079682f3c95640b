use proptest::prelude::*;
use risk_provider::ProviderAssessment;

use super::*;
use crate::policy::Facts;

fn read(text: &str) -> Condition {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> (usize, String) {
    let error = text.parse::<Condition>().expect_err(text);
    (error.at, error.message)
}

fn nobody() -> Facts {
    let country = CountryCode::parse("NG").expect("a country");
    Facts { country, nationality: None, kind: SubjectType::Individual, politically_exposed: None }
}

fn holds(text: &str, facts: &Facts, said: &[&ProviderAssessment]) -> bool {
    let case = Case { facts, said, level: Some(Level::Medium), score: Some(58.0), coverage: 0.6, spread: 1 };
    read(text).holds(&case)
}

#[test]
fn conditions_read_as_they_are_documented_and_print_in_one_way() {
    for (written, printed) in [
        ("factor(\"screening.sanction\").level>=high", "factor(\"screening.sanction\").level >= high"),
        (
            "factor('customer.kyc') . state == missing_input",
            "factor(\"customer.kyc\").state == missing_input",
        ),
        (
            "factor(\"questionnaire.kyc.hobby\").score > 74.5",
            "factor(\"questionnaire.kyc.hobby\").score > 74.5",
        ),
        (
            "missing('customer.kyc_2') or missing(nationality)",
            "missing(\"customer.kyc_2\") or missing(nationality)",
        ),
        ("evidence('adverse_media').count >= 3", "evidence(\"adverse_media\").count >= 3"),
        ("evidence(\"sanction\")", "evidence(\"sanction\")"),
        ("flag(\"subject_name_mismatch\")", "flag(\"subject_name_mismatch\")"),
        ("country in [ KP ,IR ]", "country in [KP, IR]"),
        ("country in [\"KP\"]", "country == KP"),
        ("nationality not in [KP, IR]", "nationality not in [KP, IR]"),
        ("type != business", "type != business"),
        ("politically_exposed != true", "politically_exposed == false"),
        ("level == very_low and coverage<0.7", "level == very_low and coverage < 0.7"),
        (
            "score >= 75 and (spread >= 2 or not type == business)",
            "score >= 75 and (spread >= 2 or not type == business)",
        ),
        ("((country == NG))", "country == NG"),
    ] {
        let condition = read(written);
        assert_eq!(condition.to_string(), printed);
        assert_eq!(read(printed), condition);
    }
}

#[test]
fn and_binds_closer_than_or_and_not_closest() {
    let expected = Condition::Any(vec![
        read("country == NG"),
        Condition::All(vec![Condition::Not(Box::new(read("country == DE"))), read("spread > 1")]),
    ]);
    assert_eq!(read("country == NG or not country == DE and spread > 1"), expected);
}

#[test]
fn a_mistake_is_told_with_its_place_and_the_nearest_known_word() {
    for (text, at, part) in [
        ("", 1, "the condition ends here: a test is expected"),
        ("factr(\"customer.kyc\")", 1, "did you mean \"factor\"?"),
        ("factor(\"screening.sanctions\").level >= high", 8, "did you mean \"screening.sanction\"?"),
        ("factor(\"screning.pep\")", 8, "did you mean \"screening.pep\"?"),
        ("factor(\"weather.rain\")", 8, "begins with customer"),
        ("factor(\"customer.\")", 8, "no factor's code"),
        ("factor(\"customer.kyc\").levl >= high", 24, "did you mean \"level\"?"),
        ("factor(\"customer.kyc\").level >= hihg", 33, "did you mean \"high\"?"),
        ("factor(\"customer.kyc\").level high", 30, "a comparison is expected"),
        ("factor(\"customer.kyc\").state > scored", 30, "compare it by == or !="),
        ("factor(customer.kyc)", 8, "must be a text in quotes"),
        ("factor(\"customer.kyc", 8, "does not end"),
        ("missing(nationalty)", 9, "did you mean \"nationality\"?"),
        ("flag(\"subject_mismatch\")", 6, "did you mean \"subject_name_mismatch\"?"),
        ("country in [UK]", 13, "the United Kingdom is \"GB\""),
        ("country in [NG", 15, "\"]\" is expected"),
        ("country not [NG]", 13, "\"in\" is expected"),
        ("nationality == ng", 16, "in upper case"),
        ("type == company", 9, "known are individual, business"),
        ("politically_exposed == yes", 24, "known are true, false"),
        ("coverage < 70", 12, "from 0 to 1"),
        ("spread >= 1.5", 11, "a whole number from 0 to 4"),
        ("score >= 101", 10, "from 0 to 100"),
        ("score >= -1", 10, "\"-\" means nothing here"),
        ("score = 5", 7, "write \"==\""),
        ("score > 5 && spread > 1", 11, "write \"and\""),
        ("score > 5 spread > 1", 11, "join tests by \"and\" or \"or\""),
        ("(score > 5", 11, "\")\" is expected"),
        ("score > 5 and", 14, "a test is expected"),
        ("score > 1.2.3", 9, "is no number"),
        ("evidence(\" \")", 10, "a kind of evidence"),
        ("é", 1, "means nothing here"),
    ] {
        let (place, message) = refused(text);
        assert!(place == at && message.contains(part), "{text}: at {place}: {message}");
    }
    assert!(refused(&format!("{}score > 1", "(".repeat(10_000))).1.contains("too many parentheses"));
    assert!(refused(&format!("{}score > 1", "not ".repeat(10_000))).1.contains("too many"));
}

#[test]
fn what_is_not_known_makes_every_comparison_false_and_is_asked_for_by_missing() {
    let facts = nobody();
    for unknown in [
        "nationality == NG",
        "nationality != NG",
        "nationality not in [NG, DE]",
        "politically_exposed == true",
        "politically_exposed == false",
        "factor(\"customer.kyc\")",
        "factor(\"customer.kyc\").level >= very_low",
        "factor(\"customer.kyc\").level != high",
        "factor(\"customer.kyc\").score < 100",
        "factor(\"customer.kyc\").state != scored",
        "evidence(\"adverse_media\")",
        "evidence(\"adverse_media\").severity < 100",
        "flag(\"unanswered\")",
    ] {
        assert!(!holds(unknown, &facts, &[]), "{unknown}");
    }
    for known in [
        "missing(nationality) and missing(politically_exposed) and missing(\"customer.kyc\")",
        "not missing(score)",
        "evidence(\"adverse_media\").count == 0",
        "country == NG and country != DE and country not in [DE, KP] and type == individual",
        "score >= 58 and score <= 58 and score == 58 and not score != 58 and score > 57.9 and score < 58.1",
        "coverage == 0.6 and spread == 1 and level == medium and level < high",
    ] {
        assert!(holds(known, &facts, &[]), "{known}");
    }
}

fn codes() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["customer.kyc", "screening.sanction", "screening.pep", "questionnaire.a.b"])
        .prop_map(str::to_owned)
}

fn comparisons() -> impl Strategy<Value = Comparison> {
    use Comparison::{Above, AtLeast, AtMost, Below, Equal, Unequal};
    prop::sample::select(vec![Equal, Unequal, AtLeast, Above, AtMost, Below])
}

fn levels() -> impl Strategy<Value = Level> {
    prop::sample::select(Level::ALL.to_vec())
}

fn tests_of_factors() -> impl Strategy<Value = Condition> {
    let states =
        prop::sample::select(vec![FactorState::Scored, FactorState::MissingInput, FactorState::NoData]);
    prop_oneof![
        codes().prop_map(Condition::Judged),
        codes().prop_map(|code| Condition::Missing(Unknown::Factor(code))),
        (codes(), comparisons(), levels()).prop_map(|(code, by, to)| Condition::FactorLevel(code, by, to)),
        (codes(), comparisons(), 0.0..=100.0_f64)
            .prop_map(|(code, by, to)| Condition::FactorScore(code, by, to)),
        (codes(), any::<bool>(), states)
            .prop_map(|(code, is, state)| Condition::FactorState(code, is, state)),
    ]
}

fn tests_of_the_rest() -> impl Strategy<Value = Condition> {
    let words = prop::sample::select(vec!["adverse_media", "fraud", "tax evasion"]).prop_map(str::to_owned);
    let countries = prop::collection::vec(prop::sample::select(vec!["NG", "DE", "KP"]), 1..4);
    let countries = countries.prop_map(|codes| {
        codes.into_iter().map(|code| CountryCode::parse(code).expect("a country")).collect::<Vec<_>>()
    });
    let places = prop::sample::select(vec![Place::Country, Place::Nationality]);
    let kinds = prop::sample::select(vec![SubjectType::Individual, SubjectType::Business]);
    let unknown = vec![Unknown::Nationality, Unknown::PoliticallyExposed, Unknown::Score];
    prop_oneof![
        prop::sample::select(unknown).prop_map(Condition::Missing),
        words.clone().prop_map(Condition::Evidence),
        (words.clone(), comparisons(), 0..5_u32).prop_map(|(word, by, to)| Condition::EvidenceCount(
            word,
            by,
            f64::from(to)
        )),
        (words, comparisons(), 0.0..=100.0_f64)
            .prop_map(|(word, by, to)| Condition::EvidenceSeverity(word, by, to)),
        prop::sample::select(vec![Flag::SubjectNameMismatch, Flag::Unanswered]).prop_map(Condition::Flag),
        (places, any::<bool>(), countries).prop_map(|(place, is, among)| Condition::Place(place, is, among)),
        (any::<bool>(), kinds).prop_map(|(is, kind)| Condition::Type(is, kind)),
        any::<bool>().prop_map(Condition::PoliticallyExposed),
        (comparisons(), levels()).prop_map(|(by, to)| Condition::Level(by, to)),
        (comparisons(), 0.0..=100.0_f64).prop_map(|(by, to)| Condition::Number(Quantity::Score, by, to)),
        (comparisons(), 0.0..=1.0_f64).prop_map(|(by, to)| Condition::Number(Quantity::Coverage, by, to)),
        (comparisons(), 0..5_u8).prop_map(|(by, to)| Condition::Number(Quantity::Spread, by, f64::from(to))),
    ]
}

/// Any condition.
pub(in crate::policy) fn conditions() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![tests_of_factors(), tests_of_the_rest()];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Condition::Any),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Condition::All),
            inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_the_same_condition(condition in conditions()) {
        let printed = condition.to_string();
        let again = printed.parse::<Condition>();
        prop_assert_eq!(again, Ok(condition), "{}", printed);
    }

    #[test]
    fn any_text_is_read_or_refused_with_a_place_in_it(text in "\\PC{0,40}") {
        if let Err(error) = text.parse::<Condition>() {
            prop_assert!((1..=text.chars().count() + 1).contains(&error.at), "{}", error);
        }
    }

    #[test]
    fn words_in_any_order_are_read_or_refused(
        words in prop::collection::vec(prop::sample::select(vec![
            "factor", "(", ")", "\"customer.kyc\"", ".", "level", ">=", "high", "and", "or", "not", "in", "[", "]",
            "NG", ",", "country", "score", "75", "missing", "evidence", "==", "type", "business",
        ]), 0..12),
    ) {
        let text = words.join(" ");
        if let Ok(condition) = text.parse::<Condition>() {
            prop_assert_eq!(condition.to_string().parse::<Condition>(), Ok(condition));
        }
    }
}
