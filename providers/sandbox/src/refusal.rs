//! Faults in which the vendor, or something in front of it, refuses before any work is done.

use hyper::http::StatusCode;
use hyper::http::header::{LOCATION, RETRY_AFTER};
use jiff::{SignedDuration, Timestamp};

use crate::answer::Answer;
use crate::asked::Asked;
use crate::fault::{CreditGuise, Depth, FaultKind};
use crate::settings::Vendor;
use crate::{idenfy, youverify};

/// The refusal this fault stands for; `None` when the fault is of another sort.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other fault acts at a later stage")]
pub(crate) fn refusal(
    vendor: Vendor,
    fault: FaultKind,
    asked: &Asked,
    clock: fn() -> Timestamp,
) -> Option<Answer> {
    Some(match fault {
        FaultKind::Unauthorized => error(vendor, StatusCode::UNAUTHORIZED),
        FaultKind::OutOfCredit { guise } => out_of_credit(vendor, guise),
        FaultKind::RateLimited { retry_after_s, http_date } => {
            rate_limited(vendor, retry_after_s, http_date.then(clock))
        }
        FaultKind::ServerError => error(vendor, StatusCode::INTERNAL_SERVER_ERROR),
        FaultKind::Unavailable => error(vendor, StatusCode::SERVICE_UNAVAILABLE),
        FaultKind::BadGatewayHtml => Answer::html(StatusCode::BAD_GATEWAY, "502 Bad Gateway"),
        FaultKind::Html => Answer::html(StatusCode::OK, "Scheduled maintenance"),
        FaultKind::SuccessFalse { depth } => success_false(vendor, depth),
        FaultKind::NotFound => error(vendor, StatusCode::NOT_FOUND),
        FaultKind::MethodNotAllowed => error(vendor, StatusCode::METHOD_NOT_ALLOWED),
        FaultKind::Redirect => {
            let target = format!("/moved{}", asked.path_and_query());
            Answer::text(StatusCode::MOVED_PERMANENTLY, "text/html", "").with_header(LOCATION, target)
        }
        _ => return None,
    })
}

fn error(vendor: Vendor, status: StatusCode) -> Answer {
    match vendor {
        Vendor::Idenfy => idenfy::error(status),
        Vendor::Youverify => youverify::error(status),
    }
}

fn out_of_credit(vendor: Vendor, guise: CreditGuise) -> Answer {
    let status = match guise {
        CreditGuise::PaymentRequired => StatusCode::PAYMENT_REQUIRED,
        CreditGuise::BadRequest => StatusCode::BAD_REQUEST,
        CreditGuise::Forbidden => StatusCode::FORBIDDEN,
    };
    match vendor {
        Vendor::Idenfy => idenfy::out_of_credit(status),
        Vendor::Youverify => youverify::out_of_credit(status),
    }
}

fn rate_limited(vendor: Vendor, retry_after_s: Option<u64>, now: Option<Timestamp>) -> Answer {
    let answer = error(vendor, StatusCode::TOO_MANY_REQUESTS);
    let seconds = retry_after_s.unwrap_or(1);
    let value = match now {
        Some(now) => {
            let wait = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
            let then = now.saturating_add(wait).unwrap_or(now);
            then.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
        }
        None if retry_after_s.is_none() => return answer,
        None => seconds.to_string(),
    };
    answer.with_header(RETRY_AFTER, value)
}

fn success_false(vendor: Vendor, depth: Depth) -> Answer {
    match vendor {
        Vendor::Idenfy => {
            Answer { status: StatusCode::OK, ..idenfy::error(StatusCode::INTERNAL_SERVER_ERROR) }
        }
        Vendor::Youverify => youverify::success_false(depth),
    }
}
