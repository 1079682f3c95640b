use risk_provider::questionnaire::{QuestionnaireChoice, Takes};

use super::*;
use crate::config::{Config, Environment};

fn question(title: &str, takes: Takes, choices: &[&str]) -> QuestionnaireQuestion {
    let choice = |(number, title): (usize, &&str)| QuestionnaireChoice {
        key: format!("c{number}"),
        title: (*title).to_owned(),
    };
    QuestionnaireQuestion {
        key: format!("lib-{}", title.len()),
        title: title.to_owned(),
        kind: format!("{takes:?}").to_uppercase(),
        takes,
        choices: choices.iter().enumerate().map(choice).collect(),
        levels: String::new(),
        digest: String::new(),
    }
}

fn questionnaire(questions: Vec<QuestionnaireQuestion>) -> Questionnaire {
    let section = |key: &str, questions| QuestionnaireSection {
        key: key.to_owned(),
        name: "Customer".to_owned(),
        weight: None,
        questions,
    };
    Questionnaire {
        id: "0c7f".to_owned(),
        name: "Customer risk".to_owned(),
        fingerprint: String::new(),
        sections: vec![section("s1", questions)],
    }
}

fn proposed(title: &str, takes: Takes, choices: &[&str]) -> Proposal {
    let proposals = propose(&questionnaire(vec![question(title, takes, choices)]), "idenfy");
    proposals.into_iter().next().expect("a proposal")
}

#[test]
fn a_title_and_a_type_that_agree_are_proposed_as_they_stand() {
    let yes_or_no = &["Yes", "No"][..];
    let cases = [
        ("Is shareholder PEP?", Takes::Choices, yes_or_no, "politically_exposed"),
        ("Politically exposed person", Takes::Choices, yes_or_no, "politically_exposed"),
        ("Shareholder residency", Takes::Country, &[], "country"),
        ("Country", Takes::Country, &[], "country"),
        ("Country of Incorporation", Takes::Country, &[], "country"),
        ("Nationality", Takes::Country, &[], "nationality"),
        ("Date of birth", Takes::Day, &[], "date_of_birth"),
        ("Industry", Takes::Text, &[], "industry"),
        ("Occupation", Takes::Text, &[], "occupation"),
        ("Account age in months", Takes::Number, &[], "account_age_months"),
        ("City", Takes::Text, &[], "city"),
        ("Phone", Takes::Text, &[], "phone"),
    ];
    for (title, takes, choices, field) in cases {
        let proposal = proposed(title, takes, choices);
        assert_eq!((proposal.field.as_str(), proposal.active), (field, true), "{title}");
        assert_eq!(proposal.optional, field != "country", "{title}");
    }
}

#[test]
fn what_title_or_type_leave_open_is_left_to_the_operator() {
    let cases = [
        ("Hobby", Takes::Text, &[][..], "answers.hobby"),
        ("Is a relative PEP?", Takes::Choices, &["Yes", "No"], "politically_exposed"),
        ("PEP", Takes::Choices, &["Foreign", "Domestic", "None"], "politically_exposed"),
        ("Country of birth", Takes::Country, &[], "country"),
        ("Tax residency", Takes::Country, &[], "country"),
        ("Country of residence", Takes::Choices, &["Estonia", "Latvia"], "country"),
        ("Account opened", Takes::Choices, &["Less than a year", "Longer"], "account_age_months"),
        ("Account age", Takes::Number, &[], "account_age_months"),
        ("Country of operations", Takes::Country, &[], "country"),
        ("Spectrum", Takes::Text, &[], "answers.spectrum"),
    ];
    for (title, takes, choices, field) in cases {
        let proposal = proposed(title, takes, choices);
        assert_eq!((proposal.field.as_str(), proposal.active), (field, false), "{title}");
    }
}

#[test]
fn a_negation_or_somebody_else_is_left_to_the_operator() {
    let flags = [
        "Not a PEP?",
        "Does the customer have no PEP link",
        "Customer isn't a PEP",
        "Customer without PEP status",
        "Has the customer never been a PEP?",
        "Non-PEP",
        "Is any director a PEP?",
        "Are the shareholders PEP?",
        "Is the beneficial owner a PEP?",
        "Is the beneficiary a PEP?",
        "Was the customer a PEP?",
        "Guarantor PEP",
        "Parental consent of the parent",
        "Consent declined or not given",
    ];
    for title in flags {
        let proposal = proposed(title, Takes::Choices, &["Yes", "No"]);
        assert!(!proposal.active, "{title}: {}", proposal.line());
    }
    let countries = [
        "Spouse's nationality",
        "Second nationality",
        "Nationality at birth",
        "Employer country",
        "Bank account country",
        "Representative's country of residence",
        "Document issuing country",
        "Parent company country of incorporation",
        "Country of the children",
    ];
    for title in countries {
        let proposal = proposed(title, Takes::Country, &[]);
        assert!(!proposal.active, "{title}: {}", proposal.line());
    }
    for title in ["Employer's industry", "Partner's occupation", "Emergency phone"] {
        assert!(!proposed(title, Takes::Text, &[]).active, "{title}");
    }
}

#[test]
fn the_name_of_a_section_may_say_that_it_is_about_somebody_else() {
    let mut all = questionnaire(vec![question("Nationality", Takes::Country, &[])]);
    for (section, active) in [
        ("Directors", false),
        ("Beneficial owners", false),
        ("Customer", true),
        ("Products and operations", true),
    ] {
        all.sections[0].name = section.to_owned();
        assert_eq!(propose(&all, "idenfy")[0].active, active, "{section}");
    }
}

#[test]
fn what_a_field_is_called_is_no_doubt_about_it() {
    let yes_or_no = &["Yes", "No"][..];
    for title in ["Is the customer a beneficiary?", "Beneficiary"] {
        let proposal = proposed(title, Takes::Choices, yes_or_no);
        assert_eq!((proposal.field.as_str(), proposal.active), ("is_beneficiary", true), "{title}");
    }
}

#[test]
fn choices_are_listed_under_words_of_their_own() {
    let proposal = proposed("Industry", Takes::Choices, &["Arms dealers", "Retail", "Others"]);
    assert_eq!(
        proposal.line(),
        r#""Industry" = { field = "industry", choices = { arms_dealers = "Arms dealers", retail = "Retail" }, otherwise = "Others", optional = true }"#
    );
    let twice = proposed("Industry", Takes::Choices, &["Retail", "retail", "${HOME}"]);
    assert_eq!(
        twice.line(),
        r#""Industry" = { field = "industry", choices = { home = "c2", retail = "c0" }, optional = true }"#
    );
}

#[test]
fn who_verified_the_identity_is_told_by_the_choices() {
    let proposal = proposed(
        "KYC status",
        Takes::Choices,
        &["Verified", "Verified by client", "Expired", "Not verified"],
    );
    assert_eq!(
        proposal.line(),
        r#""KYC status" = { field = "kyc.verified_by", choices = { idenfy = "Verified", nobody = "Not verified" }, otherwise = "Verified by client", optional = true }"#
    );
    assert!(proposal.active);
    let plain = proposed("Identity verified?", Takes::Choices, &["Yes", "No"]);
    assert_eq!((plain.choices["nobody"].as_str(), plain.otherwise.as_deref()), ("No", Some("Yes")));
    assert!(!proposed("KYC status", Takes::Choices, &["Level 1", "Level 2"]).active);
}

#[test]
fn a_title_that_occurs_twice_is_named_by_its_section_or_its_key() {
    let mut all = questionnaire(vec![question("Country", Takes::Country, &[])]);
    let mut second = all.sections[0].clone();
    (second.key, second.name) = ("s2".to_owned(), "Owner".to_owned());
    second.questions.push(question("Country ", Takes::Country, &[]));
    all.sections.push(second);
    let names: Vec<String> = propose(&all, "idenfy").into_iter().map(|it| it.question).collect();
    assert_eq!(names, ["Customer/Country", "s2/lib-7", "lib-8"]);
}

#[test]
fn what_is_proposed_is_a_configuration_that_can_be_used() {
    let nasty = "Who said \"${HOME}\" \\ \u{7f}\n# or\tso?";
    let all = questionnaire(vec![
        question("Country of residence", Takes::Country, &[]),
        question(nasty, Takes::Choices, &[nasty, "b"]),
        question("Industry", Takes::Choices, &[nasty, "Ünïcode ☂", "Retail"]),
        question("Is the customer PEP?", Takes::Choices, &["Yes", "No"]),
    ]);
    let table = to_toml("idenfy", &all, &propose(&all, "idenfy"));
    assert!(table.starts_with("# Proposed for profile \"Customer risk\" (profile = \"0c7f\"),\n"), "{table}");
    let config = format!(
        "[security]\nmaster_key = \"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\"\n\
         [providers.idenfy]\nkind = \"idenfy\"\nbase_url = \"https://ivs.idenfy.com\"\napi_key = \"k\"\n\
         api_secret = \"s\"\nprofile = \"p\"\n{table}\n[routes.default]\nproviders = [\"idenfy\"]\n"
    );
    let nothing = Environment::from_fn(|_| None);
    if let Err(problems) = Config::parse(&config, &nothing) {
        panic!("{problems:?}\n{config}");
    }
    let uncommented = config.replace("\n# \"Who", "\n\"Who");
    assert_ne!(uncommented, config);
    assert!(Config::parse(&uncommented, &nothing).is_ok(), "{uncommented}");
}
