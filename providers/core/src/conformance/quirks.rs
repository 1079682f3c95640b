//! A vendor's quirks: each has a row in the adapter's README, and each row names tests that are there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Checks the table of quirks in the README of the crate at `directory`, labelled `prefix` and 1 to `count`.
///
/// A row is `| Q-ID-1 what it is | tests |`, its last column naming tests such as `file::a_test` between backticks.
/// Each label has one row; each test that a row names is a function of the crate; and each function called after a label, such as `q_id_1_ids_may_be_numbers`, stands
/// in that label's row. Each label has at least one such function.
///
/// # Panics
///
/// With everything that does not hold.
pub fn check_quirks(directory: impl AsRef<Path>, prefix: &str, count: u32) {
    let problems = read(directory.as_ref()).map_or_else(
        |error| vec![format!("the crate cannot be read: {error}")],
        |(readme, functions)| problems(&readme, &functions, prefix, count),
    );
    assert!(problems.is_empty(), "quirks:\n  {}", problems.join("\n  "));
}

/// The README, and the names of all functions in `src` and `tests`.
fn read(directory: &Path) -> std::io::Result<(String, BTreeSet<String>)> {
    let readme = fs::read_to_string(directory.join("README.md"))?;
    let mut folders: Vec<PathBuf> = vec![directory.join("src"), directory.join("tests")];
    let mut functions = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                functions.extend(named(&fs::read_to_string(path)?));
            }
        }
    }
    Ok((readme, functions))
}

/// The names after `fn`.
fn named(source: &str) -> Vec<String> {
    let after = source.split("fn ").skip(1);
    let name = |text: &str| {
        text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().map(str::to_owned)
    };
    after.filter_map(name).filter(|name| !name.is_empty()).collect()
}

fn problems(readme: &str, functions: &BTreeSet<String>, prefix: &str, count: u32) -> Vec<String> {
    let mut problems = Vec::new();
    for number in 1..=count {
        let label = format!("{prefix}-{number}");
        let start = format!("| {label} ");
        let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with(&start)).collect();
        let [row] = rows.as_slice() else {
            problems.push(format!("{label} has {} rows in README.md, should have one", rows.len()));
            continue;
        };
        let column = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        let told: BTreeSet<&str> =
            column.split('`').skip(1).step_by(2).filter_map(|path| path.rsplit("::").next()).collect();
        let missing = told.iter().filter(|name| !functions.contains(**name));
        problems
            .extend(missing.map(|name| format!("{label} names `{name}`, which is no function of the crate")));
        let own = format!("{}_", label.to_lowercase().replace('-', "_"));
        let called: Vec<&String> = functions.iter().filter(|name| name.starts_with(&own)).collect();
        if called.is_empty() {
            problems.push(format!("{label} has no test: call one {own}…"));
        }
        let untold = called.iter().filter(|name| !told.contains(name.as_str()));
        problems.extend(untold.map(|name| format!("{label} does not name its test `{name}`")));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_tests_are_held_against_each_other() {
        let readme = "| quirk | test |\n|---|---|\n| Q-T-1 `odd` | `a::q_t_1_is_read`, `other` |\n\
                      | Q-T-2 odd | `gone` |\n| Q-T-4 x | `q_t_4_a` |\n| Q-T-4 x | `q_t_4_a` |\n";
        let source = "async fn q_t_1_is_read() {}\nfn other() {}\nfn q_t_2_untold<T>() {}\nfn q_t_4_a() {}";
        let functions = named(source).into_iter().collect();
        let found = problems(readme, &functions, "Q-T", 4);
        let expected = [
            "Q-T-2 names `gone`, which is no function of the crate",
            "Q-T-2 does not name its test `q_t_2_untold`",
            "Q-T-3 has 0 rows in README.md, should have one",
            "Q-T-4 has 2 rows in README.md, should have one",
        ];
        assert_eq!(found, expected);
        assert_eq!(
            problems("| Q-T-1 odd | `x` |", &BTreeSet::from(["x".to_owned()]), "Q-T", 1),
            ["Q-T-1 has no test: call one q_t_1_…"]
        );
    }
}
