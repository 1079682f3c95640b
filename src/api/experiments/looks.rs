//! Taking a planned look.

use axum::extract::{Path, State, rejection::PathRejection};
use http::StatusCode;

use super::{Opened, find, not_recorded, open};
use crate::{
    api::{
        Api,
        auth::Caller,
        listing::MAX_LIMIT,
        problem::{KeyRefusals, Problem},
    },
    experiments::{Due, Experiment, Look},
    keys::Scope,
};

/// Look at an experiment.
///
/// Only when that is due: at equal shares of the planned labelled pairs, and for the last time when its time is over or
/// another version answers. Early looks must be surer, so that all of them together err no more often than one. What a
/// look found is never changed, whatever is labelled later.
#[utoipa::path(
    post,
    path = "/v1/experiments/{id}/looks",
    tag = "comparisons",
    params(("id" = String, Path, description = "The experiment's id, exp_…")),
    security(("key" = [])),
    responses(
        (status = 201, description = "What was found", body = Look),
        KeyRefusals,
        (status = 404, description = "Your team has no such experiment", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "No look is due: not yet, or no more", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::api) async fn take_look(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<(StatusCode, axum::Json<Look>), Problem> {
    caller.needs(Scope::Compare)?;
    let Opened { experiment, course, looks, keys } = open(&api, find(&api, &caller, path).await?).await?;
    let now = api.0.clock.now();
    let due = match course.due(&experiment, &looks, now) {
        Due::Now { share, is_last } => (share, is_last),
        Due::At(labelled) => {
            let have = course.labelled();
            let detail = format!(
                "the next look is due with {labelled} labelled pairs, and there are {have}; looking before that would \
                 make chance look like a difference"
            );
            return Err(Problem::new(StatusCode::CONFLICT, "look_not_due", detail));
        }
        Due::Never => {
            let detail = "the last look was taken, or nothing was labelled since: register another experiment to go on";
            return Err(Problem::new(StatusCode::CONFLICT, "experiment_ended", detail));
        }
    };
    let (store, id) = (&api.0.store, experiment.id.clone());
    let audited = store.audited_share(&id).await.map_err(Problem::unreadable)?;
    let (taken, by) = (looks.len(), (caller.key_id().to_owned(), now));
    let all = all(&api, &caller.tenant).await?;
    // It takes a processor for a while, which requests must not wait for.
    let looking = tokio::task::spawn_blocking(move || {
        let mut look = Look::take(&experiment, &course, &looks, due, (audited, &keys), by);
        look.note_beside(&experiment, &all);
        look
    });
    let look = looking.await.map_err(|_panicked| Problem::internal())?;
    store.note_look(&id, look).await.map_err(|error| not_recorded(&error))?;
    // Somebody else may have been first; there is one look of a number.
    let look = store.looks(&id).await.map_err(Problem::unreadable)?.into_iter().nth(taken);
    let look = look.ok_or_else(Problem::internal)?;
    Ok((StatusCode::CREATED, axum::Json(look)))
}

/// A team's experiments.
async fn all(api: &Api, team: &str) -> Result<Vec<Experiment>, Problem> {
    let mut all: Vec<Experiment> = Vec::new();
    loop {
        let after = all.last().map(|last| last.id.clone());
        let page = api.0.store.experiments(team, after.as_ref(), MAX_LIMIT).await;
        let page = page.map_err(Problem::unreadable)?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}
