//! Every fault of either vendor in every strategy, with a shadow and without: who is healthy answers in time, nothing
//! good comes out of a fault, and nobody is paid twice.
//!
//! The faults stand in one table that is at the same time an exhaustive `match`: a new kind of fault does not compile
//! until it has its row.

use std::{fmt, time::Duration};

use risk_provider_sandbox::{CreditGuise, Depth, Fault, FaultKind, ImpossibleForm, PROFILE_ID, Vendor};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    gateway::Gateway,
    http::attempts,
    subjects::{by, person},
    vendors::Setup,
};

const DEADLINE: Duration = Duration::from_secs(10);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(5);
/// Gateways at once.
const AT_ONCE: usize = 6;

/// What a fault of the paid call comes to.
#[derive(Debug, Clone, Copy)]
enum Ending {
    /// There is no answer to be had: what the attempt says, and whether the vendor charged.
    Fails { outcome: &'static str, billed: &'static str, charged: bool },
    /// There is one, of whatever worth.
    Answers,
}

/// How a route chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Failover,
    Hedged,
    Split,
    Consensus,
}

/// One route before one faulty vendor.
#[derive(Debug, Clone, Copy)]
struct Row {
    faulty: Vendor,
    way: Way,
    /// Whether another provider is asked for comparison, of the faulty vendor too.
    shadowed: bool,
}

/// The table: kinds of fault, their forms, and what they come to.
macro_rules! faults {
    ($($kinds:pat => [$($form:expr),+], $ending:expr;)+) => {
        const EVERY_FAULT: &[FaultKind] = &[$($($form),+),+];

        const fn ending(fault: FaultKind) -> Ending {
            match fault {
                $($kinds => $ending,)+
            }
        }
    };
}

const fn fails(outcome: &'static str, billed: &'static str, charged: bool) -> Ending {
    Ending::Fails { outcome, billed, charged }
}

use FaultKind::{
    BadGatewayHtml, CutBody, CutJson, Empty, Hang, HangAfterBilling, Html, HugeBody, ImpossibleScore,
    Latency, MethodNotAllowed, NotFound, OutOfCredit, RateLimited, Redirect, Reset, ResetAfterBilling,
    ServerError, SlowDrip, SuccessFalse, Unanswered, Unauthorized, Unavailable, UnknownLevel, WrongShape,
    WrongSubject,
};

faults! {
    Hang => [Hang], fails("unknown_outcome", "unknown", false);
    HangAfterBilling => [HangAfterBilling], fails("unknown_outcome", "unknown", true);
    Unauthorized => [Unauthorized], fails("bad_credentials", "no", false);
    OutOfCredit { .. } => [
        OutOfCredit { guise: CreditGuise::PaymentRequired },
        OutOfCredit { guise: CreditGuise::BadRequest },
        OutOfCredit { guise: CreditGuise::Forbidden }
    ], fails("out_of_credit", "no", false);
    RateLimited { .. } => [
        RateLimited { retry_after_s: None, http_date: false },
        RateLimited { retry_after_s: Some(9), http_date: false },
        RateLimited { retry_after_s: Some(9), http_date: true }
    ], fails("rate_limited", "no", false);
    ServerError | Unavailable | BadGatewayHtml => [ServerError, Unavailable, BadGatewayHtml],
        fails("vendor_error", "unknown", false);
    SuccessFalse { .. } => [SuccessFalse { depth: Depth::Outer }, SuccessFalse { depth: Depth::Inner }],
        fails("vendor_error", "unknown", false);
    // What answers 200 counts as billed, and a page from in front of the vendor cannot be told apart.
    Html => [Html], fails("malformed", "yes", false);
    Empty | CutJson | WrongShape | HugeBody => [Empty, CutJson, WrongShape, HugeBody], fails("malformed", "yes", true);
    ImpossibleScore { .. } => [
        ImpossibleScore { form: ImpossibleForm::Above },
        ImpossibleScore { form: ImpossibleForm::Negative },
        ImpossibleScore { form: ImpossibleForm::Text },
        ImpossibleScore { form: ImpossibleForm::Null }
    ], fails("malformed", "yes", true);
    Reset => [Reset], fails("unknown_outcome", "unknown", false);
    ResetAfterBilling | CutBody => [ResetAfterBilling, CutBody], fails("unknown_outcome", "unknown", true);
    SlowDrip { .. } => [SlowDrip { interval_ms: 100 }], fails("unknown_outcome", "unknown", true);
    NotFound | MethodNotAllowed | Redirect => [NotFound, MethodNotAllowed, Redirect],
        fails("misconfigured", "no", false);
    Latency { .. } | UnknownLevel | Unanswered | WrongSubject =>
        [Latency { ms: 100 }, UnknownLevel, Unanswered, WrongSubject], Ending::Answers;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_either_vendor_in_every_strategy_with_a_shadow_and_without() {
    let mut rows = JoinSet::new();
    for row in Row::all() {
        if rows.len() == AT_ONCE {
            rows.join_next().await.expect("a row").expect("a good row");
        }
        rows.spawn(row.hold());
    }
    while let Some(row) = rows.join_next().await {
        row.expect("a good row");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_three_tries_allowed_what_may_have_been_billed_is_asked_once() {
    let lines = "breaker = { enabled = false }\ntimeout = \"1s\"\nattempts = 3\n";
    let gateway = Gateway::with(Setup::default().idenfy(lines).youverify(lines)).await;
    let may_be_billed = |fault: &&FaultKind| !matches!(ending(**fault), Ending::Fails { billed: "no", .. });
    for (number, &fault) in EVERY_FAULT.iter().filter(may_be_billed).enumerate() {
        for vendor in [Vendor::Idenfy, Vendor::Youverify] {
            let (name, _) = names(vendor);
            let (asked, charged) = asked_and_charged(&gateway, vendor);
            gateway.of(vendor).inject(Fault::new(fault).on(paid_operation(vendor)));
            let answer = gateway.ask(&by(name, &person(&format!("cust-{number}")))).await;
            gateway.of(vendor).clear_faults();
            let (asked_by_now, charged_by_now) = asked_and_charged(&gateway, vendor);
            assert_eq!(asked_by_now, asked + 1, "{fault:?} of {name}: {}", answer.text);
            assert!(charged_by_now <= charged + 1, "{fault:?} of {name}: {}", answer.text);
        }
    }
}

/// The attempts of calls that cost money, in no order.
fn paid_attempts(told: &Value) -> Vec<String> {
    let is_paid = |line: &String| line.contains("check:") || line.contains("assessment:");
    let mut lines: Vec<String> = attempts(told).into_iter().filter(is_paid).collect();
    lines.sort();
    lines
}

/// How many shadows have ended, in whatever way.
async fn shadows(gateway: &Gateway) -> u64 {
    let metrics = gateway.get("/metrics").await.text;
    let shadows = metrics.lines().filter(|line| line.starts_with("risk_gateway_shadows_total{"));
    shadows
        .map(|line| line.rsplit(' ').next().and_then(|count| count.parse::<u64>().ok()).expect("a count"))
        .sum()
}

/// How often the vendor was asked for what it charges for, and how often it charged.
fn asked_and_charged(gateway: &Gateway, vendor: Vendor) -> (usize, usize) {
    let calls = gateway.of(vendor).calls();
    let asked = calls.iter().filter(|call| call.operation == paid_operation(vendor)).count();
    (asked, gateway.of(vendor).billed())
}

/// The vendor's own word for what it charges for.
const fn paid_operation(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Idenfy => "check",
        Vendor::Youverify => "actor_assessment",
    }
}

/// The provider, and what its attempts call the same.
const fn names(vendor: Vendor) -> (&'static str, &'static str) {
    match vendor {
        Vendor::Idenfy => ("idenfy", "check"),
        Vendor::Youverify => ("youverify", "assessment"),
    }
}

const fn other(vendor: Vendor) -> Vendor {
    match vendor {
        Vendor::Idenfy => Vendor::Youverify,
        Vendor::Youverify => Vendor::Idenfy,
    }
}

// === impl Row ===

impl Row {
    fn all() -> impl Iterator<Item = Self> {
        let ways = [Way::Failover, Way::Hedged, Way::Split, Way::Consensus];
        let vendors = [Vendor::Idenfy, Vendor::Youverify];
        let of = move |faulty| ways.into_iter().map(move |way| (faulty, way));
        let both = |(faulty, way)| [false, true].map(|shadowed| Self { faulty, way, shadowed });
        vendors.into_iter().flat_map(of).flat_map(both)
    }

    /// Every fault, one after the other, through one gateway.
    async fn hold(self) {
        let gateway = Gateway::with(self.setup()).await;
        // So that questionnaires are read by the time that something goes wrong.
        gateway.ask(&by("row", &person("first"))).await.good();
        self.wait_for_shadows(&gateway, 0).await;
        for (number, &fault) in EVERY_FAULT.iter().enumerate() {
            // iDenfy has one envelope only.
            let is_known = !matches!(fault, SuccessFalse { depth: Depth::Inner });
            if is_known || self.faulty == Vendor::Youverify {
                self.hold_in(&gateway, fault, number).await;
            }
        }
    }

    /// A gateway whose breakers stay closed, so that no fault keeps the next one from the vendor.
    fn setup(self) -> Setup {
        const ON: &str = "breaker = { enabled = false }\n";
        let impatient = format!("{ON}timeout = \"1s\"\n");
        let setup = Setup::default().deadline("10s");
        let setup = match self.faulty {
            Vendor::Idenfy => setup.idenfy(&impatient).youverify(ON),
            Vendor::Youverify => setup.idenfy(ON).youverify(&impatient),
        };
        setup.routes(&format!(
            "{}{}",
            self.route(),
            if self.shadowed { self.rival(&impatient) } else { String::new() }
        ))
    }

    fn route(self) -> String {
        let (faulty, healthy) = (names(self.faulty).0, names(other(self.faulty)).0);
        let way = match self.way {
            Way::Failover => "",
            Way::Hedged => "hedge_after = \"800ms\"\n",
            Way::Split => "strategy = \"split\"\nweights = [1, 0]\n",
            Way::Consensus => "strategy = \"consensus\"\n",
        };
        // Whom the route asks itself is in its shadow too: it must not be paid a second time.
        let shadow = format!("shadow = {{ providers = [\"{faulty}\", \"rival\"], sample = 1.0 }}\n");
        let shadow = if self.shadowed { shadow.as_str() } else { "" };
        format!("[routes.row]\nproviders = [\"{faulty}\", \"{healthy}\"]\ndeadline = \"10s\"\n{way}{shadow}")
    }

    /// Another provider of the faulty vendor.
    fn rival(self, lines: &str) -> String {
        match self.faulty {
            Vendor::Idenfy => format!(
                "[providers.rival]\nkind = \"idenfy\"\nbase_url = \"${{IDENFY_URL}}\"\napi_key = \"${{IDENFY_API_KEY}}\"\n\
                 api_secret = \"${{IDENFY_API_SECRET}}\"\nprofile = \"{PROFILE_ID}\"\n{lines}[providers.rival.questions]\n\
                 \"Is shareholder PEP?\" = \"politically_exposed\"\n\"Shareholder residency\" = \"country\"\n"
            ),
            Vendor::Youverify => format!(
                "[providers.rival]\nkind = \"youverify-actor\"\nbase_url = \"${{YOUVERIFY_URL}}\"\n\
                 token = \"${{YOUVERIFY_TOKEN}}\"\n{lines}"
            ),
        }
    }

    async fn hold_in(self, gateway: &Gateway, fault: FaultKind, number: usize) {
        let healthy = other(self.faulty);
        let before = [self.faulty, healthy].map(|vendor| asked_and_charged(gateway, vendor));
        let shadows_before = shadows(gateway).await;
        gateway.of(self.faulty).inject(Fault::new(fault).on(paid_operation(self.faulty)));
        let began = Instant::now();
        let answer = gateway.ask(&by("row", &person(&format!("cust-{number}")))).await;
        let taken = began.elapsed();
        let cell = Cell { row: self, fault, told: answer.good() };
        assert!(taken < DEADLINE + SLACK, "{taken:?}: {cell}");
        cell.hold();
        self.wait_for_shadows(gateway, shadows_before).await;
        let so_far = || {
            let after = [self.faulty, healthy].map(|vendor| asked_and_charged(gateway, vendor));
            [0, 1].map(|index| (after[index].0 - before[index].0, after[index].1 - before[index].1))
        };
        // Whom a hedge overtook is asked all the same.
        let patience = Instant::now() + DEADLINE;
        while !cell.is_billed(so_far()[0]) && Instant::now() < patience {
            tokio::time::sleep(PAUSE).await;
        }
        gateway.of(self.faulty).clear_faults();
        let [of_faulty, of_healthy] = so_far();
        cell.hold_to_the_bill(of_faulty, of_healthy);
    }

    /// Whoever was to be asked for comparison was, or was left out.
    async fn wait_for_shadows(self, gateway: &Gateway, before: u64) {
        let patience = Instant::now() + DEADLINE;
        while self.shadowed && shadows(gateway).await < before + 2 {
            assert!(Instant::now() < patience, "a shadow does not end: {self:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// One fault in one row, and what the caller was told.
struct Cell {
    row: Row,
    fault: FaultKind,
    told: Value,
}

// === impl Cell ===

impl Cell {
    fn hold(&self) {
        let level = self.told["level"].as_str();
        assert!(!matches!(level, Some("low" | "very_low")), "{self}");
        for attempt in self.told["attempts"].as_array().expect("attempts") {
            assert_eq!(attempt["price"].is_null(), attempt["billed"] == "no", "{self}");
        }
        assert!(!self.told.to_string().contains("rival"), "a shadow is never told: {self}");
        let assigned = if self.row.way == Way::Split { json!(names(self.row.faulty).0) } else { Value::Null };
        assert_eq!(self.told["assigned_to"], assigned, "{self}");
        match ending(self.fault) {
            Ending::Fails { outcome, billed, .. } => self.hold_failed(outcome, billed),
            Ending::Answers => self.hold_answered(),
        }
    }

    fn hold_failed(&self, outcome: &str, billed: &str) {
        let ((faulty, operation), (healthy, its)) = (names(self.row.faulty), names(other(self.row.faulty)));
        let said = |outcome: &str, billed: &str| {
            let failed = format!("{faulty} {operation}: {outcome}, sent, billed {billed}");
            let mut lines = vec![failed, format!("{healthy} {its}: answered, sent, billed yes")];
            lines.sort();
            lines
        };
        let told = paid_attempts(&self.told);
        // On a busy machine the hedge may come first, and then the other is still under way, or not yet.
        let ahead = format!("{healthy} {its}: answered, sent, billed yes");
        let overtaken = told == said("unknown_outcome", "unknown") || told == [ahead];
        let overtaken = overtaken && self.row.way == Way::Hedged;
        assert!(told == said(outcome, billed) || overtaken, "{self}");
        let decided = (&self.told["decided_by"], &self.told["status"]);
        assert_eq!(decided, (&json!(healthy), &json!("completed")), "{self}");
        let providers = self.told["providers"].as_array().expect("providers");
        assert_eq!(providers.len(), 1, "{self}");
        let role = if self.row.way == Way::Consensus { "consensus" } else { "fallback" };
        let said = (&providers[0]["role"], &providers[0]["served"]);
        assert_eq!(said, (&json!(role), &json!("called")), "{self}");
        if self.row.way == Way::Consensus {
            assert_eq!(self.told["consensus"]["answered"], 1, "{self}");
            assert_eq!(self.told["policy"]["review_required"], true, "{self}");
        }
    }

    /// What the vendor says is weighed, whatever it is worth: nobody is asked in its place.
    fn hold_answered(&self) {
        let providers = self.told["providers"].as_array().expect("providers");
        let names_of: Vec<_> = providers.iter().map(|provider| &provider["provider"]).collect();
        let (faulty, healthy) = (json!(names(self.row.faulty).0), json!(names(other(self.row.faulty)).0));
        match self.row.way {
            Way::Failover | Way::Split => assert_eq!(names_of, [&faulty], "{self}"),
            // On a busy machine the hedge may come first.
            Way::Hedged => assert!(names_of == [&faulty] || names_of == [&healthy], "{self}"),
            Way::Consensus => assert_eq!(names_of, [&faulty, &healthy], "{self}"),
        }
    }

    /// Who asks the faulty vendor: the provider of the same vendor that is asked for comparison pays for itself.
    const fn askers(&self) -> usize {
        if self.row.shadowed { 2 } else { 1 }
    }

    /// How often the faulty vendor charges.
    const fn charges(&self) -> usize {
        match ending(self.fault) {
            Ending::Fails { charged: false, .. } => 0,
            Ending::Fails { charged: true, .. } | Ending::Answers => self.askers(),
        }
    }

    /// Whether the faulty vendor was asked and has charged as often as it must.
    const fn is_billed(&self, (asked, charged): (usize, usize)) -> bool {
        asked >= self.askers() && charged >= self.charges()
    }

    /// What each vendor was asked for and charged, against what it may have been.
    fn hold_to_the_bill(&self, of_faulty: (usize, usize), of_healthy: (usize, usize)) {
        let askers = self.askers();
        let healthy = match (ending(self.fault), self.row.way) {
            (Ending::Fails { .. }, _) | (Ending::Answers, Way::Consensus) => 1..=1,
            (Ending::Answers, Way::Failover | Way::Split) => 0..=0,
            (Ending::Answers, Way::Hedged) => 0..=1,
        };
        // What nobody billed may be asked again for comparison.
        let unbilled = matches!(ending(self.fault), Ending::Fails { billed: "no", .. });
        let most = if unbilled && self.row.shadowed { askers + 1 } else { askers };
        assert!((askers..=most).contains(&of_faulty.0), "asked {} times: {self}", of_faulty.0);
        assert_eq!(of_faulty.1, self.charges(), "charged by the faulty one: {self}");
        assert!(healthy.contains(&of_healthy.0), "the healthy one was asked {} times: {self}", of_healthy.0);
        assert_eq!(of_healthy.0, of_healthy.1, "{self}");
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} in {:?}: {}", self.fault, self.row, self.told)
    }
}
