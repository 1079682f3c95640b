//! Making an assessment of a provider's answer, once for each route, and recording it.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{Assessor, CacheUse, Turn, ask::Found};
use crate::{
    assessment::{Assessment, PolicyOutcome, ProviderAnswer, Served, Status, SubjectSummary},
    attempts::Attempt,
    cache::Entry,
    ids::AssessmentId,
    jobs::screening,
    policy,
    store::{AssessmentRecord, ServedRecord, StoreError},
};

// === impl Assessor ===

impl Assessor {
    /// The assessment that a route makes of what was found, as this caller sees it. There is one for each route
    /// and answer; giving it to anybody but the caller who had the vendor called is recorded too.
    pub(super) async fn compose(
        &self,
        turn: &Turn,
        found: &Found,
        attempts: Vec<Attempt>,
    ) -> Result<(Assessment, Duration), StoreError> {
        let entry = &found.entry;
        let (mut assessment, made_now) = self.made(turn, entry, found.cache, attempts).await?;
        if assessment.status == Status::Pending && !made_now {
            // It may have been completed meanwhile, by whichever server looked.
            let latest = self.store.assessment(&turn.question.team, &assessment.id).await?;
            assessment = latest.map_or(assessment, Arc::new);
        }
        let now = self.clock.now();
        let age = entry.age(now);
        let mut assessment = Assessment::clone(&assessment);
        if !made_now && !found.cache.called() {
            let adopted = found.cache == CacheUse::Adopted;
            for provider in &mut assessment.providers {
                provider.served = if adopted { Served::Adopted } else { Served::Cached };
                provider.age_s = age.as_secs();
            }
            let record = ServedRecord {
                request_id: turn.question.request_id.clone(),
                subject: Arc::clone(&entry.record.exchanges.origin.subject),
                assessment_id: assessment.id.clone(),
                revision: assessment.revision,
                purpose: turn.question.purpose.clone(),
                at: now,
                completes: turn.question.completes.clone(),
            };
            self.store.note_served(record).await?;
        }
        Ok((assessment, age))
    }

    /// The assessment that the turn's route makes of `entry`, recorded; and whether it was made just now.
    pub(super) async fn made(
        &self,
        turn: &Turn,
        entry: &Entry,
        cache: CacheUse,
        attempts: Vec<Attempt>,
    ) -> Result<(Arc<Assessment>, bool), StoreError> {
        let mut made_now = false;
        let place = entry.composed(&turn.route.name);
        let assessment = place
            .get_or_try_init(|| {
                made_now = true;
                self.make(turn, entry, cache, attempts)
            })
            .await?;
        Ok((Arc::clone(assessment), made_now))
    }

    async fn make(
        &self,
        turn: &Turn,
        entry: &Entry,
        cache: CacheUse,
        attempts: Vec<Attempt>,
    ) -> Result<Arc<Assessment>, StoreError> {
        let attempts = [turn.earlier.clone(), attempts].concat();
        let served = match cache {
            CacheUse::Hit => Served::Cached,
            CacheUse::Adopted => Served::Adopted,
            CacheUse::Miss | CacheUse::Joined | CacheUse::Stale | CacheUse::TooOld => Served::Called,
        };
        let subject = &entry.record.exchanges.origin.subject;
        let now = self.clock.now();
        let (assessment, tried) =
            entry.draft(&turn.route.name, || assessment(turn, entry, served, attempts, now));
        // Word of a record that was made may have been lost.
        if tried && self.store.assessment(&turn.question.team, &assessment.id).await?.is_some() {
            return Ok(assessment);
        }
        let record = AssessmentRecord {
            team: turn.question.team.clone(),
            subject: Arc::clone(subject),
            assessment: Arc::clone(&assessment),
            purpose: turn.question.purpose.clone(),
            sources: vec![Arc::clone(&entry.record)],
            completes: turn.question.completes.clone(),
            enqueues: [
                self.first_look(turn, &entry.record.assessment, &assessment)?,
                screening::next(&turn.route, &turn.question, subject, self.clock.now())?,
            ]
            .into_iter()
            .flatten()
            .collect(),
        };
        self.store.append(record).await?;
        Ok(assessment)
    }
}

fn assessment(
    turn: &Turn,
    entry: &Entry,
    served: Served,
    attempts: Vec<Attempt>,
    now: Timestamp,
) -> Assessment {
    let said = entry.record.assessment.as_ref();
    let judged = policy::judge(said);
    let provider = ProviderAnswer {
        provider: said.provider.clone(),
        role: turn.role,
        served,
        score: judged.score.clone(),
        level: judged.level,
        vendor_level: said.vendor_level.clone(),
        vendor_reference: said.vendor_reference.clone(),
        assessed_at: said.assessed_at,
        age_s: entry.age(now).as_secs(),
        mapping_version: said.mapping_version.clone(),
    };
    let subject = &turn.question.subject;
    Assessment {
        id: AssessmentId::new(),
        revision: 1,
        replaces: turn.question.replaces.as_ref().map(|replaced| replaced.assessment.clone()),
        status: judged.status,
        route: turn.route.name.clone(),
        strategy: turn.route.strategy,
        subject: SubjectSummary {
            id: entry.record.exchanges.origin.subject.id.clone(),
            reference: subject.reference.clone(),
            kind: subject.kind(),
        },
        score: judged.score,
        level: judged.level,
        bounds: judged.bounds,
        coverage: judged.coverage,
        decided_by: Some(said.provider.clone()),
        assigned_to: None,
        policy: PolicyOutcome {
            base_level: judged.base_level,
            floors_applied: Vec::new(),
            overridden: None,
            review_required: judged.review_required,
            reasons: judged.reasons,
        },
        factors: said.factors.clone(),
        evidence: said.evidence.clone(),
        flags: said.flags.clone(),
        providers: vec![provider],
        attempts,
        created_at: now,
        valid_until: entry.valid_until(),
        raw: None,
    }
}
