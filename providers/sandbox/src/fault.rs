//! What can be made to go wrong, and whether the vendor still does its work.
//!
//! In JSON a fault is one flat object: `{"kind": "latency", "ms": 800, "operation": "check", "times": 2}`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One way for the vendor to fail, for some requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct Fault {
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// The operation it hits, one of [`Vendor::operations`](crate::Vendor::operations); `None` is every operation.
    pub operation: Option<String>,
    /// How many requests it hits; `None` is until cleared or replaced.
    pub times: Option<u32>,
}

/// What goes wrong. Unless said otherwise the vendor fails before it does any work and charges nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// A normal, charged answer, later.
    Latency {
        /// Delay in milliseconds.
        ms: u64,
    },
    /// Never answers.
    Hang,
    /// Does and charges the work, then never answers.
    HangAfterBilling,
    /// 401, as for wrong credentials.
    Unauthorized,
    /// No funds left.
    OutOfCredit {
        /// How the vendor says so.
        #[serde(default)]
        guise: CreditGuise,
    },
    /// 429.
    RateLimited {
        /// Seconds of the `Retry-After` header; no header when `None` and no date is asked for.
        #[serde(default)]
        retry_after_s: Option<u64>,
        /// Sends `Retry-After` as an HTTP date.
        #[serde(default)]
        http_date: bool,
    },
    /// 500 in the vendor's error shape.
    ServerError,
    /// 503 in the vendor's error shape.
    Unavailable,
    /// 502 with an HTML page, as from a proxy in front of the vendor.
    BadGatewayHtml,
    /// 200 with an HTML page, as from a proxy in front of the vendor.
    Html,
    /// 200 without a body, after the work is done and charged.
    Empty,
    /// A complete response whose JSON stops midway, after the work is done and charged.
    CutJson,
    /// 200 with valid JSON of another shape, after the work is done and charged.
    WrongShape,
    /// 200 with the vendor's error body.
    SuccessFalse {
        /// Which of Youverify's two envelopes says so; iDenfy has only one.
        #[serde(default)]
        depth: Depth,
    },
    /// Reads the request, then resets the TCP connection.
    Reset,
    /// Does and charges the work, then resets the TCP connection.
    ResetAfterBilling,
    /// Does and charges the work, sends half of the announced body, then closes.
    CutBody,
    /// Does and charges the work, sends the headers at once, then the body byte by byte.
    SlowDrip {
        /// Pause between two bytes in milliseconds.
        interval_ms: u64,
    },
    /// 404 in the vendor's error shape.
    NotFound,
    /// 405 in the vendor's error shape.
    MethodNotAllowed,
    /// 301 to another path of the same server.
    Redirect,
    /// A charged answer whose overall score cannot be.
    ImpossibleScore {
        /// In what way.
        #[serde(default)]
        form: ImpossibleForm,
    },
    /// A charged answer with a level word nobody documented.
    UnknownLevel,
    /// A charged iDenfy check in which nothing is answered: score 0, `VERY_LOW`. Youverify answers normally.
    Unanswered,
    /// A charged answer about another name.
    WrongSubject,
    /// A charged answer behind 10 MiB of blanks.
    HugeBody,
}

/// How a vendor says that no funds are left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditGuise {
    /// 402.
    #[default]
    PaymentRequired,
    /// 400: iDenfy with `PERMISSIONS_ERROR`, Youverify in its legacy shape.
    BadRequest,
    /// 403: iDenfy with `PERMISSIONS_ERROR`, Youverify in its legacy shape.
    Forbidden,
}

/// One of two nested envelopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// The envelope of the response itself.
    #[default]
    Outer,
    /// The envelope inside it.
    Inner,
}

/// A score no vendor can mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImpossibleForm {
    /// 140.
    #[default]
    Above,
    /// -5.
    Negative,
    /// The string `NaN`.
    Text,
    /// `null`.
    Null,
}

// === impl Fault ===

impl Fault {
    /// The fault for every operation, until cleared.
    #[must_use]
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, operation: None, times: None }
    }

    /// Limits the fault to one operation.
    #[must_use]
    pub fn on(self, operation: impl Into<String>) -> Self {
        Self { operation: Some(operation.into()), ..self }
    }

    /// Limits the fault to so many requests.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        Self::new(kind)
    }
}

impl TryFrom<Map<String, Value>> for Fault {
    type Error = serde_json::Error;

    /// Refuses unknown keys, which a flattened derive would let pass.
    fn try_from(mut object: Map<String, Value>) -> Result<Self, Self::Error> {
        let operation = object.remove("operation").map(serde_json::from_value).transpose()?.flatten();
        let times = object.remove("times").map(serde_json::from_value).transpose()?.flatten();
        let kind: FaultKind = serde_json::from_value(Value::Object(object.clone()))?;
        let known = serde_json::to_value(kind)?;
        match object.keys().find(|key| known.get(key.as_str()).is_none()) {
            Some(key) => Err(serde::de::Error::custom(format!("unknown key `{key}` for this kind of fault"))),
            None => Ok(Self { kind, operation, times }),
        }
    }
}

// === impl FaultKind ===

impl FaultKind {
    /// The kind as it is written in JSON and in recorded calls.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::Hang => "hang",
            Self::HangAfterBilling => "hang_after_billing",
            Self::Unauthorized => "unauthorized",
            Self::OutOfCredit { .. } => "out_of_credit",
            Self::RateLimited { .. } => "rate_limited",
            Self::ServerError => "server_error",
            Self::Unavailable => "unavailable",
            Self::BadGatewayHtml => "bad_gateway_html",
            Self::Html => "html",
            Self::Empty => "empty",
            Self::CutJson => "cut_json",
            Self::WrongShape => "wrong_shape",
            Self::SuccessFalse { .. } => "success_false",
            Self::Reset => "reset",
            Self::ResetAfterBilling => "reset_after_billing",
            Self::CutBody => "cut_body",
            Self::SlowDrip { .. } => "slow_drip",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Redirect => "redirect",
            Self::ImpossibleScore { .. } => "impossible_score",
            Self::UnknownLevel => "unknown_level",
            Self::Unanswered => "unanswered",
            Self::WrongSubject => "wrong_subject",
            Self::HugeBody => "huge_body",
        }
    }
}
