//! `compare`: two providers from a file of pairs.

use std::{fs::File, io::Write as _, path::Path, process::Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    process::{Home, output, program, text},
    subjects::{by, person},
    vendors::{Setup, Vendors},
};

/// Each row's scores and outcome, with a column that nobody asked for.
const PAIRS: &str = "id,outcome,right_score,left_score\n\
    1,negative,20,12\n2,negative,15,18\n3,,33,25\n4,positive,92,95\n5,negative,41.5,44\n6,positive,60,47\n";

fn compare(arguments: &[&str], input: &str) -> Output {
    output(program().arg("compare").args(arguments), input)
}

fn folder_with(pairs: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pairs.csv");
    std::fs::write(&file, pairs).expect("a file");
    let file = file.to_str().expect("UTF-8").to_owned();
    (folder, file)
}

fn report(arguments: &[&str], input: &str) -> Value {
    let output = compare(arguments, input);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{output:?}");
    let printed = text(&output.stdout);
    assert_eq!(printed.lines().count(), 1);
    serde_json::from_str(&printed).expect("JSON")
}

#[test]
fn json_has_every_promised_name_from_a_file_and_from_stdin() {
    let (_folder, file) = folder_with(PAIRS);
    let from_file = report(&["--pairs", &file, "--json"], "");
    assert_eq!(from_file, report(&["--pairs", "-", "--json"], PAIRS));
    for path in [
        "/n",
        "/funnel",
        "/agreement/table",
        "/agreement/exact",
        "/agreement/within_one",
        "/agreement/kappa_linear/low",
        "/agreement/kappa_quadratic/high",
        "/agreement/ac1",
        "/agreement/bowker/chi2",
        "/agreement/bowker/df",
        "/agreement/bowker/p",
        "/scores/spearman/value",
        "/scores/kendall_tau_b",
        "/scores/bland_altman/bias",
        "/scores/bland_altman/sd",
        "/scores/bland_altman/lower",
        "/scores/bland_altman/upper",
        "/scores/lin_ccc",
        "/scores/ks",
        "/scores/wasserstein",
        "/scores/psi/value",
        "/scores/psi/critical",
        "/scores/histograms",
        "/outcomes/labelled",
        "/outcomes/positives",
        "/outcomes/auc/left/value",
        "/outcomes/auc/right/low",
        "/outcomes/auc/difference",
        "/outcomes/auc/z",
        "/outcomes/auc/p",
        "/outcomes/average_precision/left",
        "/outcomes/recall_at_capacity",
        "/outcomes/mcnemar",
        "/outcomes/calibration",
        "/service/left",
        "/service/right",
        "/segments",
        "/sample_advice",
        "/verdict",
        "/verdict_reasons",
        "/versions",
    ] {
        assert!(from_file.pointer(path).is_some(), "{path}: {from_file}");
    }
    assert_eq!(from_file["funnel"], json!({"read": 6, "usable": 6, "labelled": 5, "excluded": {}}));
    assert!(from_file["service"]["reason"].is_string(), "a file tells nothing of service");
    let told =
        |notes: &Value| notes.as_array().map(|notes| notes.iter().map(Value::to_string).collect::<String>());
    let notes = told(&from_file["notes"]).expect("notes");
    assert!(notes.contains("taken for everybody") && notes.contains("no column subject_id"), "{notes}");
    let with_subjects = report(&["--pairs", "-", "--json"], &PAIRS.replace("id,", "subject_id,"));
    let notes = told(&with_subjects["notes"]).expect("notes");
    assert!(notes.contains("taken for everybody") && !notes.contains("subject_id"), "{notes}");
}

#[test]
fn twelve_pairs_name_nobody_and_say_how_many_it_takes() {
    let mut pairs = PAIRS.to_owned();
    pairs.push_str(PAIRS.split_once('\n').expect("a header").1);
    let report = report(&["--pairs", "-", "--json"], &pairs);
    assert_eq!((&report["n"], &report["verdict"]), (&json!(12), &json!("extend")));
    let more = &report["sample_advice"]["positives"]["more"];
    assert!(more.as_u64().is_some_and(|more| more > 1000), "{more}");
    let reasons = report["verdict_reasons"].to_string();
    assert!(reasons.contains("The number of pairs is 12") && reasons.contains("Collect about"), "{reasons}");
}

#[test]
fn without_a_form_it_prints_a_summary_with_the_names_given() {
    let output = compare(&["--pairs", "-", "--left", "idenfy", "--right", "youverify"], PAIRS);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let printed = text(&output.stdout);
    assert!(printed.starts_with("Extend: collect more outcomes\n"), "{printed}");
    assert!(printed.contains("left (incumbent): idenfy; right (challenger): youverify"), "{printed}");
}

#[test]
fn a_page_is_written_and_nothing_else_printed() {
    let (folder, file) = folder_with(PAIRS);
    let page = folder.path().join("report.html");
    let page_name = page.to_str().expect("UTF-8");
    let output = compare(&["--pairs", &file, "--html", page_name], "");
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), ""), "{output:?}");
    assert_eq!(text(&output.stderr), format!("wrote {page_name}\n"));
    let written = std::fs::read_to_string(&page).expect("a page");
    assert!(written.starts_with("<!DOCTYPE html>") && !written.contains("<script"), "{written}");
    let output = compare(&["--pairs", &file, "--html", "nowhere/report.html"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("nowhere/report.html cannot be written"), "{output:?}");
}

#[test]
fn rubbish_refuses_the_file_with_its_line_and_prints_no_report() {
    for (line, part) in [
        ("7,negative,101,3", "line 8, column right_score: a number outside 0 to 100"),
        ("7,negative,abc,3", "line 8, column right_score: not a number"),
        ("7,maybe,10,3", "line 8, column outcome: an unknown word"),
        ("7,negative,10", "line: 8"),
    ] {
        let (_folder, file) = folder_with(&format!("{PAIRS}{line}\n"));
        let output = compare(&["--pairs", &file, "--json"], "");
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{line}");
        let told = text(&output.stderr);
        assert!(told.contains("pairs.csv is not usable") && told.contains(part), "{line}: {told}");
    }
}

#[test]
fn files_and_arguments_that_are_not_usable_are_told() {
    let output = compare(&["--pairs", "nowhere.csv"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("nowhere.csv cannot be read"), "{output:?}");
    for arguments in [
        &[][..],
        &["--pairs", "-", "--confidence", "1"],
        &["--pairs", "-", "--margin", "0"],
        &["--pairs", "-", "--capacity", "1.5"],
        &["--pairs", "-", "--capacity", "nan"],
        &["--pairs", "-", "--flag-level", "High"],
    ] {
        assert_eq!(compare(arguments, PAIRS).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn settings_come_from_arguments_and_stand_in_the_report() {
    let arguments =
        ["--pairs", "-", "--json", "--capacity", "0.5", "--flag-level", "medium", "--min-pairs", "5"];
    let report = report(&arguments, PAIRS);
    assert_eq!(report["outcomes"]["recall_at_capacity"]["investigated"], 3);
    assert_eq!(report["agreement"]["flag"]["from"], "medium");
    assert_eq!(report["settings"]["minimum"]["pairs"], 5);
    let notes = report["notes"].to_string();
    assert!(notes.contains("from 5 pairs instead of 100 on") && !notes.contains("positive"), "{notes}");
}

#[test]
fn the_example_of_the_help_works_as_printed() {
    let help = text(&compare(&["--help"], "").stdout);
    let example = help.split_once("Example:").expect("an example").1;
    let pairs = example.split('\'').nth(1).expect("a quoted file").replace("\\n", "\n");
    let report = report(&["--pairs", "-", "--json"], &pairs);
    assert_eq!((&report["n"], &report["outcomes"]["labelled"]), (&json!(3), &json!(2)));
}

fn write_many(path: &Path, count: u32) {
    let mut file = std::io::BufWriter::new(File::create(path).expect("a file"));
    writeln!(file, "left_score,right_score,outcome,segment").expect("a line");
    for row in 0..count {
        let noise = |prime: u32| f64::from(row.wrapping_mul(prime) >> 12) / f64::from(1 << 20) * 60.0;
        let positive = row % 20 == 0;
        let (left, right) = (noise(2_654_435_761), noise(2_246_822_519) + if positive { 40.0 } else { 0.0 });
        let outcome = if positive { "positive" } else { "negative" };
        writeln!(file, "{left},{right},{outcome},S{}", row % 7).expect("a line");
    }
}

#[test]
fn many_pairs_are_compared_without_a_page_that_grows() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pairs.csv");
    write_many(&file, 50_000);
    let page = folder.path().join("report.html");
    let (file, page_name) = (file.to_str().expect("UTF-8"), page.to_str().expect("UTF-8"));
    let output = compare(&["--pairs", file, "--json", "--html", page_name], "");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&report["n"], &report["verdict"]), (&json!(50_000), &json!("promote")));
    assert_eq!(report["segments"].as_array().map(Vec::len), Some(7));
    assert!(std::fs::metadata(page).expect("a page").len() < 200_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_asked_about_its_own_pairs() {
    let vendors = Vendors::start().await;
    let both = "[routes.both]\nstrategy = \"consensus\"\nproviders = [\"idenfy\", \"youverify\"]\n";
    let home = Home::new(&Setup::default().routes(both), &vendors);
    let server = home.serve();
    server.ask(&by("both", &person("cust-1"))).await.good();
    let asked = |key: &str, more: &[&str]| {
        let mut command = program();
        let command = command.args(["compare", "--server", server.url.as_str(), "--left", "idenfy"]);
        output(command.args(more).env("RISK_GATEWAY_KEY", key), "")
    };
    let told = asked(&server.key, &["--right", "youverify", "--json"]);
    assert_eq!((told.status.code(), text(&told.stderr).as_str()), (Some(0), ""), "{told:?}");
    let report: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    assert_eq!(
        (&report["n"], &report["verdict"], &report["left"]),
        (&json!(1), &json!("inconclusive"), &json!("idenfy"))
    );
    assert_eq!(report["service"]["left"]["attempts"], 1);
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("report.html");
    let page = page.to_str().expect("UTF-8");
    let written = asked(&server.key, &["--right", "youverify", "--html", page]);
    assert_eq!(written.status.code(), Some(0), "{written:?}");
    assert!(std::fs::read_to_string(page).expect("a page").contains("youverify"));
    for (key, more, says) in [
        (server.key.as_str(), ["--right", "youverifi"], "did you mean"),
        ("nonsense", ["--right", "youverify"], "refused with 401"),
        ("", ["--right", "youverify"], "RISK_GATEWAY_KEY"),
    ] {
        let refused = asked(key, &more);
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        assert!(text(&refused.stderr).contains(says), "{refused:?}");
    }
    let mixed = asked(&server.key, &["--pairs", "x.csv"]);
    assert_eq!(mixed.status.code(), Some(2), "{mixed:?}");
}
