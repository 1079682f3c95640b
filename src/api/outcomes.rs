//! What later turned out to be true of subjects: told one by one or in lines, and listed.

mod lines;

use std::sync::Arc;

use axum::{
    extract::{FromRequest, RawQuery, Request, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use risk_provider::{FieldProblem, Personal};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

use super::{
    Api,
    auth::Caller,
    body::Json,
    listing::{DEFAULT_LIMIT, MAX_LIMIT, after_cursor, cursor_after},
    problem::{BodyRefusals, KeyRefusals, Problem},
    query::{Parameters, one_of},
};
use crate::{
    ids::{AssessmentId, OutcomeId, SubjectId},
    keys::Scope,
    outcomes::{Outcome, OutcomeType},
    secrets::Purpose,
    store::{NewOutcome, OutcomeFilter, StoredSubject, Supersedable},
};

const MAX_LABELLER: usize = 200;
/// A caller's clock, or a day in its own time zone, may be ahead of ours by so much.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
const PARAMETERS: &[&str] = &["type", "subject_id", "from", "to", "limit", "cursor"];

/// What turned out to be true of a subject, by whose word. Name the subject by exactly one of `subject_reference` and
/// `assessment_id`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OutcomeRequest {
    /// Your own id of the customer.
    #[schema(value_type = Option<String>, example = "cust-42")]
    subject_reference: Option<Personal<String>>,
    /// Any assessment of the subject.
    assessment_id: Option<String>,
    /// What turned out to be true.
    #[serde(rename = "type")]
    kind: OutcomeType,
    /// When it happened: a time, or a day in UTC.
    #[serde(default, deserialize_with = "when")]
    #[schema(value_type = Option<String>, example = "2026-06-01")]
    occurred_at: Option<Timestamp>,
    /// Who found out. Kept sealed, and gone once the subject is erased.
    #[schema(value_type = Option<String>)]
    labelled_by: Option<Personal<String>>,
    /// How sure they are, 0 to 1; below one half it is kept, and labels nobody.
    #[schema(minimum = 0, maximum = 1)]
    confidence: Option<f64>,
    /// Whether they had seen no score.
    blinded: Option<bool>,
    /// An earlier outcome of the same subject that no longer counts because of this one, `out_…`.
    supersedes: Option<String>,
}

/// A page of outcomes, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OutcomePage {
    outcomes: Vec<Outcome>,
    /// Give it as `cursor` for the next page; none on the last one.
    next_cursor: Option<String>,
}

/// Record an outcome.
///
/// What later turned out to be true of a subject that your team has asked about: providers' answers are compared with it.
/// Nothing is ever changed: an outcome that another `supersedes` no longer counts. The same content told again is the
/// same outcome while it counts, so whatever was cut short can simply be sent again, also without an `Idempotency-Key`.
///
/// As `application/x-ndjson`, a line is an outcome, and so many lines may be sent at once. The answer has a line for
/// each, in their order: `{"line", "id", "created"}`, or `{"line", "error": {"code", "detail", "field"}}`. A bad line
/// stops no other.
#[utoipa::path(
    post,
    path = "/v1/outcomes",
    tag = "comparisons",
    request_body(content((OutcomeRequest = "application/json"), (String = "application/x-ndjson"))),
    security(("key" = [])),
    responses(
        (status = 200, description = "The same was recorded before; or, for lines, what became of each", content(
            (Outcome = "application/json"), (String = "application/x-ndjson"),
        )),
        (status = 201, description = "Recorded", body = Outcome),
        BodyRefusals,
        KeyRefusals,
        (status = 404, description = "Your team has not asked about such a subject", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another outcome supersedes the same one already, or the same was told and superseded", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "The subject was erased", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields to mend", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    caller.needs(Scope::Label)?;
    if lines::are_in(request.headers()) {
        return Ok(lines::note(&api, &caller, request.into_body()).await);
    }
    let Json(told, _) = Json::<OutcomeRequest>::from_request(request, &api).await?;
    let (outcome, is_new) = note(&api, &caller, told).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(outcome)).into_response())
}

/// List outcomes.
///
/// Your team's, newest first, also those that no longer count: `superseded_by` says so. Those of erased subjects are
/// left out.
#[utoipa::path(
    get,
    path = "/v1/outcomes",
    tag = "comparisons",
    params(
        ("type" = Option<OutcomeType>, Query, description = "Of this type"),
        ("subject_id" = Option<String>, Query, description = "About this subject, sub_…"),
        ("from" = Option<String>, Query, description = "Recorded then or later: a day in UTC or a time"),
        ("to" = Option<String>, Query, description = "Recorded until the end of that day, or before that time"),
        ("limit" = Option<u32>, Query, description = "How many at the most, 1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    security(("key" = [])),
    responses(
        (status = 200, description = "A page of outcomes", body = OutcomePage),
        (status = 400, description = "An unknown parameter", body = Problem, content_type = "application/problem+json"),
        KeyRefusals,
        (status = 422, description = "Parameters to mend", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<axum::Json<OutcomePage>, Problem> {
    caller.needs(Scope::Label)?;
    let (filter, limit) = filter(query.as_deref())?;
    // One more than wanted tells whether there is a next page.
    let found = api.0.store.outcomes(&caller.tenant, &filter, limit + 1).await;
    let mut outcomes = found.map_err(Problem::unreadable)?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = outcomes.len() > wanted;
    outcomes.truncate(wanted);
    let next_cursor = outcomes.last().filter(|_| more).map(|last| cursor_after(last.id.as_str()));
    Ok(axum::Json(OutcomePage { outcomes, next_cursor }))
}

fn filter(query: Option<&str>) -> Result<(OutcomeFilter, u32), Problem> {
    let mut given = Parameters::read(query, PARAMETERS)?;
    let words = OutcomeType::ALL.map(OutcomeType::as_str);
    let kind = given.parsed("type", |text| one_of(text, &words, OutcomeType::from_word));
    let subject = given.parsed("subject_id", |text| {
        let fits = text.starts_with("sub_") && !text.contains('\0');
        if fits { Ok(SubjectId::from_text(text)) } else { Err("must be a subject's id, sub_…".to_owned()) }
    });
    let (from, to) = given.span();
    let limit = given.limit(DEFAULT_LIMIT, MAX_LIMIT);
    let after = given.parsed("cursor", |text| {
        let id = after_cursor(text, "out_").map(|id| OutcomeId::from_text(&id));
        id.ok_or_else(|| "must be next_cursor of the page before".to_owned())
    });
    given.checked()?;
    Ok((OutcomeFilter { subject, kind, from, to, after }, limit))
}

/// Records what was told, unless it was told before; whether it is new.
async fn note(api: &Api, caller: &Caller, told: OutcomeRequest) -> Result<(Outcome, bool), Problem> {
    let now = api.0.clock.now();
    let problems = told.problems(now);
    if !problems.is_empty() {
        return Err(Problem::fields(problems));
    }
    let (store, team) = (&api.0.store, &caller.tenant);
    let subject = told.subject(api, caller).await?;
    let content_mac = told.content_mac(api, &subject.id);
    if let Some(known) = store.outcome(team, &content_mac).await.map_err(Problem::unreadable)? {
        return match &known.superseded_by {
            None => Ok((known, false)),
            Some(later) => Err(told_before(&known.id, later)),
        };
    }
    let supersedes = told.supersedes.as_deref().map(OutcomeId::from_text);
    if let Some(earlier) = &supersedes {
        let stands = store.supersedable(team, &subject.id, earlier).await.map_err(Problem::unreadable)?;
        supersedable(&stands)?;
    }
    let outcome = NewOutcome {
        id: OutcomeId::new(),
        team: team.clone(),
        subject: Arc::new(subject),
        assessment_id: told.assessment_id.as_deref().map(AssessmentId::from_text),
        kind: told.kind,
        occurred_at: told.occurred_at,
        labelled_by: told.labelled_by,
        confidence: told.confidence,
        blinded: told.blinded,
        supersedes,
        content_mac,
        key_id: caller.key_id().to_owned(),
        at: now,
    };
    let noted = store.note_outcome(outcome).await.map_err(|error| {
        tracing::error!(error = error.told(), "an outcome could not be recorded");
        Problem::not_recorded()
    })?;
    // Somebody else was quicker.
    noted.ok_or_else(|| conflict("another outcome"))
}

fn supersedable(stands: &Supersedable) -> Result<(), Problem> {
    match stands {
        Supersedable::Counts => Ok(()),
        Supersedable::SupersededBy(later) => Err(conflict(later.as_str())),
        Supersedable::Unknown => {
            let detail = "must be the id of an outcome of the same subject, out_…";
            Err(Problem::fields(vec![FieldProblem::new("supersedes", detail)]))
        }
    }
}

fn conflict(later: &str) -> Problem {
    let detail = format!("supersedes: {later} supersedes that one already; supersede that one instead");
    Problem::new(StatusCode::CONFLICT, "already_superseded", detail).with_field("supersedes")
}

/// The same was told and taken back: whether it holds again is for whoever tells it to say.
fn told_before(known: &OutcomeId, later: &OutcomeId) -> Problem {
    let detail = format!(
        "the same was told as {known} and no longer counts, because {later} superseded it; tell it with \"supersedes\" \
         naming what counts now if it holds after all"
    );
    Problem::new(StatusCode::CONFLICT, "already_superseded", detail).with_field("supersedes")
}

fn no_subject(field: &str) -> Problem {
    let detail = match field {
        "assessment_id" => "assessment_id: your team has no assessment of this id",
        _ => "subject_reference: your team has not asked about a subject of this reference",
    };
    Problem::new(StatusCode::NOT_FOUND, "not_found", detail).with_field(field)
}

/// A time, or the beginning of a day in UTC; what is neither is not repeated.
fn when<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let time = text.parse::<Timestamp>().ok().or_else(|| {
        let day = text.parse::<Date>().ok().filter(|_| text.len() == "2026-06-01".len())?;
        day.to_zoned(TimeZone::UTC).ok().map(|midnight| midnight.timestamp())
    });
    // As exact as it is kept.
    let time = time.and_then(|time| Timestamp::from_microsecond(time.as_microsecond()).ok());
    let unreadable =
        || de::Error::custom("must be a time such as 2026-06-01T00:00:00Z, or a day such as 2026-06-01");
    time.map(Some).ok_or_else(unreadable)
}

// === impl OutcomeRequest ===

impl OutcomeRequest {
    fn problems(&self, now: Timestamp) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        let mut refuse = |field: &str, detail: String| problems.push(FieldProblem::new(field, detail));
        match (&self.subject_reference, &self.assessment_id) {
            (None, None) => refuse("subject_reference", "or assessment_id is required".to_owned()),
            (Some(_), Some(_)) => {
                refuse("assessment_id", "must be left out beside subject_reference".to_owned());
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
        if self.occurred_at.is_some_and(|at| at.duration_since(now) > AHEAD) {
            refuse("occurred_at", "must not lie in the future".to_owned());
        }
        if self.confidence.is_some_and(|confidence| !(0.0..=1.0).contains(&confidence)) {
            refuse("confidence", "must be a number from 0 to 1".to_owned());
        }
        let fits = |name: &Personal<String>| {
            !name.expose().trim().is_empty() && name.expose().chars().count() <= MAX_LABELLER
        };
        if self.labelled_by.as_ref().is_some_and(|name| !fits(name)) {
            refuse("labelled_by", format!("must be 1 to {MAX_LABELLER} characters, or be left out"));
        }
        // No id holds a NUL, and not every database takes one.
        if self.supersedes.as_ref().is_some_and(|id| id.contains('\0')) {
            refuse("supersedes", "must be the id of an outcome, out_…".to_owned());
        }
        problems
    }

    /// Whom it is about.
    async fn subject(&self, api: &Api, caller: &Caller) -> Result<StoredSubject, Problem> {
        let (store, team) = (&api.0.store, &caller.tenant);
        let (field, found) = match (&self.subject_reference, &self.assessment_id) {
            (Some(reference), _) => {
                let mac = api.0.assessor.reference_mac(team, reference.expose());
                ("subject_reference", store.subject_id(team, &mac).await)
            }
            (None, Some(id)) if !id.contains('\0') => {
                ("assessment_id", store.assessed_subject(team, &AssessmentId::from_text(id)).await)
            }
            (None, _) => ("assessment_id", Ok(None)),
        };
        let id = found.map_err(Problem::unreadable)?.ok_or_else(|| no_subject(field))?;
        let subject = store.subject_of(&id).await.map_err(Problem::unreadable)?;
        subject.ok_or_else(|| {
            Problem::new(StatusCode::GONE, "erased", "this subject was erased").with_field(field)
        })
    }

    /// Keyed hash of all that is told.
    fn content_mac(&self, api: &Api, subject: &SubjectId) -> [u8; 32] {
        let text = |number: Option<String>| number.unwrap_or_default();
        let parts = [
            subject.to_string(),
            text(self.assessment_id.clone()),
            self.kind.as_str().to_owned(),
            text(self.occurred_at.map(|at| at.as_microsecond().to_string())),
            text(self.labelled_by.as_ref().map(|name| name.expose().clone())),
            text(self.confidence.map(|confidence| confidence.to_string())),
            text(self.blinded.map(|blinded| blinded.to_string())),
            text(self.supersedes.clone()),
        ];
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        api.0.hash_key.mac(Purpose::Outcome, &parts)
    }
}
