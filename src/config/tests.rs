use super::*;
use crate::questionnaires::OnChange;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn environment() -> Environment {
    Environment::from_fn(|name| match name {
        "RISK_GATEWAY_MASTER_KEY" => Some(KEY.to_owned()),
        "IDENFY_API_KEY" | "IDENFY_API_SECRET" | "YOUVERIFY_TOKEN" => Some("secret".to_owned()),
        _ => None,
    })
}

const GOOD: &str = r#"[security]
master_key = "${RISK_GATEWAY_MASTER_KEY}"
[providers.yv]
kind = "youverify-actor"
base_url = "https://api.example"
token = "${YOUVERIFY_TOKEN}"
[routes.default]
providers = ["yv"]
"#;

fn problems(text: &str) -> Vec<(Option<usize>, String)> {
    let problems = Config::parse(text, &environment()).expect_err("problems");
    problems.into_iter().map(|problem| (problem.line, problem.message)).collect()
}

fn problem_of(text: &str) -> (Option<usize>, String) {
    let mut found = problems(text);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn the_example_file_is_good_and_shows_every_default() {
    let example = Config::parse(EXAMPLE, &environment()).expect("the example is good");
    let minimal = Config::parse(GOOD, &environment()).expect("good");
    assert_eq!(format!("{:?}", example.server), format!("{:?}", minimal.server));
    assert_eq!(format!("{:?}", example.store), format!("{:?}", minimal.store));
    assert_eq!(format!("{:?}", example.cache), format!("{:?}", minimal.cache));
    let (shown, default) =
        (&example.providers[&ProviderName::new("idenfy")], &minimal.providers[&ProviderName::new("yv")]);
    assert_eq!(shown.guards.breaker, default.guards.breaker);
    assert_eq!(shown.guards.timeout, default.guards.timeout);
    assert_eq!(shown.guards.attempts, default.guards.attempts);
    assert_eq!((shown.ttl, shown.keep_stale), (default.ttl, default.keep_stale));
    assert_eq!((shown.sandbox, default.sandbox), (false, false));
    assert_eq!(shown.watch, default.watch);
    let (shown, default) = (&example.routes["default"], &minimal.routes["default"]);
    assert_eq!((&shown.plan, shown.deadline), (&default.plan, default.deadline));
    assert_eq!((shown.rescreen_every, default.rescreen_every), (None, None));
    assert_eq!((&shown.policy, &shown.allowed), (&default.policy, &default.allowed));
    assert_eq!((example.teams.len(), minimal.teams.len()), (0, 0));
    assert_eq!((example.master_keys.iter().count(), minimal.master_keys.iter().count()), (1, 1));
}

#[test]
fn teams_earlier_master_keys_sandboxes_and_screenings_are_read() {
    let text = GOOD
        .replace("[providers.yv]", "previous_master_keys = [\"${RISK_GATEWAY_MASTER_KEY}\"]\n[providers.yv]")
        .replace("token =", "sandbox = true\ntoken =");
    let text =
        format!("{text}rescreen_every = \"30d\"\n[teams.risk]\nlimit = {{ requests = 5, per = \"1s\" }}\n");
    let config = Config::parse(&text, &environment()).expect("good");
    let limit = config.teams["risk"].limit.expect("a limit");
    assert_eq!((limit.requests.get(), limit.per), (5, Duration::from_secs(1)));
    assert_eq!(config.routes["default"].rescreen_every, Some(Duration::from_secs(30 * 86_400)));
    assert_eq!(config.master_keys.iter().count(), 2);
    assert!(config.providers[&ProviderName::new("yv")].sandbox);
}

#[test]
fn a_store_in_postgresql_is_shown_without_its_password() {
    let text = format!("[store]\nurl = \"postgres://ann:hunter2@db.example/risk?password=hunter3\"\n{GOOD}");
    let config = Config::parse(&text, &environment()).expect("good");
    assert_eq!(config.store.url.to_string(), "postgres://db.example/risk");
    assert!(!format!("{config:?}").contains("hunter"), "{config:?}");
}

#[test]
fn what_is_left_out_has_the_documented_default() {
    let config = Config::parse(GOOD, &environment()).expect("good");
    let provider = &config.providers[&ProviderName::new("yv")];
    assert_eq!(provider.guards.limit.rate, None);
    assert_eq!(provider.guards.limit.concurrency.get(), 64);
    assert_eq!(provider.guards.timeout, Duration::from_secs(5));
    assert_eq!(provider.ttl, Duration::from_secs(86_400));
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.routes["default"].deadline, Duration::from_secs(8));
}

#[test]
fn an_unknown_key_names_its_line_and_the_nearest_known_key() {
    let cases = [
        ("token = ", "tokn = ", 6, "[providers.yv]: unknown key \"tokn\"; did you mean \"token\"?"),
        (
            "base_url = ",
            "bse_url = ",
            5,
            "[providers.yv]: unknown key \"bse_url\"; did you mean \"base_url\"?",
        ),
        ("[security]", "[sekurity]", 1, "top level: unknown key \"sekurity\"; did you mean \"security\"?"),
        (
            "providers = [",
            "provider = [",
            8,
            "[routes.default]: unknown key \"provider\"; did you mean \"providers\"?",
        ),
    ];
    for (from, to, line, message) in cases {
        let found = problems(&GOOD.replace(from, to));
        assert!(found.contains(&(Some(line), message.to_owned())), "{found:#?}");
    }
}

#[test]
fn an_unknown_key_inside_an_inline_table_is_found_too() {
    let text = GOOD.replace("token =", "limit = { requests = 5, per = \"1s\", brust = 2 }\ntoken =");
    assert_eq!(
        problem_of(&text),
        (Some(6), "[providers.yv]: unknown key \"brust\"; did you mean \"burst\"?".to_owned())
    );
}

#[test]
fn every_problem_is_told_at_once() {
    let text = r#"[server]
listen = "nowhere"
lisen = 1
[store]
url = "mysql:x"
[security]
master_key = "short"
[providers.yv]
kind = "youverify-actr"
base_url = "http://api.example"
token = "${NOT_SET}"
[routes.default]
providers = ["yw", "yv", "yv"]
deadline = "5ms"
"#;
    let lines: Vec<Option<usize>> = problems(text).into_iter().map(|(line, _)| line).collect();
    for line in [2, 3, 5, 7, 8, 10, 11, 13, 14] {
        assert!(lines.contains(&Some(line)), "line {line} in {:#?}", problems(text));
    }
}

#[test]
fn each_single_mistake_has_its_own_message() {
    let with = |key: &str| GOOD.replace("token =", &format!("{key}\ntoken ="));
    let cases = [
        (GOOD.replace("https://api", "http://api"), "plain http only to localhost"),
        (GOOD.replace("https://api.example", "https://u:p@api.example"), "must not hold credentials"),
        (with("limit = { requests = 5 }"), "limit.requests and limit.per go together"),
        (
            with("limit = { requests = 5, per = \"1s\", burst = 5 }"),
            "limit.burst must be below limit.requests",
        ),
        (with("limit = { burst = 5 }"), "limit.burst needs limit.requests"),
        (with("timeout = \"5\""), "a length of time is a number and a unit"),
        (with("timeout = 5"), "timeout"),
        (with("attempts = 6"), "attempts must be at most 5"),
        (with("breaker = { failure_rate = 1.5 }"), "a rate lies above 0"),
        (with("price = { amount = -1, currency = \"EUR\" }"), "an amount is a decimal number"),
        (GOOD.replace("${YOUVERIFY_TOKEN}", "${NOT_SET}"), "the environment variable NOT_SET is not set"),
        (GOOD.replace("${YOUVERIFY_TOKEN}", "${NOT_SET"), "without its \"}\""),
        (with("timeout = \"0s\""), "[providers.yv] timeout: must be longer than zero"),
        (
            with("limit = { requests = 1, per = \"1s\", burst = 2 }"),
            "limit.burst must be below limit.requests",
        ),
        (with("limit = { requests = 2000000, per = \"1s\" }"), "more than a million requests a second"),
        (with("limit = { requests = 2, per = \"99999999999999d\" }"), "must be at most a year"),
        (GOOD.replace("https://api.example", "https://api.example?a=b"), "base_url must end with its path"),
        (format!("{GOOD}[store]\nurl = \"sqlite::memory:\"\n"), "url must be \"sqlite:\" and a file name"),
        (format!("{GOOD}[server]\nmax_connections = 0\n"), "must be from 1 to 1000000"),
        (format!("{GOOD}[server]\nmax_body = \"0 B\"\n"), "a size is a number above zero"),
        (GOOD.replace("[\"yv\"]", "[]"), "must name at least one provider"),
        (GOOD.replace("[routes.default]\nproviders = [\"yv\"]\n", ""), "no route is configured"),
        (GOOD.replace("[routes.default]", "[routes.\"a b\"]"), "a name is made of letters"),
        (
            GOOD.replace("[security]\nmaster_key = \"${RISK_GATEWAY_MASTER_KEY}\"\n", ""),
            "master_key is required",
        ),
        ("not toml".to_owned(), "expected"),
    ];
    for (text, expected) in cases {
        let (_, message) = problem_of(&text);
        assert!(message.contains(expected), "expected {expected:?} in {message:?}");
    }
}

#[test]
fn a_vendors_own_problem_names_the_line_of_its_key() {
    let text = EXAMPLE.replace("\"politically_exposed\"       #", "\"politicaly_exposed\"       #");
    let line = text.lines().position(|line| line.contains("politicaly_exposed\"")).expect("there") + 1;
    let (at, message) = problem_of(&text);
    assert_eq!(at, Some(line), "{message}");
    assert!(message.contains("politically_exposed"), "{message}");
}

const POLICY: &str = r#"[routes.default.policy]
coverage_floor = 0.75
spread_levels = 1
required_factors = ["screening.sanction"]
floors = [
  { when = 'country in [KP, IR]', level = "very_high", reason = "embargo" },
  { when = 'factor("customer.kyc").state == missing_input', level = "medium", reason = "not verified" },
]
review = [{ when = 'spread >= 1', reason = "vendors differ" }]
"#;

#[test]
fn a_routes_policy_and_whom_its_vendors_may_be_shown_are_read() {
    let allowed =
        "allowed = [{ provider = \"yv\", countries = [\"NG\", \"GH\"], types = [\"individual\"] }]\n";
    let config = Config::parse(&format!("{GOOD}{allowed}{POLICY}"), &environment()).expect("good");
    let route = &config.routes["default"];
    let floors: Vec<_> = route.policy.floors().iter().map(|floor| floor.when.to_string()).collect();
    assert_eq!(floors, ["country in [KP, IR]", "factor(\"customer.kyc\").state == missing_input"]);
    assert_eq!((route.policy.spread_levels(), route.policy.required_factors().len()), (1, 1));
    assert_eq!((route.policy.review().len(), route.allowed.0.len()), (1, 1));
    assert_ne!(route.policy.version(), Policy::default().version());
}

#[test]
fn each_mistake_in_a_policy_names_its_line_and_what_was_probably_meant() {
    let text = format!("{GOOD}{POLICY}");
    for (from, to, line, part) in [
        (
            "country in",
            "contry in",
            14,
            "[routes.default.policy]: floors: when, at character 1: \"contry\" is no test; did you mean \"country\"?",
        ),
        ("[KP, IR]", "[KP, UK]", 14, "the United Kingdom is \"GB\""),
        (
            "state == missing_input",
            "state == missing_inputs",
            15,
            "at character 33: \"missing_inputs\" is no state of a factor; did you mean \"missing_input\"?",
        ),
        ("spread >= 1", "spread >= 1 adn", 17, "review: when, at character 13"),
        ("\"screening.sanction\"", "\"screening.sanctions\"", 12, "did you mean \"screening.sanction\"?"),
        ("0.75", "75.0", 10, "coverage_floor must lie from 0 to 1"),
        ("spread_levels = 1", "spread_levels = 3", 11, "spread_levels must be 1 or 2"),
        ("\"embargo\"", "\" \"", 14, "a reason is a text of at most 200 characters"),
        ("\"very_high\"", "\"veryhigh\"", 14, "unknown variant `veryhigh`"),
        ("reason = \"embargo\"", "because = \"embargo\"", 14, "unknown key \"because\""),
        ("coverage_floor", "coverage_flor", 10, "did you mean \"coverage_floor\"?"),
        // One problem hides no other, wherever it stands.
        (
            "reason = \"embargo\"",
            "reason = \"embargo\", because = \"x\"",
            15,
            "did you mean \"missing_input\"?",
        ),
    ] {
        let changed = text.replacen(from, to, 1);
        let changed =
            if line == 15 { changed.replacen("== missing_input'", "== missing_inputs'", 1) } else { changed };
        let found = problems(&changed);
        let told = found.iter().any(|(at, message)| *at == Some(line) && message.contains(part));
        assert!(told, "{to}: {found:#?}");
    }
}

#[test]
fn each_mistake_in_how_a_route_chooses_has_its_own_message() {
    for (lines, part) in [
        ("strategy = \"split\"", "weights must hold one whole number for each of providers"),
        (
            "strategy = \"split\"\nweights = [70, 30]",
            "weights must hold one whole number for each of providers",
        ),
        ("strategy = \"split\"\nweights = [0]", "weights must not all be 0"),
        ("weights = [1]", "weights belongs to strategy = \"split\", this one is \"failover\""),
        ("strategy = \"consensus\"\nhedge_after = \"1s\"", "hedge_after belongs to strategy = \"failover\""),
        (
            "strategy = \"consensus\"\ncombine = \"quorum\"\nquorum = 2",
            "quorum must be at most the number of providers",
        ),
        ("strategy = \"consensus\"\nquorum = 1", "quorum belongs to combine = \"quorum\""),
        ("hedge_after = \"1ms\"", "hedge_after must be at least 10ms"),
        ("hedge_after = \"8s\"", "hedge_after must be below deadline"),
        ("deadline = \"50ms\"", "deadline must be at least 100ms"),
        ("hold_for = \"1h\"", "hold_for belongs to on_unavailable = \"hold\""),
        ("on_unavailable = \"hold\"\nhold_for = \"0s\"", "hold_for: must be longer than zero"),
        ("on_unavailable = \"wait\"", "expected one of `fail`, `hold`, `stale`"),
        ("shadow = { providers = [\"yv\"], sample = 0.1 }", "\"yv\" cannot shadow itself"),
        ("shadow = { providers = [], sample = 0.1 }", "shadow.providers must name at least one provider"),
        ("shadow = { providers = [\"yw\"], sample = 0.1 }", "no provider \"yw\"; did you mean \"yv\"?"),
    ] {
        let (line, message) = problem_of(&format!("{GOOD}{lines}\n"));
        assert!(line >= Some(7) && message.contains(part), "{lines}: {line:?} {message}");
    }
}

#[test]
fn allowed_names_only_providers_that_the_route_asks_and_somebody() {
    for (allowed, part) in [
        ("{ provider = \"yw\" }", "the route does not ask \"yw\"; did you mean \"yv\"?"),
        ("{ provider = \"yv\", countries = [] }", "an empty list allows nobody"),
        ("{ provider = \"yv\", types = [] }", "an empty list allows nobody"),
        ("{ provider = \"yv\", countries = [\"UK\"] }", "the United Kingdom is \"GB\""),
        ("{ provider = \"yv\", types = [\"company\"] }", "unknown variant `company`"),
        ("{ countries = [\"NG\"] }", "provider is required"),
    ] {
        let (line, message) = problem_of(&format!("{GOOD}allowed = [{allowed}]\n"));
        assert!(line == Some(9) && message.contains(part), "{allowed}: {line:?} {message}");
    }
}

#[test]
fn the_rules_that_the_example_shows_are_good() {
    let shown: Vec<&str> = EXAMPLE.lines().filter_map(|line| line.strip_prefix("#   { when = '")).collect();
    assert!(shown.len() >= 8, "{shown:?}");
    for rule in shown {
        let (when, _) = rule.split_once("',").expect("a condition in quotes");
        when.parse::<crate::policy::Condition>().unwrap_or_else(|error| panic!("{when}: {error}"));
    }
}

#[test]
fn no_secret_is_printed() {
    let config = Config::parse(GOOD, &environment()).expect("good");
    let printed = format!("{config:?}");
    assert!(!printed.contains("secret\"") && !printed.contains(KEY), "{printed}");
}

#[test]
fn a_providers_profile_is_watched_as_configured_and_only_where_it_has_one() {
    let watched = EXAMPLE
        .replace("on_changed_profile = \"stop\"", "on_changed_profile = \"warn\"")
        .replace("reread_profile_every = \"15m\"", "reread_profile_every = \"1h\"");
    let config = Config::parse(&watched, &environment()).expect("good");
    let watch = config.providers[&ProviderName::new("idenfy")].watch;
    assert_eq!((watch.on_change, watch.reread_every), (OnChange::Warn, Duration::from_secs(3600)));
    let (_, problem) = problem_of(&EXAMPLE.replace("\"15m\"", "\"500ms\""));
    assert!(problem.contains("reread_profile_every must be at least 1s"), "{problem}");
    let (_, problem) =
        problem_of(&EXAMPLE.replace("on_changed_profile = \"stop\"", "on_changed_profile = \"go\""));
    assert!(problem.contains("stop") && problem.contains("warn"), "{problem}");
    let without = GOOD.replace("token =", "on_changed_profile = \"warn\"\ntoken =");
    let (line, problem) = problem_of(&without);
    assert_eq!(line, Some(6));
    assert!(problem.contains("[providers.yv]: on_changed_profile is for profiles"), "{problem}");
}
