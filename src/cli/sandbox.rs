//! `risk-gateway sandbox`

use std::{net::SocketAddr, process::ExitCode};

use anyhow::Context;
use clap::Args;
use risk_provider_sandbox::{DEMO_PROFILE_ID, Sandbox, Settings, Vendor};
use serde_json::json;

use super::{output, stop};

/// Providers and routes for the played vendors, with their addresses and credentials still to be filled in.
const CONFIG: &str = include_str!("sandbox/config.toml");

/// Play both vendors' APIs on this machine.
///
/// Answers as the vendors' documents say, the same for the same subject, and plays faults on demand: POST one to
/// /_sandbox/faults of either address, DELETE them there, and GET /_sandbox/calls to see what was asked and what
/// would have been billed.
#[derive(Debug, Args)]
pub(super) struct SandboxCommand {
    /// Where iDenfy listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9101")]
    idenfy: SocketAddr,
    /// Where Youverify listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9102")]
    youverify: SocketAddr,
    /// Changes every answer that is not fixed by the documents.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print one JSON line with addresses and credentials once ready.
    #[arg(long)]
    json: bool,
}

/// Both vendors, running.
pub(super) struct Vendors {
    pub(super) idenfy: Sandbox,
    pub(super) youverify: Sandbox,
    pub(super) settings: Settings,
}

// === impl Vendors ===

impl Vendors {
    pub(super) async fn start(idenfy: SocketAddr, youverify: SocketAddr, seed: u64) -> anyhow::Result<Self> {
        let settings = Settings { seed, ..Settings::default() };
        let start = async |vendor, listen| {
            let settings = Settings { listen, ..settings.clone() };
            let option = if vendor == Vendor::Idenfy { "--idenfy" } else { "--youverify" };
            let busy = || format!("cannot listen on {listen}; choose another address with {option}");
            Sandbox::start(vendor, &settings).await.with_context(busy)
        };
        let idenfy = start(Vendor::Idenfy, idenfy).await?;
        let youverify = start(Vendor::Youverify, youverify).await?;
        Ok(Self { idenfy, youverify, settings })
    }

    /// A gateway's providers and routes for these vendors, as TOML.
    pub(super) fn configuration(&self) -> String {
        let Settings { idenfy_api_key, idenfy_api_secret, youverify_token, .. } = &self.settings;
        let values = [
            ("${IDENFY_URL}", self.idenfy.base_url()),
            ("${IDENFY_API_KEY}", idenfy_api_key.clone()),
            ("${IDENFY_API_SECRET}", idenfy_api_secret.clone()),
            ("${IDENFY_PROFILE}", DEMO_PROFILE_ID.to_owned()),
            ("${YOUVERIFY_URL}", self.youverify.base_url()),
            ("${YOUVERIFY_TOKEN}", youverify_token.clone()),
        ];
        values.iter().fold(CONFIG.trim().to_owned(), |text, (name, value)| text.replace(name, value))
    }

    pub(super) async fn shutdown(self) {
        self.idenfy.shutdown().await;
        self.youverify.shutdown().await;
    }
}

// === impl SandboxCommand ===

impl SandboxCommand {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let vendors = Vendors::start(self.idenfy, self.youverify, self.seed).await?;
        let (idenfy, youverify) = (vendors.idenfy.base_url(), vendors.youverify.base_url());
        let Settings { idenfy_api_key, idenfy_api_secret, youverify_token, .. } = &vendors.settings;
        if self.json {
            let ready = json!({
                "config": vendors.configuration(),
                "idenfy": { "url": idenfy, "api_key": idenfy_api_key, "api_secret": idenfy_api_secret, "profile": DEMO_PROFILE_ID },
                "youverify": { "url": youverify, "token": youverify_token },
            });
            output::line(&ready.to_string())?;
        } else {
            output::line(&format!(
                "iDenfy     {idenfy}  api_key {idenfy_api_key}  api_secret {idenfy_api_secret}  profile {DEMO_PROFILE_ID}\n\
                 Youverify  {youverify}  token {youverify_token}\n\n\
                 A configuration for them, with the questions of that profile:\n\n{}\n\n\
                 A fault:   curl -d '{{\"kind\": \"hang\", \"times\": 3}}' {idenfy}/_sandbox/faults\n\
                 No faults: curl -X DELETE {idenfy}/_sandbox/faults\n\
                 Calls:     curl {idenfy}/_sandbox/calls\n\n\
                 Stop with Ctrl-C.",
                vendors.configuration()
            ))?;
        }
        stop::signalled().await;
        vendors.shutdown().await;
        Ok(ExitCode::SUCCESS)
    }
}
