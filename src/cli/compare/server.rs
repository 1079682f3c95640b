//! Asking a server to compare its own pairs.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use http::header::AUTHORIZATION;
use risk_provider::{Transport, VendorRequest};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::SettingArguments;
use crate::{clock::Clock, compare::Report, config::Environment};

const KEY: &str = "RISK_GATEWAY_KEY";
const PATIENCE: Duration = Duration::from_secs(120);

/// Which of a server's pairs are compared.
#[derive(Debug, Args)]
pub(super) struct ServerArguments {
    /// The address of a gateway to ask about its own pairs, with a key from the environment.
    #[arg(long, value_name = "URL", conflicts_with = "pairs")]
    server: Option<Url>,
    /// Pairs made then or later: a day in UTC or a time.
    #[arg(long, value_name = "DAY", requires = "server")]
    from: Option<String>,
    /// Pairs made until the end of that day, or before that time.
    #[arg(long, value_name = "DAY", requires = "server")]
    to: Option<String>,
    /// How far apart in time two answers of a pair may be.
    #[arg(long, value_name = "TIME", requires = "server")]
    window: Option<String>,
    /// By what to divide the pairs: type, country, route or source.
    #[arg(long, value_name = "KEY", requires = "server")]
    segment: Option<String>,
    /// The outcomes that make a subject a case, with commas between them.
    #[arg(long, value_name = "TYPES", requires = "server")]
    positive: Option<String>,
}

// === impl ServerArguments ===

impl ServerArguments {
    /// The server's report, also as it came.
    pub(super) async fn ask(
        &self,
        left: &str,
        right: &str,
        settings: &SettingArguments,
    ) -> anyhow::Result<(Report, String)> {
        let server = self.server.as_ref().ok_or_else(|| anyhow!("give --pairs or --server"))?;
        let key = Environment::system().get(KEY).filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| anyhow!("put a key of scope compare into the variable {KEY}"))?;
        let url = self.address(server, left, right, settings);
        let request =
            VendorRequest::read("comparison", url).with_secret(AUTHORIZATION, &format!("Bearer {key}"));
        let request = request.map_err(|_unusable| anyhow!("the variable {KEY} holds no key"))?;
        let clock = Clock::system();
        let transport = Transport::new(Arc::new(move || clock.now()))?;
        let answer = transport.send(request, Instant::now() + PATIENCE).await;
        let answer = answer.with_context(|| format!("{server} did not answer"))?;
        let text = answer.text()?.trim();
        if answer.status != 200 {
            let problem: Value = serde_json::from_str(text).unwrap_or_default();
            let detail = problem.get("detail").and_then(Value::as_str).unwrap_or("not a gateway's answer");
            bail!("{server} refused with {}: {detail}", answer.status);
        }
        let report = serde_json::from_str(text)
            .with_context(|| format!("{server} answered in another shape; is it of this version?"))?;
        Ok((report, text.to_owned()))
    }

    fn address(&self, server: &Url, left: &str, right: &str, settings: &SettingArguments) -> Url {
        let mut url = risk_provider::transport::join(server, "/v1/comparisons");
        let numbers = [
            ("confidence", settings.confidence),
            ("margin", settings.margin),
            ("capacity", settings.capacity),
        ];
        let mut query = url.query_pairs_mut();
        query.append_pair("left", left).append_pair("right", right);
        query.append_pair("flag_level", settings.flag_level.as_str());
        for (name, value) in numbers {
            query.append_pair(name, &value.to_string());
        }
        let asked = [
            ("from", &self.from),
            ("to", &self.to),
            ("window", &self.window),
            ("segment", &self.segment),
            ("positive", &self.positive),
        ];
        for (name, value) in asked {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        drop(query);
        url
    }
}
