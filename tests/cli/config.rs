//! `config check` and `config example`.

use serde_json::{Value, json};

use crate::{
    process::{Home, output, program, text},
    vendors::{MASTER_KEY, Setup, Vendors},
};

/// A configuration as an operator wrote it, in a folder of its own.
async fn home(toml: &str) -> Home {
    let home = Home::new(&Setup::default(), &Vendors::start().await);
    home.configure(toml);
    home
}

/// What `config check` says of the usual configuration after `change`: its errors, which must be some.
async fn refused(change: impl FnOnce(String) -> String) -> String {
    let home = home(&change(Setup::default().toml())).await;
    let output = home.run(&["config", "check"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(text(&output.stdout), "");
    text(&output.stderr)
}

fn line_of(toml: &str, part: &str) -> usize {
    toml.lines().position(|line| line.contains(part)).expect("the line") + 1
}

#[tokio::test]
async fn the_example_is_good_once_its_variables_are_set() {
    let example = text(&output(program().args(["config", "example"]), "").stdout);
    let home = home(&example).await;
    let mut command = home.command(&["config", "check"]);
    let output = output(command.env("RISK_GATEWAY_MASTER_KEY", MASTER_KEY), "");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stdout).contains("risk-gateway.toml is good"), "{output:?}");
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn the_example_as_json_is_the_same_text() {
    let plain = text(&output(program().args(["config", "example"]), "").stdout);
    let json: Value =
        serde_json::from_slice(&output(program().args(["config", "example", "--json"]), "").stdout)
            .expect("JSON");
    assert_eq!(json["toml"].as_str().map(str::trim_end), Some(plain.trim_end()));
}

#[tokio::test]
async fn an_unknown_key_names_its_line_and_the_nearest_known_key() {
    for (right, wrong, name) in [
        ("price = { amount = 0.50", "prise = { amount = 0.50", "price"),
        ("base_url = \"${YOUVERIFY_URL}\"", "base_url = \"${YOUVERIFY_URL}\"\ntimeuot = \"5s\"", "timeout"),
        ("api_secret =", "api_sekret =", "api_secret"),
        ("[routes.youverify]", "[routes.youverify]\ndeadlin = \"1s\"", "deadline"),
        ("[security]", "[secutiry]", "security"),
        ("listen =", "lisen =", "listen"),
    ] {
        let mut line = 0;
        let told = refused(|toml| {
            let changed = toml.replacen(right, wrong, 1);
            assert_ne!(changed, toml);
            line = line_of(&changed, wrong.lines().last().expect("a line"));
            changed
        })
        .await;
        let named = told
            .lines()
            .any(|told| told.contains(&format!("line {line}: ")) && told.contains(&format!("\"{name}\"")));
        assert!(named, "line {line}, {name}: {told}");
    }
}

#[tokio::test]
async fn a_variable_that_is_not_set_is_named() {
    let home = home(&Setup::default().toml()).await;
    let mut command = home.command(&["config", "check"]);
    let output = output(command.env_remove("YOUVERIFY_TOKEN").env("IDENFY_API_KEY", ""), "");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let told = text(&output.stderr);
    let line = line_of(&Setup::default().toml(), "${YOUVERIFY_TOKEN}");
    assert!(
        told.contains(&format!("line {line}: the environment variable YOUVERIFY_TOKEN is not set")),
        "{told}"
    );
    assert!(told.contains("the environment variable IDENFY_API_KEY is not set"), "{told}");
}

#[tokio::test]
async fn problems_of_several_sections_are_told_at_once() {
    let told = refused(|toml| {
        toml.replace("listen = \"127.0.0.1:0\"", "listen = \"nowhere\"")
            .replace("price = { amount = 0.35", "timeout = \"fast\"\nprice = { amount = 0.35")
            .replace("api_secret =", "api_sekret =")
            .replace("providers = [\"youverify\", \"idenfy\"]", "providers = [\"youverify\", \"idenfi\"]")
            .replace("[routes.youverify]", "[routes.\"you verify\"]")
    })
    .await;
    for part in [
        "[server]",
        "did you mean \"api_secret\"?",
        "[providers.youverify]",
        "did you mean \"idenfy\"?",
        "a name is made of",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(told.matches("\n  line ").count() >= 5, "{told}");
}

#[tokio::test]
async fn two_problems_of_one_section_are_both_told() {
    let told =
        refused(|toml| toml.replace("listen = \"127.0.0.1:0\"", "listen = \"nowhere\"\nmax_bdy = \"1 KiB\""))
            .await;
    for part in ["[server] listen", "did you mean \"max_body\"?"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused() {
    for (right, wrong, part) in [
        ("base_url = \"${IDENFY_URL}\"", "base_url = \"http://vendor.example\"", "https://"),
        ("base_url = \"${IDENFY_URL}\"", "base_url = \"https://user:pass@vendor.example\"", "credentials"),
        ("${RISK_GATEWAY_MASTER_KEY}", "c2hvcnQ=", "32 bytes"),
        ("providers = [\"idenfy\", \"youverify\"]", "providers = []", "at least one"),
        ("providers = [\"idenfy\", \"youverify\"]", "providers = [\"idenfy\", \"idenfy\"]", "twice"),
        ("deadline = \"8s\"", "deadline = \"8\"", "a unit"),
        ("deadline = \"8s\"", "deadline = \"20ms\"", "100ms"),
        ("kind = \"idenfy\"", "kind = \"idenfi\"", "idenfy"),
        ("url = \"${STORE}\"", "url = \"mysql:x\"", "sqlite:"),
        ("\"Industry\" = { field = \"industry\"", "\"Industry\" = { field = \"industri\"", "industry"),
        ("send_previous = true", "limit = { requests = 5 }", "go together"),
        (
            "[routes.idenfy]",
            "[routes.reverse.policy]\nreview = [{ when = 'contry == NG', reason = \"x\" }]\n[routes.idenfy]",
            "at character 1: \"contry\" is no test; did you mean \"country\"?",
        ),
        ("send_previous = true", "limit = { requests = 5, per = \"1s\", burst = 5 }", "below"),
        ("[security]", "[security", "line "),
    ] {
        let told = refused(|toml| {
            let changed = toml.replacen(right, wrong, 1);
            assert_ne!(changed, toml, "{right}");
            changed
        })
        .await;
        assert!(told.contains(part), "{wrong}: {told}");
    }
}

#[tokio::test]
async fn secrets_are_never_printed() {
    let told = refused(|toml| {
        toml.replace("${RISK_GATEWAY_MASTER_KEY}", "Zq7CanaryMaster")
            .replace(
                "token = \"${YOUVERIFY_TOKEN}\"",
                "token = \"Zq7CanaryToken\"\ntokken = \"Zq7CanaryTypo\"",
            )
            .replace("api_key = \"${IDENFY_API_KEY}\"", "api_key = [\"Zq7CanaryList\"]")
    })
    .await;
    assert!(!told.contains("Zq7Canary"), "{told}");
}

#[tokio::test]
async fn as_json_every_problem_has_its_line() {
    let home = home(&Setup::default().toml().replace("api_secret", "api_sekret")).await;
    let output = home.run(&["config", "check", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let told: Value = serde_json::from_slice(&output.stdout).expect("one JSON line");
    assert_eq!(told["valid"], false);
    let problem = &told["problems"][0];
    assert!(problem["line"].is_u64() && problem["message"].is_string(), "{told}");
    home.configure(&Setup::default().toml());
    let output = home.run(&["config", "check", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let told: Value = serde_json::from_slice(&output.stdout).expect("one JSON line");
    assert_eq!(told, json!({"valid": true, "problems": []}));
}

#[tokio::test]
async fn a_file_that_is_not_there_is_told_with_what_to_do() {
    let home = home("").await;
    for command in [&["config", "check"][..], &["serve"], &["assess"], &["keys", "create", "--team", "risk"]]
    {
        let mut arguments = command.to_vec();
        arguments.extend(["--config", "elsewhere.toml"]);
        let request =
            r#"{"subject": {"reference": "a", "type": "business", "business_name": "b", "country": "NG"}}"#;
        let output = home.run_with(&arguments, request);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {output:?}");
        let told = text(&output.stderr);
        assert!(told.contains("elsewhere.toml") && told.contains("--config"), "{command:?}: {told}");
    }
}

#[tokio::test]
async fn serve_refuses_a_bad_configuration_before_it_touches_anything() {
    let home = home(&Setup::default().toml().replace("api_secret", "api_sekret")).await;
    let output = home.run(&["serve"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(text(&output.stderr).contains("did you mean \"api_secret\"?"), "{output:?}");
    assert!(!home.store.folder().join("risk-gateway.db").exists(), "no store was made");
}
