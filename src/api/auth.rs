//! Who is asking: `Authorization: Bearer <key>`, what that key may do, and how often.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::extract::FromRequestParts;
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use jiff::Timestamp;
use moka::future::Cache;

use super::{Api, problem::Problem};
use crate::{
    keys::{KeyEnvironment, PresentedKey, Scope, Scopes},
    store::StoredKey,
    team_limits::Standing,
};

/// How long a key is trusted without looking at the store again.
const TRUSTED_FOR: Duration = Duration::from_secs(2);
const KNOWN_KEYS: u64 = 10_000;
/// How often it is noted that a key is used.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// Whoever presented a good key.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// Under whose name everything is kept: the team, apart for test keys.
    pub(super) tenant: String,
    environment: KeyEnvironment,
    key_id: String,
    key_name: String,
    scopes: Scopes,
}

/// Keys lately looked up, by id, and those whose use was lately noted.
#[derive(Debug)]
pub(super) struct KnownKeys {
    trusted: Cache<String, Arc<StoredKey>>,
    noted: Cache<String, ()>,
}

/// How the caller's team stands; filled in while a request is answered, told with every answer.
#[derive(Debug, Clone, Default)]
pub(super) struct RateSlot(Arc<OnceLock<Standing>>);

// === impl KnownKeys ===

impl KnownKeys {
    pub(super) fn new() -> Self {
        let trusted = Cache::builder().max_capacity(KNOWN_KEYS).time_to_live(TRUSTED_FOR).build();
        let noted = Cache::builder().max_capacity(KNOWN_KEYS).time_to_live(NOTED_EVERY).build();
        Self { trusted, noted }
    }

    async fn find(&self, api: &Api, id: &str) -> Result<Option<Arc<StoredKey>>, Problem> {
        if let Some(known) = self.trusted.get(id).await {
            return Ok(Some(known));
        }
        let found = api.0.store.key(id).await.map_err(|error| {
            tracing::error!(error = error.told(), "a key could not be looked up");
            let detail = "keys cannot be checked right now; try again";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store_failed", detail)
                .with_retry_after(Duration::from_secs(1))
        })?;
        let found = found.map(Arc::new);
        if let Some(found) = &found {
            self.trusted.insert(id.to_owned(), Arc::clone(found)).await;
        }
        Ok(found)
    }

    /// Notes that a key is used, unless that was noted lately. A use that cannot be noted is no reason to refuse.
    async fn note_use(&self, api: &Api, id: &str, now: Timestamp) {
        if !self.noted.contains_key(id) {
            self.noted.insert(id.to_owned(), ()).await;
            api.0.store.note_key_used(id, now);
        }
    }
}

// === impl RateSlot ===

impl RateSlot {
    /// `RateLimit` and `RateLimit-Policy`, for a team that has a limit.
    pub(super) fn put_into(&self, headers: &mut HeaderMap) {
        let Some(standing) = self.0.get() else { return };
        let Standing { limit, remaining, wait } = standing;
        let seconds = |time: Duration| time.as_secs() + u64::from(time.subsec_nanos() > 0);
        let policy = format!("\"team\";q={};w={}", limit.requests, seconds(limit.per));
        let refill = limit.per / limit.requests.get();
        let state = format!("\"team\";r={remaining};t={}", seconds(wait.unwrap_or(refill)));
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", state)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }
}

// === impl Caller ===

impl Caller {
    /// The public id of the key.
    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// What whoever made the key called it.
    pub(super) fn key_name(&self) -> &str {
        &self.key_name
    }

    /// Insists that the key has `scope`.
    pub(super) fn needs(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.allow(scope) {
            return Ok(());
        }
        let detail = format!("the key \"{}\" lacks the scope {}", self.key_name, scope.as_str());
        Err(Problem::new(StatusCode::FORBIDDEN, "missing_scope", detail))
    }

    /// Insists that the key's environment is the route's.
    pub(super) fn may_take(&self, api: &Api, route: &str) -> Result<(), Problem> {
        if api.0.assessor.route(route).is_none_or(|route| route.is_for(self.environment)) {
            return Ok(());
        }
        let detail = match self.environment {
            KeyEnvironment::Live => "a sandbox answers on this route: ask with a key of environment test",
            KeyEnvironment::Test => "a test key may only take routes whose every provider has sandbox = true",
        };
        Err(Problem::new(StatusCode::FORBIDDEN, "wrong_environment", detail))
    }

    /// Insists that the key's environment is the provider's.
    pub(super) fn may_use(&self, environment: KeyEnvironment) -> Result<(), Problem> {
        if self.environment == environment {
            return Ok(());
        }
        let detail = match self.environment {
            KeyEnvironment::Live => "a sandbox plays this provider: use a key of environment test",
            KeyEnvironment::Test => "a test key may only use providers with sandbox = true",
        };
        Err(Problem::new(StatusCode::FORBIDDEN, "wrong_environment", detail))
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
        let (now, known) = (api.0.clock.now(), &api.0.known_keys);
        let stored = known.find(api, &presented.id).await?;
        let stored = stored.filter(|stored| presented.is(stored, &api.0.hash_key));
        let stored = stored.ok_or_else(|| unauthorized("the key is not known here"))?;
        if stored.is_revoked(now) {
            return Err(unauthorized("the key is revoked; ask for another"));
        }
        let scopes = stored.scopes.parse().map_err(|_unknown| {
            unauthorized("the key has a scope that this version does not know; make another key")
        })?;
        let environment = KeyEnvironment::from_word(&stored.environment);
        let tenant = environment.tenant(&stored.team);
        if let Some(standing) = api.0.team_limits.take(&stored.team, &tenant) {
            if let Some(slot) = parts.extensions.get::<RateSlot>() {
                slot.0.get_or_init(|| standing);
            }
            if let Some(wait) = standing.wait {
                let detail = "your team makes more requests than it may; Retry-After says when to go on";
                let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail);
                return Err(problem.with_retry_after(wait));
            }
        }
        known.note_use(api, &presented.id, now).await;
        let (key_id, key_name) = (stored.id.clone(), stored.name.clone());
        Ok(Self { tenant, environment, key_id, key_name, scopes })
    }
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}
