//! Who is asking: `Authorization: Bearer <key>`, and what that key may do.

use std::{sync::Arc, time::Duration};

use axum::extract::FromRequestParts;
use http::{HeaderValue, StatusCode, header, request::Parts};
use moka::future::Cache;

use super::{Api, problem::Problem};
use crate::{
    keys::{PresentedKey, Scope, Scopes},
    store::StoredKey,
};

/// How long a key is trusted without looking at the store again.
const TRUSTED_FOR: Duration = Duration::from_secs(2);
const KNOWN_KEYS: u64 = 10_000;

/// Whoever presented a good key.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) team: String,
    key_name: String,
    scopes: Scopes,
}

pub(super) fn known_keys() -> Cache<String, Arc<StoredKey>> {
    Cache::builder().max_capacity(KNOWN_KEYS).time_to_live(TRUSTED_FOR).build()
}

// === impl Caller ===

impl Caller {
    /// Insists that the key has `scope`.
    pub(super) fn needs(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.allow(scope) {
            return Ok(());
        }
        let detail = format!("the key \"{}\" lacks the scope {}", self.key_name, scope.as_str());
        Err(Problem::new(StatusCode::FORBIDDEN, "missing_scope", detail))
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Self::Rejection> {
        let presented = parts
            .headers
            .get(header::AUTHORIZATION)
            .ok_or_else(|| unauthorized("send a key: \"Authorization: Bearer rgk_…\""))?
            .to_str()
            .ok()
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .and_then(|(_, key)| PresentedKey::parse(key.trim()))
            .ok_or_else(|| {
                unauthorized("the key is not well-formed: \"Authorization: Bearer rgk_…\", copied whole")
            })?;
        let stored = find(api, &presented.id).await?;
        let stored = stored.filter(|stored| presented.is(stored, &api.0.master_key));
        let stored = stored.ok_or_else(|| unauthorized("the key is not known here"))?;
        let scopes = stored.scopes.parse().map_err(|_unknown| {
            unauthorized("the key has a scope that this version does not know; make another key")
        })?;
        Ok(Self { team: stored.team.clone(), key_name: stored.name.clone(), scopes })
    }
}

async fn find(api: &Api, id: &str) -> Result<Option<Arc<StoredKey>>, Problem> {
    if let Some(known) = api.0.known_keys.get(id).await {
        return Ok(Some(known));
    }
    let found = api.0.store.key(id).await.map_err(|error| {
        tracing::error!(error = error.told(), "a key could not be looked up");
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "store_failed",
            "keys cannot be checked right now; try again",
        )
        .with_retry_after(Duration::from_secs(1))
    })?;
    let found = found.map(Arc::new);
    if let Some(found) = &found {
        api.0.known_keys.insert(id.to_owned(), Arc::clone(found)).await;
    }
    Ok(found)
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}
