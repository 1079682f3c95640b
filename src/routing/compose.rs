//! Making an assessment of providers' answers, once for each route, and recording it.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use risk_provider::{AnswerState, ProviderAssessment};

use super::{
    Assessor, CacheUse, Plan, Question, Route,
    inquiry::{Inquiry, Voice},
};
use crate::{
    assessment::{Assessment, Consensus, ProviderAnswer, Served, Status, SubjectSummary},
    cache::{Entry, Made, Recipe},
    ids::AssessmentId,
    jobs::screening,
    policy::{Facts, Judgement, Policy},
    store::{AskedAbout, AssessmentRecord, Compared, ServedRecord, StoreError},
};

/// The reason of a consensus in which somebody is missing.
const NOT_ALL_ANSWERED: &str = "not_all_answered";

// === impl Route ===

impl Route {
    /// What its policy makes of what its providers `said`, and how many of them that were where it asks for a consensus.
    pub(super) fn judge(
        &self,
        said: &[&ProviderAssessment],
        facts: &Facts,
    ) -> (Judgement, Option<Consensus>) {
        let judged = self.policy.judge(said, facts, self.combine());
        if !matches!(self.plan, Plan::Consensus(_)) {
            return (judged, None);
        }
        let answered = said.iter().filter(|said| said.state == AnswerState::Final).count();
        let consensus = Consensus { asked: self.providers.len(), answered, vendors: judged.answered };
        let is_whole = consensus.answered >= consensus.asked;
        (if is_whole { judged } else { judged.to_be_reviewed(NOT_ALL_ANSWERED) }, Some(consensus))
    }
}

// === impl Assessor ===

impl Assessor {
    /// The assessment that a route makes of what its providers said, as this caller sees it. There is one for each
    /// route and answers; giving it to anybody but the caller who had the vendors called is recorded too.
    pub(super) async fn compose(
        &self,
        inquiry: &Inquiry,
        voices: &[Voice],
    ) -> Result<(Assessment, Duration), StoreError> {
        let question = &inquiry.question;
        let (mut assessment, made_now) = self.made(inquiry, voices).await?;
        if assessment.status == Status::Pending && !made_now {
            // It may have been completed meanwhile, by whichever server looked.
            let latest = self.store.assessment(&question.team, &assessment.id).await?;
            assessment = latest.map_or(assessment, Arc::new);
        }
        let now = self.clock.now();
        let ages = voices.iter().map(|voice| voice.found.entry.age(now));
        let age = ages.max().unwrap_or_default();
        let mut assessment = Assessment::clone(&assessment);
        let called_alone = matches!(voices, [voice] if voice.found.cache.called());
        if !made_now && !called_alone {
            for (answer, voice) in assessment.providers.iter_mut().zip(voices) {
                answer.served = served_again(voice.found.cache);
                answer.age_s = voice.found.entry.age(now).as_secs();
            }
            self.note_served(inquiry, voices, &assessment, now).await?;
        }
        Ok((assessment, age))
    }

    async fn note_served(
        &self,
        inquiry: &Inquiry,
        voices: &[Voice],
        assessment: &Assessment,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(first) = voices.first() else { return Ok(()) };
        let question = &inquiry.question;
        self.store
            .note_served(ServedRecord {
                request_id: question.request_id.clone(),
                subject: Arc::clone(&first.found.entry.record.exchanges.origin.subject),
                assessment_id: assessment.id.clone(),
                revision: assessment.revision,
                purpose: question.purpose.clone(),
                at: now,
                completes: question.completes.clone(),
            })
            .await
    }

    /// The assessment that the route makes of `voices`, recorded; and whether it was made just now.
    pub(super) async fn made(
        &self,
        inquiry: &Inquiry,
        voices: &[Voice],
    ) -> Result<(Arc<Assessment>, bool), StoreError> {
        let Some(first) = voices.first() else { return Err(StoreError::Closed) };
        let mut made_now = false;
        let place = first.found.entry.made(&recipe(inquiry, voices));
        let assessment = place
            .assessment
            .get_or_try_init(async || {
                if let Some(stored) = self.stored_of(inquiry, voices).await? {
                    return Ok(Arc::new(stored));
                }
                made_now = true;
                self.make(inquiry, voices, &first.found.entry, &place).await
            })
            .await?;
        Ok((Arc::clone(assessment), made_now))
    }

    /// What the route made of several answers, all of them kept, the last of which came later than the others: it was
    /// made under an earlier revision's id.
    async fn stored_of(&self, inquiry: &Inquiry, voices: &[Voice]) -> Result<Option<Assessment>, StoreError> {
        let all_kept = voices.iter().all(|voice| voice.found.cache == CacheUse::Hit);
        let ([first, _, ..], true) = (voices, all_kept) else { return Ok(None) };
        let Inquiry { route, question, .. } = inquiry;
        let made = self.store.made_of(&question.team, &route.name, &first.found.entry.record.id).await?;
        let Some(made) = made else { return Ok(None) };
        let sources = self.store.sources(&made.id).await?;
        let is_of = |voice: &Voice| sources.iter().any(|(id, _)| *id == voice.found.entry.record.id);
        let is_same = sources.len() == voices.len() && voices.iter().all(is_of);
        if !is_same {
            return Ok(None);
        }
        let said: Vec<&ProviderAssessment> = voices.iter().map(Voice::said).collect();
        let facts = Facts::from(question.subject.as_ref());
        let latest = self.store.assessment(&question.team, &made.id).await?;
        Ok(latest.filter(|latest| self.is_made_alike(latest, &said, &facts)))
    }

    async fn make(
        &self,
        inquiry: &Inquiry,
        voices: &[Voice],
        first: &Entry,
        place: &Made,
    ) -> Result<Arc<Assessment>, StoreError> {
        let question = &inquiry.question;
        let (assessment, tried) = place.draft(|| assessment(inquiry, voices, first, self.clock.now()));
        // Word of a record that was made may have been lost.
        if tried {
            let stored = self.store.assessment(&question.team, &assessment.id).await?;
            if stored.is_some_and(|stored| stored.revision >= assessment.revision) {
                return Ok(assessment);
            }
        }
        let subject = &first.record.exchanges.origin.subject;
        let mut enqueues = Vec::new();
        for voice in voices {
            enqueues.extend(self.first_look(inquiry, voice, &assessment)?);
        }
        enqueues.extend(screening::next(&inquiry.route, question, subject, self.clock.now())?);
        let record = AssessmentRecord {
            team: question.team.clone(),
            subject: Arc::clone(subject),
            assessment: Arc::clone(&assessment),
            purpose: question.purpose.clone(),
            sources: voices.iter().map(|voice| Arc::clone(&voice.found.entry.record)).collect(),
            completes: question.completes.clone(),
            enqueues,
            compared: Some(self.compared(inquiry, voices)),
        };
        self.store.append(record).await?;
        Ok(assessment)
    }

    /// What comparisons need to know of it.
    fn compared(&self, inquiry: &Inquiry, voices: &[Voice]) -> Compared {
        let Inquiry { route, question, .. } = inquiry;
        let facts = Facts::from(question.subject.as_ref());
        Compared {
            question: Some(self.asked_about(question)),
            statuses: voices.iter().map(|voice| route.policy.status_of(voice.said(), &facts)).collect(),
            without: inquiry.without.get().cloned().unwrap_or_default(),
        }
    }

    pub(super) fn asked_about(&self, question: &Question) -> AskedAbout {
        self.keys.asked_about(&question.team, &question.subject, self.clock.today())
    }
}

/// By which the first answer remembers what a route made of all of them.
fn recipe(inquiry: &Inquiry, voices: &[Voice]) -> Recipe {
    let mut name = inquiry.route.composes_as();
    for voice in voices.iter().skip(1) {
        name.push('/');
        name.push_str(voice.found.entry.record.id.as_str());
    }
    if voices.iter().any(|voice| voice.found.cache == CacheUse::GivenStale) {
        name.push_str("/stale");
    }
    if let Some(continued) = &inquiry.question.continues {
        name.push('/');
        name.push_str(continued.assessment.as_str());
    }
    Recipe { name, facts: Facts::from(inquiry.question.subject.as_ref()) }
}

/// How an answer came to be in an assessment that is made now.
const fn served(cache: CacheUse) -> Served {
    match cache {
        CacheUse::Hit => Served::Cached,
        CacheUse::Adopted | CacheUse::Recovered => Served::Adopted,
        CacheUse::GivenStale => Served::Stale,
        CacheUse::Miss | CacheUse::Joined | CacheUse::Stale | CacheUse::TooOld => Served::Called,
    }
}

/// How an answer came to be in an assessment that was made before.
const fn served_again(cache: CacheUse) -> Served {
    match cache {
        CacheUse::Adopted | CacheUse::Recovered => Served::Adopted,
        CacheUse::GivenStale => Served::Stale,
        CacheUse::Miss | CacheUse::Stale | CacheUse::TooOld => Served::Called,
        CacheUse::Hit | CacheUse::Joined => Served::Cached,
    }
}

fn assessment(inquiry: &Inquiry, voices: &[Voice], first: &Entry, now: Timestamp) -> Assessment {
    let Inquiry { route, question, assigned_to, trail, .. } = inquiry;
    let said: Vec<&ProviderAssessment> = voices.iter().map(Voice::said).collect();
    let facts = Facts::from(question.subject.as_ref());
    let (judged, consensus) = route.judge(&said, &facts);
    let (id, revision) = match &question.continues {
        Some(continued) => (continued.assessment.clone(), continued.revision + 1),
        None => (AssessmentId::new(), 1),
    };
    let policy = judged.outcome();
    let alone = inquiry.one_decides.then(|| first.record.assessment.provider.clone());
    Assessment {
        id,
        revision,
        replaces: question.replaces.as_ref().map(|replaced| replaced.assessment.clone()),
        status: judged.status,
        route: route.name.clone(),
        strategy: route.strategy(),
        subject: SubjectSummary {
            id: first.record.exchanges.origin.subject.id.clone(),
            reference: question.subject.reference.clone(),
            kind: question.subject.kind(),
        },
        providers: voices.iter().map(|voice| voice.summary(&route.policy, &judged, voices, now)).collect(),
        score: judged.score,
        level: judged.level,
        bounds: judged.bounds,
        coverage: judged.coverage,
        decided_by: alone.or(judged.decided_by),
        assigned_to: assigned_to.clone(),
        consensus,
        policy,
        factors: said.iter().flat_map(|said| said.factors.clone()).collect(),
        evidence: said.iter().flat_map(|said| said.evidence.clone()).collect(),
        flags: said.iter().flat_map(|said| said.flags.clone()).collect(),
        attempts: trail.attempts(),
        created_at: now,
        valid_until: voices.iter().map(|voice| voice.found.entry.valid_until()).min().unwrap_or(now),
        raw: None,
    }
}

// === impl Voice ===

impl Voice {
    fn said(&self) -> &ProviderAssessment {
        &self.found.entry.record.assessment
    }

    /// What an assessment tells of it: before any floor, and before the others had their say.
    fn summary(&self, policy: &Policy, judged: &Judgement, all: &[Self], now: Timestamp) -> ProviderAnswer {
        let said = self.said();
        let (score, level) = if all.len() > 1 {
            let verdict = policy.verdict(said);
            (verdict.score, verdict.level)
        } else {
            (judged.score.clone(), judged.base_level)
        };
        ProviderAnswer {
            provider: said.provider.clone(),
            role: self.role,
            served: served(self.found.cache),
            score,
            level,
            vendor_level: said.vendor_level.clone(),
            vendor_reference: said.vendor_reference.clone(),
            assessed_at: said.assessed_at,
            age_s: self.found.entry.age(now).as_secs(),
            mapping_version: said.mapping_version.clone(),
        }
    }
}
