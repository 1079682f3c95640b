//! `risk-gateway compare`

mod server;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, anyhow};
use clap::Args;
use risk_provider::Level;

use super::output;
use crate::compare::{Bootstrap, Context, Minimum, Report, Service, Settings, csv, html, text};

const EXAMPLE: &str = "Example:
  printf 'left_score,right_score,outcome\\n12,20,negative\\n79.5,88,positive\\n41,39,\\n' > pairs.csv
  risk-gateway compare --pairs pairs.csv --left idenfy --right youverify --html report.html

Columns of the file, by name, in any order: left_score and right_score (0 to 100; blank: no answer),
and, where you have them, left_level and right_level (very_low to very_high; blank: the score's own),
outcome (positive, negative; blank: not known), segment, and subject_id: of several lines about one
subject the scores of the first count, and a positive outcome of any. Others are passed over. Write a line for every subject that both were asked
about, flagged or not: from flagged ones alone nobody wins.

Against a server, with a key of scope compare in RISK_GATEWAY_KEY:
  risk-gateway compare --server http://127.0.0.1:8080 --left idenfy --right youverify --from 2026-01-01";

const NO_SUBJECTS: &str = "The file has no column subject_id, so nobody can tell whether a subject counts several times: \
    intervals take every line for another one.";

const POPULATION: &str = "The file is taken for everybody whom both were asked about, or for a random sample of them, also those of \
    whom no outcome is known. Whatever was left out by score, flag or outcome may decide who looks better.";

/// Compare two providers on pairs of answers about the same subjects.
///
/// Reads pairs from a file, and needs neither a server nor a configuration then; or asks a server about its own. Tells how
/// far both sides agree, and, where outcomes are known, which one is right more often, how sure that is, and how much
/// data it takes: promote, keep, extend, complementary or inconclusive. Agreement alone names no winner.
///
/// Left is the incumbent, right the challenger. A line that is not understood refuses the file.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Compare {
    /// The pairs, as CSV with a header line; "-" reads stdin.
    #[arg(long, value_name = "FILE", required_unless_present = "server")]
    pairs: Option<PathBuf>,
    #[command(flatten)]
    server: server::ServerArguments,
    /// Print the whole report as one JSON line.
    #[arg(long)]
    json: bool,
    /// Write the report as one self-contained page, to attach to a paper.
    #[arg(long, value_name = "OUT")]
    html: Option<PathBuf>,
    /// What the left side is called: the incumbent. A server's provider.
    #[arg(long, value_name = "NAME", default_value = "left")]
    left: String,
    /// What the right side is called: the challenger. A server's provider.
    #[arg(long, value_name = "NAME", default_value = "right")]
    right: String,
    #[command(flatten)]
    settings: SettingArguments,
}

/// What the comparison takes for granted.
#[derive(Debug, Args)]
struct SettingArguments {
    /// How sure intervals are.
    #[arg(long, value_name = "SHARE", default_value = "0.95", value_parser = inside)]
    confidence: f64,
    /// The smallest difference between two areas under the curve that is worth acting upon.
    #[arg(long, value_name = "AREA", default_value = "0.02", value_parser = inside)]
    margin: f64,
    /// How often such a difference should be found, for sample sizes.
    #[arg(long, value_name = "SHARE", default_value = "0.8", value_parser = inside, conflicts_with = "server")]
    power: f64,
    /// The share of subjects that can be investigated.
    #[arg(long, value_name = "SHARE", default_value = "0.1", value_parser = part)]
    capacity: f64,
    /// From this level on a subject is flagged.
    #[arg(long, value_name = "LEVEL", default_value = "high", value_parser = level)]
    flag_level: Level,
    /// The file holds everybody whom both were asked about, or a random sample of them, though many are flagged.
    #[arg(long, conflicts_with = "server")]
    everybody: bool,
    /// Below this many pairs nothing is concluded, nor about a segment.
    #[arg(long, value_name = "COUNT", default_value = "100", conflicts_with = "server")]
    min_pairs: u64,
    /// Below this many positive outcomes nothing is concluded.
    #[arg(long, value_name = "COUNT", default_value = "30", conflicts_with = "server")]
    min_positives: u64,
    /// Below this many negative outcomes nothing is concluded.
    #[arg(long, value_name = "COUNT", default_value = "30", conflicts_with = "server")]
    min_negatives: u64,
    /// Where the pseudo-random numbers of resamples start.
    #[arg(long, value_name = "NUMBER", default_value = "1", conflicts_with = "server")]
    seed: u64,
}

// === impl Compare ===

impl Compare {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let (report, told) = match &self.pairs {
            Some(pairs) => {
                let report = self.of_file(pairs)?;
                let told = serde_json::to_string(&report)?;
                (report, told)
            }
            None => self.server.ask(&self.left, &self.right, &self.settings).await?,
        };
        if let Some(page) = &self.html {
            fs::write(page, html::page(&report))
                .with_context(|| format!("{} cannot be written", page.display()))?;
            output::progress(&format!("wrote {}", page.display()));
        }
        if self.json {
            output::line(&told)?;
        } else if self.html.is_none() {
            output::line(&text::summary(&report))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn of_file(&self, pairs: &Path) -> anyhow::Result<Report> {
        let found = read(pairs)?;
        let reason = Some("a file of pairs does not tell".to_owned());
        let context = Context {
            left: self.left.clone(),
            right: self.right.clone(),
            funnel: found.funnel,
            unpaired: found.unpaired,
            service: Service { reason, ..Service::default() },
            notes: (!self.settings.everybody)
                .then_some(POPULATION)
                .into_iter()
                .chain((!found.tells_subjects).then_some(NO_SUBJECTS))
                .map(str::to_owned)
                .collect(),
            ..Context::default()
        };
        Ok(Report::of(&found.pairs, &self.settings.checked()?, context))
    }
}

fn read(file: &Path) -> anyhow::Result<csv::Found> {
    if file.as_os_str() == "-" {
        return csv::read(io::stdin().lock()).context("the pairs from stdin are not usable");
    }
    let input = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    csv::read(input).with_context(|| format!("{} is not usable", file.display()))
}

// === impl SettingArguments ===

impl SettingArguments {
    fn checked(&self) -> anyhow::Result<Settings> {
        let minimum =
            Minimum { pairs: self.min_pairs, positives: self.min_positives, negatives: self.min_negatives };
        let bootstrap = Bootstrap { seed: self.seed, ..Bootstrap::default() };
        let settings = Settings {
            confidence: self.confidence,
            margin: self.margin,
            power: self.power,
            capacity: self.capacity,
            flag_level: self.flag_level,
            everybody: self.everybody,
            minimum,
            bootstrap,
            ..Settings::default()
        };
        Ok(settings.checked()?)
    }
}

/// A number above 0 and below 1.
fn inside(text: &str) -> anyhow::Result<f64> {
    number(text).filter(|&value| value < 1.0).ok_or_else(|| anyhow!("write a number above 0 and below 1"))
}

/// A number above 0, up to 1.
fn part(text: &str) -> anyhow::Result<f64> {
    number(text).filter(|&value| value <= 1.0).ok_or_else(|| anyhow!("write a number above 0 and up to 1"))
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|&value: &f64| value > 0.0)
}

fn level(text: &str) -> anyhow::Result<Level> {
    let level = Level::ALL.into_iter().find(|level| level.as_str() == text);
    level.ok_or_else(|| anyhow!("write very_low, low, medium, high or very_high"))
}
