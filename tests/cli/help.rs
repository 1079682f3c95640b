//! `--help` teaches.

use crate::process::{output, program, text};

const COMMANDS: [&[&str]; 12] = [
    &["serve"],
    &["demo"],
    &["assess"],
    &["compare"],
    &["import"],
    &["profiles"],
    &["profiles", "suggest"],
    &["profiles", "accept"],
    &["keys", "create"],
    &["config", "check"],
    &["config", "example"],
    &["sandbox"],
];

fn help(command: &[&str]) -> String {
    let output = output(program().args(command).arg("--help"), "");
    assert_eq!(output.status.code(), Some(0), "{command:?}: {output:?}");
    assert_eq!(text(&output.stderr), "", "{command:?}");
    text(&output.stdout)
}

#[test]
fn every_commands_help_says_what_it_does_and_explains_or_shows_how() {
    for command in COMMANDS {
        let help = help(command);
        let (told, options) = help.split_once("Usage:").expect("a usage");
        let teaches = told.split_whitespace().count() >= 12 || help.contains("Example");
        assert!(teaches, "{command:?}: {help}");
        assert!(options.contains("--json"), "{command:?} has --json: {help}");
        for line in options.lines().filter(|line| line.trim_start().starts_with("--")) {
            let option = line.split_whitespace().next().expect("a word");
            let after = options.split_once(line).map(|(_, after)| after).unwrap_or_default();
            let explained = line.trim().contains("  ")
                || after.lines().nth(1).is_some_and(|next| !next.trim().is_empty());
            assert!(explained, "{command:?}: {option} is explained: {help}");
        }
    }
}

#[test]
fn the_programs_own_help_names_every_command_and_where_to_start() {
    let help = help(&[]);
    for command in COMMANDS {
        assert!(help.contains(command[0]), "{command:?}: {help}");
    }
    assert!(help.contains("risk-gateway demo"), "{help}");
}

#[test]
fn groups_of_commands_have_help_too() {
    assert!(help(&["keys"]).contains("create"));
    assert!(help(&["config"]).contains("check"));
}

#[test]
fn the_help_of_assess_shows_an_example_that_works_as_printed() {
    let help = help(&["assess"]);
    let example = help.split_once("Example:").expect("an example").1;
    let subject = example.split('\'').nth(1).expect("a quoted request").replace('\n', " ");
    let request: serde_json::Value = serde_json::from_str(&subject).expect("JSON");
    assert!(request["subject"].is_object(), "{request}");
}

#[test]
fn a_command_that_is_not_there_is_told_with_exit_code_2() {
    for arguments in [&["surve"][..], &[], &["keys"], &["serve", "--cofnig", "x"], &["keys", "create"]] {
        let output = output(program().args(arguments), "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains("Usage:"), "{arguments:?}: {output:?}");
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn the_version_is_told() {
    let output = output(program().arg("--version"), "");
    assert_eq!(text(&output.stdout).trim(), concat!("risk-gateway ", env!("CARGO_PKG_VERSION")));
}
