//! `profiles`, `profiles suggest`, `profiles accept`.

use risk_provider_sandbox::{DEMO_PROFILE_ID, ONBOARDING_PROFILE_ID, PROFILE_ID};
use serde_json::{Value, json};

use crate::{
    http::{answer, client},
    process::{Home, text},
    subjects::{by, person},
    vendors::{Setup, Vendors},
};

async fn edit(vendors: &Vendors, profile: &str) {
    let url = format!("{}/_sandbox/idenfy", vendors.idenfy.base_url().trim_end_matches('/'));
    answer(client().post(url).json(&json!({ "edit_profile": profile }))).await.good();
}

fn printed(home: &Home, arguments: &[&str]) -> String {
    let output = home.run(arguments);
    assert_eq!(
        (output.status.code(), text(&output.stderr).as_str()),
        (Some(0), ""),
        "{arguments:?}: {output:?}"
    );
    text(&output.stdout)
}

fn told(home: &Home, arguments: &[&str]) -> Value {
    let printed = printed(home, &[arguments, &["--json"]].concat());
    assert_eq!(printed.lines().count(), 1, "{printed}");
    serde_json::from_str(&printed).expect("one JSON line")
}

fn refused(home: &Home, arguments: &[&str]) -> String {
    let output = home.run(arguments);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{output:?}");
    text(&output.stderr)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn profiles_are_listed_with_their_questions_and_what_answers_them() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::documented(), &vendors);
    let listed = printed(&home, &["profiles"]);
    let lines: Vec<&str> = listed.lines().collect();
    for line in [
        "    Is shareholder PEP?  SELECT (Yes, No)  <- politically_exposed",
        "    Shareholder residency  COUNTRY  <- country",
        "    KYC status  SELECT (Verified, Verified by client, Expired, Not verified)  <- unanswered",
    ] {
        assert!(lines.contains(&line), "{line} in\n{listed}");
    }
    let configured = format!("idenfy  {PROFILE_ID}  \"Name\"  configured, accepted when first read, ");
    assert!(lines.iter().any(|line| line.starts_with(&configured)), "{listed}");
    assert!(
        listed.contains(&format!("idenfy  {DEMO_PROFILE_ID}  \"Customer risk\"  not configured")),
        "{listed}"
    );
    let one = told(&home, &["profiles", "--provider", "idenfy", "--profile", ONBOARDING_PROFILE_ID]);
    let profile = &one["providers"][0]["profiles"][0];
    assert_eq!((&profile["id"], &profile["in_force"]), (&json!(ONBOARDING_PROFILE_ID), &json!(false)));
    assert_eq!(vendors.billed(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_suggested_works_as_printed_once_it_is_pasted() {
    let vendors = Vendors::start().await;
    let setup = Setup::documented();
    let home = Home::new(&setup, &vendors);
    for (id, active) in [(DEMO_PROFILE_ID, 5), (ONBOARDING_PROFILE_ID, 3), (PROFILE_ID, 2)] {
        let table = printed(&home, &["profiles", "suggest", "--profile", id]);
        assert!(table.starts_with("# Proposed for profile ") && table.contains("edit every line"), "{table}");
        let lines = table.lines().filter(|line| line.starts_with('"')).count();
        assert_eq!(lines, active, "{table}");
        let header = "[providers.idenfy.questions]\n";
        let questions = table.split_once(header).expect("a table").1;
        home.configure(&Setup::default().profile(id, questions).toml());
        printed(&home, &["config", "check"]);
        let request = json!({ "subject": person("cust-1") }).to_string();
        let output = home.run_with(&["assess", "--json", "--route", "idenfy"], &request);
        assert!(output.status.success(), "{table}\n{output:?}");
        home.configure(&setup.toml());
    }
    let purpose = printed(&home, &["profiles", "suggest", "--profile", ONBOARDING_PROFILE_ID]);
    assert!(
        purpose.contains("\n# \"Purpose of the account\" = { field = \"answers.purpose_of_the_account\""),
        "{purpose}"
    );
    let suggested = told(&home, &["profiles", "suggest"])["providers"][0].clone();
    assert_eq!(suggested["questions"][0]["field"], "politically_exposed");
    assert!(
        suggested["toml"]
            .as_str()
            .is_some_and(|toml| toml.contains("\"Shareholder residency\" = \"country\""))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_shown_and_accepted() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::documented(), &vendors);
    assert!(printed(&home, &["profiles", "accept"]).contains("did not change: nothing to accept"));
    edit(&vendors, PROFILE_ID).await;
    let listed = printed(&home, &["profiles", "--profile", PROFILE_ID]);
    assert!(listed.contains("STALE: accepted when first read"), "{listed}");
    assert!(listed.contains("  changed: question \"Is shareholder PEP?\" changed (levels)"), "{listed}");
    let question = by("idenfy", &person("cust-1")).to_string();
    assert_eq!(home.run_with(&["assess"], &question).status.code(), Some(1));
    let accepted = printed(&home, &["profiles", "accept", "--provider", "idenfy", "--by", "alice"]);
    assert!(accepted.contains("idenfy: question \"Is shareholder PEP?\" changed (levels)"), "{accepted}");
    assert!(accepted.contains(&format!("profile {PROFILE_ID} is accepted as it is now")), "{accepted}");
    assert!(printed(&home, &["profiles", "--profile", PROFILE_ID]).contains("accepted by alice"));
    assert_eq!(home.run_with(&["assess"], &question).status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mapping_of_the_operators_own_may_change_without_being_accepted() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::documented(), &vendors);
    printed(&home, &["profiles"]);
    home.configure(&Setup::default().profile(PROFILE_ID, "\"Shareholder residency\" = \"country\"").toml());
    let question = by("idenfy", &person("cust-1")).to_string();
    assert_eq!(home.run_with(&["assess"], &question).status.code(), Some(0));
    assert!(printed(&home, &["profiles", "--profile", PROFILE_ID]).contains("accepted when first read"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_accepted_and_a_mapping_that_does_not_fit_it_is_a_failure() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::documented(), &vendors);
    printed(&home, &["profiles"]);
    edit(&vendors, PROFILE_ID).await;
    home.configure(&Setup::default().profile(PROFILE_ID, "\"No such question\" = \"country\"").toml());
    for (json, said) in [(false, "is accepted as it is now"), (true, "\"accepted\":false")] {
        let arguments = if json { &["profiles", "accept", "--json"][..] } else { &["profiles", "accept"] };
        let output = home.run(arguments);
        let told = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(told.contains(said) && told.contains("No such question"), "{told}");
    }
    assert!(printed(&home, &["profiles", "--profile", PROFILE_ID]).contains("configured, accepted by "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_vendor_wrote_is_no_order_to_a_terminal() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::documented(), &vendors);
    printed(&home, &["profiles"]);
    let order = "\u{1b}[2J\u{1b}[31mOK\u{7}\nidenfy: all is well";
    let question =
        json!({"key": order, "title": order, "type": order, "choices": [{"key": "y", "title": order}]});
    let profile = json!({"id": PROFILE_ID, "name": order, "sections": [{"key": order, "name": order, "questions": [question]}]});
    vendors.idenfy.answer_always("profile", 200, profile.to_string());
    for arguments in [
        &["profiles", "--profile", PROFILE_ID][..],
        &["profiles", "suggest", "--profile", PROFILE_ID],
        &["profiles", "accept"],
        &["assess", "--route", "idenfy"],
    ] {
        let output = home.run_with(arguments, &json!({ "subject": person("cust-1") }).to_string());
        let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
        let obeyed = |letter: char| letter.is_control() && letter != '\n';
        assert!(!told.contains(obeyed) && !told.contains("\nidenfy: all is well"), "{arguments:?}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_told_as_such() {
    let vendors = Vendors::start().await;
    let home = Home::new(&Setup::documented(), &vendors);
    for (arguments, told) in [
        (&["profiles", "--provider", "nobody"][..], "no provider nobody is configured"),
        (&["profiles", "suggest", "--provider", "youverify"], "youverify has no profiles"),
        (&["profiles", "--profile", "nothing"], "the profiles of idenfy cannot be read"),
        (&["profiles", "accept", "--profile", DEMO_PROFILE_ID], "only that one can be accepted"),
    ] {
        let error = refused(&home, arguments);
        assert!(error.contains(told), "{arguments:?}: {error}");
    }
}
