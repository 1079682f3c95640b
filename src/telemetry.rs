//! Logs and metrics: set-up, names and labels in one place. Labels are bounded: route names, provider names and
//! fixed words; never a subject, a key or a path as sent.

use std::{fmt, io::IsTerminal, sync::Arc, time::Duration};

use metrics::{
    counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram, with_local_recorder,
};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use risk_provider::{Billed, FailureKind, Flag, ProviderName};
use tracing_subscriber::EnvFilter;

use crate::{assessment::Assessment, resilience::BreakerState};

const REQUESTS: &str = "risk_gateway_requests_total";
const REQUEST_SECONDS: &str = "risk_gateway_request_seconds";
const ANSWERS: &str = "risk_gateway_answers_total";
const REFUSALS: &str = "risk_gateway_refusals_total";
const FLAGS: &str = "risk_gateway_flags_total";
const ATTEMPTS: &str = "risk_gateway_attempts_total";
const VENDOR_SECONDS: &str = "risk_gateway_vendor_latency_seconds";
const OVERHEAD_SECONDS: &str = "risk_gateway_overhead_seconds";
const CACHE: &str = "risk_gateway_cache_total";
const BREAKER: &str = "risk_gateway_breaker_state";
const JOBS: &str = "risk_gateway_job_items_total";
const SHADOWS: &str = "risk_gateway_shadows_total";
const ALERTS: &str = "risk_gateway_alerts_total";
const STALE_MAPPING: &str = "risk_gateway_stale_mapping";

const LATENCY_BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
const OVERHEAD_BUCKETS: [f64; 14] = [
    0.000_05, 0.000_1, 0.000_15, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0,
];

/// One gateway's metrics. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Telemetry {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
}

// === impl Telemetry ===

impl Telemetry {
    /// Metrics that start at zero.
    ///
    /// # Errors
    ///
    /// When the buckets above are not usable.
    pub fn new() -> Result<Self, BuildError> {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full(REQUEST_SECONDS.to_owned()), &LATENCY_BUCKETS)?
            .set_buckets_for_metric(Matcher::Full(VENDOR_SECONDS.to_owned()), &LATENCY_BUCKETS)?
            .set_buckets_for_metric(Matcher::Full(OVERHEAD_SECONDS.to_owned()), &OVERHEAD_BUCKETS)?;
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        with_local_recorder(&recorder, describe);
        Ok(Self { recorder: Arc::new(recorder), handle })
    }

    /// Everything counted so far, in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }

    /// One HTTP request answered; `endpoint` is the path's template.
    pub fn request(&self, method: &str, endpoint: &str, status: u16, taken: Duration) {
        self.record(|| {
            let labels = [
                ("method", method.to_owned()),
                ("endpoint", endpoint.to_owned()),
                ("status", status.to_string()),
            ];
            counter!(REQUESTS, &labels).increment(1);
            histogram!(REQUEST_SECONDS, "endpoint" => endpoint.to_owned()).record(taken);
        });
    }

    /// One assessment given to a caller.
    pub fn answer(&self, assessment: &Assessment) {
        let provider = assessment.decided_by.as_ref().map_or("none", ProviderName::as_str).to_owned();
        let level = assessment.level.map_or("none", risk_provider::Level::as_str);
        let route = assessment.route.clone();
        let status = assessment.status.as_str();
        self.record(|| {
            counter!(ANSWERS, "route" => route, "provider" => provider, "level" => level, "status" => status)
                .increment(1);
        });
    }

    /// One request about a subject that nobody could answer.
    pub fn refusal(&self, route: &str, code: &'static str) {
        self.record(|| counter!(REFUSALS, "route" => route.to_owned(), "code" => code).increment(1));
    }

    /// A flag on a provider's fresh answer.
    pub fn flag(&self, provider: &ProviderName, flag: Flag) {
        self.record(|| {
            counter!(FLAGS, "provider" => provider.to_string(), "flag" => flag.as_str()).increment(1);
        });
    }

    /// The time a request took besides waiting for vendors.
    pub fn overhead(&self, route: &str, overhead: Duration) {
        self.record(|| histogram!(OVERHEAD_SECONDS, "route" => route.to_owned()).record(overhead));
    }

    /// One look into the cache: `hit`, `miss`, `stale`, `too_old` (for this caller), `joined` (a call under way),
    /// `adopted` (the answer to an earlier request for the same), `recovered` (found in the vendor's history) or
    /// `given_stale` (no longer fresh, and nobody answered).
    pub fn cache(&self, provider: &ProviderName, result: &'static str) {
        self.record(|| counter!(CACHE, "provider" => provider.to_string(), "result" => result).increment(1));
    }

    pub(crate) fn attempt(
        &self,
        provider: &ProviderName,
        operation: &str,
        outcome: &'static str,
        billed: Billed,
    ) {
        self.record(|| {
            let labels = [
                ("provider", provider.to_string()),
                ("operation", operation.to_owned()),
                ("outcome", outcome.to_owned()),
                ("billed", billed.as_str().to_owned()),
            ];
            counter!(ATTEMPTS, &labels).increment(1);
        });
    }

    pub(crate) fn vendor_latency(&self, provider: &ProviderName, operation: &str, taken: Duration) {
        self.record(|| {
            histogram!(VENDOR_SECONDS, "provider" => provider.to_string(), "operation" => operation.to_owned())
                .record(taken);
        });
    }

    pub(crate) fn breaker(&self, provider: &ProviderName, operation: &str, state: BreakerState) {
        let value = match state {
            BreakerState::Closed => 0.0,
            BreakerState::HalfOpen => 0.5,
            BreakerState::Open => 1.0,
        };
        self.record(|| {
            gauge!(BREAKER, "provider" => provider.to_string(), "operation" => operation.to_owned())
                .set(value);
        });
    }

    /// One item of durable work that ended, by what came of it.
    pub(crate) fn job(&self, kind: &'static str, outcome: &'static str) {
        self.record(|| counter!(JOBS, "kind" => kind, "outcome" => outcome).increment(1));
    }

    /// One question that was, or was not, put to a challenger.
    pub(crate) fn shadow(&self, provider: &ProviderName, outcome: &'static str) {
        self.record(|| {
            counter!(SHADOWS, "provider" => provider.to_string(), "outcome" => outcome).increment(1);
        });
    }

    pub(crate) fn alert(&self, provider: &ProviderName, kind: FailureKind) {
        self.record(|| {
            counter!(ALERTS, "provider" => provider.to_string(), "kind" => kind.as_str()).increment(1);
        });
    }

    /// Whether the provider's questionnaire changed since its mapping was accepted.
    pub(crate) fn stale_mapping(&self, provider: &ProviderName, stale: bool) {
        let value = if stale { 1.0 } else { 0.0 };
        self.record(|| gauge!(STALE_MAPPING, "provider" => provider.to_string()).set(value));
    }

    fn record(&self, work: impl FnOnce()) {
        with_local_recorder(self.recorder.as_ref(), work);
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Telemetry")
    }
}

fn describe() {
    describe_counter!(REQUESTS, "HTTP requests answered, by method, endpoint and status");
    describe_histogram!(REQUEST_SECONDS, "Time to answer an HTTP request");
    describe_counter!(ANSWERS, "Assessments given, by route, deciding provider, level and status");
    describe_counter!(REFUSALS, "Requests about a subject that nobody could answer, by route and code");
    describe_counter!(FLAGS, "Flags on providers' fresh answers");
    describe_counter!(ATTEMPTS, "Exchanges with vendors, made or refused, by outcome and billing");
    describe_histogram!(VENDOR_SECONDS, "Time a vendor took to answer");
    describe_histogram!(OVERHEAD_SECONDS, "Time of a request besides waiting for vendors");
    describe_counter!(CACHE, "Looks into the cache, by result");
    describe_gauge!(BREAKER, "0 closed, 0.5 half-open, 1 open");
    describe_counter!(JOBS, "Items of durable work that ended or were put off, by outcome");
    describe_counter!(SHADOWS, "Questions put to challengers, and those left out, by outcome");
    describe_counter!(ALERTS, "Failures that need an operator, by kind");
    describe_gauge!(STALE_MAPPING, "1 while the vendor's questionnaire is another than the accepted one");
}

/// Sends logs to stderr: JSON lines, or plain ones on a terminal. `filter` is as `RUST_LOG`.
///
/// Does nothing when logs are set up already.
pub fn init_logs(filter: Option<&str>) {
    let filter = filter.map_or_else(|| EnvFilter::new("info"), EnvFilter::new);
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // An error only says that a subscriber is in place.
    if std::io::stderr().is_terminal() {
        drop(logs.try_init());
    } else {
        drop(logs.json().try_init());
    }
}
