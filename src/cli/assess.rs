//! `risk-gateway assess`

use std::{
    fs,
    io::{self, Read},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;

use super::{ConfigArgument, Name, output};
use crate::{
    api::{AssessRequest, add_raw, parse_request, problem::Problem},
    app::App,
    clock::Clock,
    ids::RequestId,
};

const EXAMPLE: &str = r#"Example:
  echo '{"subject": {"reference": "cust-42", "type": "business", "business_name": "Acme", "country": "NG",
        "city": "lagos"}}' | risk-gateway assess --route default"#;

/// Ask about one subject, without a server.
///
/// Takes the same JSON as POST /v1/assessments, from a file or from stdin, asks the vendors of the configuration
/// and prints the assessment. It is recorded in the same store. Vendors may bill it.
///
/// With --json a refusal is printed to stdout as the problem document that the API would send.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Assess {
    #[command(flatten)]
    config: ConfigArgument,
    /// The request; "-" reads stdin.
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// The route to take, instead of the request's own.
    #[arg(long)]
    route: Option<String>,
    /// The team in whose name to ask.
    #[arg(long, default_value = "default")]
    team: Name,
    /// Print compact JSON, also for a refusal.
    #[arg(long)]
    json: bool,
}

// === impl Assess ===

impl Assess {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let request = match self.request()? {
            Ok(request) => request,
            Err(problem) => return self.refuse(&problem),
        };
        let app = App::start(self.config.load()?, Clock::system()).await?;
        let with_raw = request.wants_raw();
        let question = request.question(RequestId::new(), self.team.as_str(), Clock::system().today());
        let mut result = match question {
            Ok(question) => app.assessor.assess(question).await.map_err(Problem::from),
            Err(problems) => Err(Problem::fields(problems)),
        };
        if let (true, Ok(answer)) = (with_raw, &mut result) {
            add_raw(&app.store, &mut answer.assessment).await?;
        }
        app.close().await;
        match result {
            Ok(answer) => {
                let assessment = &answer.assessment;
                let text = if self.json {
                    serde_json::to_string(assessment)
                } else {
                    serde_json::to_string_pretty(assessment)
                };
                output::line(&text?)?;
                Ok(ExitCode::SUCCESS)
            }
            Err(problem) => self.refuse(&problem),
        }
    }

    fn request(&self) -> anyhow::Result<Result<AssessRequest, Problem>> {
        let bytes = if self.file.as_os_str() == "-" {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).context("stdin cannot be read")?;
            bytes
        } else {
            fs::read(&self.file).with_context(|| format!("{} cannot be read", self.file.display()))?
        };
        Ok(parse_request(&bytes).map(|request: AssessRequest| AssessRequest {
            route: self.route.clone().or(request.route),
            ..request
        }))
    }

    fn refuse(&self, problem: &Problem) -> anyhow::Result<ExitCode> {
        if self.json {
            output::line(&serde_json::to_string(problem)?)?;
        } else {
            output::error(&anyhow::anyhow!("{}: {}", problem.code(), problem.detail()));
        }
        Ok(ExitCode::FAILURE)
    }
}
