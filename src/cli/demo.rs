//! `risk-gateway demo`

use std::{net::SocketAddr, path::Path, process::ExitCode};

use anyhow::{Context, anyhow};
use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{output, sandbox::Vendors, stop};
use crate::{
    api::{AssessRequest, parse_request, server},
    app::App,
    clock::Clock,
    config::{Config, Environment},
    ids::{self, RequestId},
    keys::{CreatedKey, KeyEnvironment, KeyOwner, Scopes},
};

const SUBJECTS: &str = include_str!("demo/subjects.json");
const TEAM: &str = "demo";
/// The vendors' documented example subject.
const EXAMPLE: &str = r#"{"subject": {"reference": "cust-42", "type": "individual",
 "name": {"first": "Ahmed", "last": "Al Khalid"}, "country": "NG", "city": "lagos",
 "industry": "arms_dealers", "months_at_address": 30, "account_age_months": 50,
 "kyc": {"verified_by": "nobody"}, "previous_risk_score": 40, "previous_adverse_media_score": 60}}"#;

/// Run the gateway with both vendors played on this machine.
///
/// Needs nothing: no credentials, no configuration, no network. The store is in a temporary folder that is gone
/// afterwards. Prints a curl command that asks about a first subject. Routes: "default" (iDenfy, then Youverify),
/// "idenfy" and "youverify".
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Where the gateway listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Print one JSON line once ready: url, key, curl, and the played vendors' addresses.
    #[arg(long)]
    json: bool,
}

// === impl Demo ===

impl Demo {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let listener = server::listen(self.listen).await.with_context(|| {
            format!("cannot listen on {}; choose another address with --listen", self.listen)
        })?;
        let url = format!("http://{}", listener.local_addr()?);
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let vendors = Vendors::start(anywhere, anywhere, 0).await?;
        let folder = tempfile::tempdir().context("no temporary folder could be made")?;
        let config = configuration(&vendors, folder.path())?;
        let clock = Clock::system();
        let scopes: Scopes = "all".parse()?;
        let app = App::start(config, clock.clone()).await?;
        let owner =
            KeyOwner { team: TEAM.to_owned(), name: "demo".to_owned(), environment: KeyEnvironment::Live };
        let created = CreatedKey::new(&app.hash_key, &owner, &scopes, clock.now())?;
        app.store.add_key(created.stored).await?;
        seed(&app, &clock).await?;
        let key = created.key.expose_secret();
        let curl = format!(
            "curl -s {url}/v1/assessments -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d '{}'",
            EXAMPLE.replace('\n', "")
        );
        self.announce(&url, key, &curl, &vendors)?;
        app.serve(listener, stop::signalled()).await;
        vendors.shutdown().await;
        Ok(ExitCode::SUCCESS)
    }

    fn announce(&self, url: &str, key: &str, curl: &str, vendors: &Vendors) -> anyhow::Result<()> {
        let (idenfy, youverify) = (vendors.idenfy.base_url(), vendors.youverify.base_url());
        if self.json {
            let sandbox = json!({ "idenfy": idenfy, "youverify": youverify });
            return output::line(
                &json!({ "url": url, "key": key, "curl": curl, "sandbox": sandbox }).to_string(),
            );
        }
        output::line(&format!(
            "The Risk Gateway runs at {url}, API documentation at {url}/docs\n\n\
             Ask about a subject:\n\n  {curl}\n\n\
             Take the first vendor down, then ask again with another reference: the second one answers.\n\n  \
             curl -d '{{\"kind\": \"unavailable\"}}' {idenfy}/_sandbox/faults\n\n\
             Bring it back:\n\n  curl -X DELETE {idenfy}/_sandbox/faults\n\n\
             Vendors played here: iDenfy {idenfy}, Youverify {youverify}. Stop with Ctrl-C."
        ))
    }
}

fn configuration(vendors: &Vendors, folder: &Path) -> anyhow::Result<Config> {
    let master_key = STANDARD.encode(ids::random_bytes::<32>()?);
    let text = format!(
        "[store]\nurl = \"sqlite:{}\"\n[security]\nmaster_key = \"{master_key}\"\n{}",
        folder.join("demo.db").display(),
        vendors.configuration()
    );
    let nothing = Environment::from_fn(|_| None);
    Config::parse(&text, &nothing)
        .map_err(|problems| anyhow!("the demo's configuration is not usable: {problems:?}"))
}

/// Asks about a few subjects, so that there is something to look at.
async fn seed(app: &App, clock: &Clock) -> anyhow::Result<()> {
    let subjects: Vec<Value> = serde_json::from_str(SUBJECTS)?;
    for (index, subject) in subjects.into_iter().enumerate() {
        let route = if index % 2 == 0 { "idenfy" } else { "youverify" };
        let request = json!({ "route": route, "subject": subject, "purpose": "demo" }).to_string();
        let request: AssessRequest = parse_request(request.as_bytes())
            .map_err(|problem| anyhow!("a demo subject is refused: {problem:?}"))?;
        let question = request.question(RequestId::new(), TEAM, clock.today());
        let question = question.map_err(|problems| anyhow!("a demo subject is refused: {problems:?}"))?;
        app.assessor.assess(question).await.context("a demo subject got no answer")?;
    }
    Ok(())
}
