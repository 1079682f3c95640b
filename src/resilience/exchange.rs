//! The exchange that the gateway gives to providers: guarded, recorded, counted.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use risk_provider::{
    Call, Descriptor, Exchange, FailureKind, Judge, Money, Operation, ProviderError, ProviderName, Transport,
    VendorRequest,
};
use tokio::time::Instant;

use super::{
    Breaker, BreakerSettings, BreakerState, LimitSettings, Limiter, breaker::Refused, budget::RetryBudget,
    limiter::Full, retry,
};
use crate::{
    attempts::{AttemptLog, Cost},
    clock::Clock,
    deadline::Share,
    ids::{self, AttemptId},
    store::{Intent, Journal},
    telemetry::Telemetry,
};

/// How long after its deadline an exchange may take to be recorded.
const RECORDED_WITHIN: Duration = Duration::from_secs(2);

/// What guards one provider's exchanges: a breaker for each operation, and the provider's limits.
pub struct Guards {
    provider: ProviderName,
    breakers: BTreeMap<&'static str, Breaker>,
    retries: RetryBudget,
    limiter: Limiter,
    timeout: Duration,
    attempts: u32,
    price: Option<Money>,
    transport: Transport,
    clock: Clock,
    telemetry: Telemetry,
}

/// How a provider is guarded.
#[derive(Debug, Clone)]
pub struct GuardSettings {
    /// When its breakers open.
    pub breaker: BreakerSettings,
    /// What the vendor allows.
    pub limit: LimitSettings,
    /// The longest one exchange may take.
    pub timeout: Duration,
    /// How often an exchange is tried at the most, where its failure allows another try.
    pub attempts: u32,
    /// What a billed exchange costs.
    pub price: Option<Money>,
}

/// One call's way through the guards; its exchanges go to one journal and one log.
#[derive(Debug)]
pub struct GuardedExchange {
    guards: Arc<Guards>,
    send_by: Instant,
    /// How long an exchange of this call may take when it need not wait for a turn.
    fair: Duration,
    journal: Journal,
    log: AttemptLog,
}

// === impl Guards ===

impl Guards {
    /// Guards for the provider of `descriptor`.
    #[must_use]
    pub fn new(
        descriptor: &Descriptor,
        settings: GuardSettings,
        transport: Transport,
        clock: Clock,
        telemetry: Telemetry,
    ) -> Self {
        let breaker = |operation: &Operation| {
            telemetry.breaker(&descriptor.name, operation.name, BreakerState::Closed);
            (operation.name, Breaker::new(settings.breaker.clone(), ids::random_fraction))
        };
        Self {
            provider: descriptor.name.clone(),
            breakers: descriptor.operations.iter().map(breaker).collect(),
            retries: RetryBudget::new(),
            limiter: Limiter::new(settings.limit),
            timeout: settings.timeout,
            attempts: settings.attempts,
            price: settings.price,
            transport,
            clock,
            telemetry,
        }
    }

    /// How each operation's breaker stands.
    pub fn breakers(&self) -> impl Iterator<Item = (&'static str, BreakerState, Option<FailureKind>)> {
        self.breakers.iter().map(|(&operation, breaker)| {
            let (state, reason) = breaker.state();
            (operation, state, reason)
        })
    }

    /// The longest that one exchange may take.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Exchanges that could begin right now.
    #[must_use]
    pub fn free_places(&self) -> usize {
        self.limiter.free_places()
    }

    /// Whether this operation's breaker would refuse an exchange now.
    #[must_use]
    pub fn refuses(&self, operation: &str) -> bool {
        self.breakers.get(operation).is_some_and(Breaker::refuses)
    }

    /// Whether little room is left for whoever comes next.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.limiter.is_busy()
    }

    /// A call whose exchanges pass these guards, are noted in `journal` before they are made and in `log` as they are.
    ///
    /// An exchange is only begun while its answer can still come in time: for the caller's part of the time less
    /// the exchange's timeout, or half of that part where it is shorter.
    #[must_use]
    pub fn call(self: &Arc<Self>, journal: Journal, share: Share, log: AttemptLog) -> Call {
        let now = Instant::now();
        let patience = share.wait_until.saturating_duration_since(now);
        let send_by = now + (patience - self.timeout.min(patience / 2));
        let fair = self.timeout.min(share.call_until.saturating_duration_since(now));
        let request_id = journal.request_id().as_str().into();
        let exchange = GuardedExchange { guards: Arc::clone(self), send_by, fair, journal, log };
        Call::new(request_id, share.call_until, self.clock.now(), Arc::new(exchange))
    }

    fn refused(&self, log: &AttemptLog, operation: &str, error: ProviderError) -> ProviderError {
        self.refused_as(AttemptId::new(), log, operation, error)
    }

    fn refused_as(
        &self,
        id: AttemptId,
        log: &AttemptLog,
        operation: &str,
        error: ProviderError,
    ) -> ProviderError {
        log.skip(id, &self.provider, operation, &error, self.clock.now());
        self.telemetry.attempt(&self.provider, operation, error.kind.as_str(), error.billed(false));
        error
    }

    async fn guarded(
        &self,
        call: &GuardedExchange,
        request: VendorRequest,
        deadline: Instant,
        judge: Judge<'_>,
    ) -> Result<(), ProviderError> {
        let log = &call.log;
        let operation = request.operation;
        let Some(breaker) = self.breakers.get(operation) else {
            let detail = format!("the adapter does not declare its operation {operation}");
            return Err(self.refused(log, operation, ProviderError::new(FailureKind::Unsupported, detail)));
        };
        let admission =
            breaker.admit().map_err(|refused| self.refused(log, operation, throttled_by(refused)))?;
        if Instant::now() >= call.send_by.min(deadline) {
            // What cannot be sent in time need not be noted.
            return Err(self.refused(log, operation, out_of_turn(Full::Late)));
        }
        let cost = Cost { paid: request.paid, price: self.price.clone().filter(|_| request.paid) };
        // Before the turn, not in it: what the disk takes must not bring two turns closer together.
        let id = self.intend(call, operation, &cost, deadline).await?;
        let permit = self.limiter.acquire(call.send_by.min(deadline)).await;
        let permit = permit.map_err(|full| self.refused_as(id.clone(), log, operation, out_of_turn(full)))?;
        let attempt = log.begin(id, &self.provider, operation, cost, self.clock.now());
        let allowed = deadline.saturating_duration_since(Instant::now()).min(self.timeout);
        let answer = self.transport.send(request, Instant::now() + allowed).await;
        drop(permit);
        let result = answer.and_then(|answer| judge(&answer));
        let failure = result.as_ref().err();
        let (taken, billed) = attempt.end(result.as_ref().map(|_| ()));
        let word = failure.map_or("answered", |error| error.kind.as_str());
        self.telemetry.attempt(&self.provider, operation, word, billed);
        if failure.is_none() {
            self.telemetry.vendor_latency(&self.provider, operation, taken);
        }
        // A vendor that used up all its time proved nothing where our own waiting had left it less than half.
        let hurried = taken >= allowed && allowed < call.fair / 2;
        let opened = if hurried {
            false
        } else {
            admission.settle(failure.map(|error| (error.kind, error.retry_after)))
        };
        self.telemetry.breaker(&self.provider, operation, breaker.state().0);
        self.report(operation, failure, opened);
        result
    }

    /// Notes durably that an exchange is about to be made, under the id of its attempt.
    async fn intend(
        &self,
        call: &GuardedExchange,
        operation: &'static str,
        cost: &Cost,
        deadline: Instant,
    ) -> Result<AttemptId, ProviderError> {
        let (id, now) = (AttemptId::new(), self.clock.now());
        let over = deadline.saturating_duration_since(Instant::now()) + RECORDED_WITHIN;
        let intent = Intent {
            id: id.clone(),
            provider: self.provider.clone(),
            operation,
            paid: cost.paid,
            price: cost.price.clone(),
            started_at: now,
            settle_by: now.checked_add(over).unwrap_or(now),
        };
        if call.journal.intend(intent, call.send_by.min(deadline)).await {
            return Ok(id);
        }
        let error =
            ProviderError::new(FailureKind::Throttled, "the exchange could not be recorded beforehand");
        Err(self.refused_as(id, &call.log, operation, error))
    }

    fn report(&self, operation: &str, failure: Option<&ProviderError>, opened: bool) {
        let Some(error) = failure else { return };
        let provider = self.provider.as_str();
        let (kind, status) = (error.kind.as_str(), error.vendor_status);
        let identifier = error.vendor_identifier.as_deref();
        if error.kind.meaning().alert {
            self.telemetry.alert(&self.provider, error.kind);
            let detail = error.detail.as_str();
            tracing::error!(
                provider,
                operation,
                kind,
                status,
                identifier,
                detail,
                "provider needs an operator"
            );
        } else if error.kind.meaning().vendors_fault {
            tracing::warn!(provider, operation, kind, status, identifier, "vendor exchange failed");
        } else {
            tracing::info!(provider, operation, kind, status, identifier, "vendor exchange failed");
        }
        if opened {
            tracing::error!(provider, operation, kind, "breaker opened");
        }
    }
}

impl fmt::Debug for Guards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guards").field("provider", &self.provider).finish_non_exhaustive()
    }
}

#[async_trait]
impl Exchange for GuardedExchange {
    async fn run(
        &self,
        request: VendorRequest,
        deadline: Instant,
        judge: Judge<'_>,
    ) -> Result<(), ProviderError> {
        let mut tries = 1;
        self.guards.retries.note_first_try();
        loop {
            let result = self.guards.guarded(self, request.clone(), deadline, judge).await;
            let Err(error) = result else { return Ok(()) };
            let wait =
                if tries < self.guards.attempts { retry::wait(&error, request.paid, tries) } else { None };
            let in_time = |wait: &Duration| Instant::now() + *wait < self.send_by.min(deadline);
            let Some(wait) = wait.filter(in_time).filter(|_| self.guards.retries.take()) else {
                return Err(error);
            };
            tokio::time::sleep(wait).await;
            tries += 1;
        }
    }
}

fn throttled_by(refused: Refused) -> ProviderError {
    let detail = if refused.reason == FailureKind::RateLimited {
        "the vendor asked to wait".to_owned()
    } else {
        format!("the breaker is open after {}", refused.reason)
    };
    ProviderError::new(FailureKind::Throttled, detail).with_retry_after(Some(refused.retry_after))
}

fn out_of_turn(full: Full) -> ProviderError {
    let detail = match full {
        Full::Late => "too little time is left to ask",
        Full::Until(_) => "the provider's configured limit leaves no turn in time",
    };
    ProviderError::new(FailureKind::Throttled, detail).with_retry_after(Some(full.retry_after()))
}
