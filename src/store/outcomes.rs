//! SQL of outcomes: what later turned out to be true of subjects. Only ever appended.
//!
//! The same content is one outcome, however often it is told; each is superseded at most once, so that which ones count
//! never depends on who was quicker.

use std::sync::Arc;

use jiff::Timestamp;
use risk_provider::Personal;

use super::{
    Store, StoreError, StoredSubject,
    engine::{Connection, Row, sql},
    place, subjects,
    writer::Add,
};
use crate::{
    ids::{AssessmentId, OutcomeId, SubjectId},
    outcomes::{Outcome, OutcomeType},
    vault::Vault,
};

/// An outcome to be recorded.
#[derive(Debug)]
pub struct NewOutcome {
    /// Its id, unless the same is there already.
    pub id: OutcomeId,
    /// Whose word it is.
    pub team: String,
    /// Whom it is about.
    pub subject: Arc<StoredSubject>,
    /// By which assessment it was told.
    pub assessment_id: Option<AssessmentId>,
    /// What turned out to be true.
    pub kind: OutcomeType,
    /// When it happened.
    pub occurred_at: Option<Timestamp>,
    /// Who found out.
    pub labelled_by: Option<Personal<String>>,
    /// How sure they are, 0 to 1.
    pub confidence: Option<f64>,
    /// Whether they had seen no score.
    pub blinded: Option<bool>,
    /// Which one no longer counts because of it.
    pub supersedes: Option<OutcomeId>,
    /// Keyed hash of all of the above but the id.
    pub content_mac: [u8; 32],
    /// Id of the API key that records it.
    pub key_id: String,
    /// Now.
    pub at: Timestamp,
}

/// Which outcomes are wanted.
#[derive(Debug, Clone, Default)]
pub struct OutcomeFilter {
    /// About this subject.
    pub subject: Option<SubjectId>,
    /// Of this type.
    pub kind: Option<OutcomeType>,
    /// Recorded at this time or later.
    pub from: Option<Timestamp>,
    /// Recorded before this time.
    pub to: Option<Timestamp>,
    /// Older than this outcome.
    pub after: Option<OutcomeId>,
}

/// What an outcome says, as far as comparisons need it.
#[derive(Debug, Clone, Copy)]
pub struct OutcomeNoted<'a> {
    /// Whom it is about.
    pub subject: &'a str,
    /// What turned out to be true.
    pub kind: OutcomeType,
    /// Whether whoever said so had seen no score; none where nobody told.
    pub blinded: Option<bool>,
    /// Whether they are sure enough for it to count.
    pub is_sure: bool,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// When another superseded it.
    pub superseded_at: Option<Timestamp>,
}

/// How an outcome stands that is to be superseded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Supersedable {
    /// The team has no such outcome of this subject.
    Unknown,
    /// It counts.
    Counts,
    /// This one supersedes it already.
    SupersededBy(OutcomeId),
}

/// Nothing where the same is there already, or another superseded the same one meanwhile.
const INSERT: &str = "INSERT INTO outcomes \
     (id, team, subject_id, assessment_id, type, occurred_at, labelled_by, confidence, blinded, supersedes, \
      content_mac, key_id, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
     ON CONFLICT DO NOTHING";

const FIND: &str = "SELECT outcomes.id, outcomes.subject_id, outcomes.assessment_id, outcomes.type, \
     outcomes.occurred_at, outcomes.labelled_by, outcomes.confidence, outcomes.blinded, outcomes.supersedes, \
     later.id, outcomes.recorded_at, outcomes.key_id, data_keys.wrapped \
     FROM outcomes JOIN data_keys ON data_keys.subject_id = outcomes.subject_id \
     LEFT JOIN outcomes AS later ON later.supersedes = outcomes.id \
     WHERE outcomes.team = $1 AND outcomes.content_mac = $2";

/// Not those of subjects that were erased.
const LIST: &str = "SELECT outcomes.id, outcomes.subject_id, outcomes.assessment_id, outcomes.type, \
     outcomes.occurred_at, outcomes.labelled_by, outcomes.confidence, outcomes.blinded, outcomes.supersedes, \
     later.id, outcomes.recorded_at, outcomes.key_id, data_keys.wrapped \
     FROM outcomes JOIN data_keys ON data_keys.subject_id = outcomes.subject_id \
     LEFT JOIN outcomes AS later ON later.supersedes = outcomes.id \
     WHERE outcomes.team = $1 AND ($2 IS NULL OR outcomes.subject_id = $2) AND ($3 IS NULL OR outcomes.type = $3) \
     AND ($4 IS NULL OR outcomes.recorded_at >= $4) AND ($5 IS NULL OR outcomes.recorded_at < $5) \
     AND ($6 IS NULL OR outcomes.id < $6) ORDER BY outcomes.id DESC LIMIT $7";

const FIND_SUPERSEDABLE: &str = "SELECT later.id FROM outcomes \
     LEFT JOIN outcomes AS later ON later.supersedes = outcomes.id \
     WHERE outcomes.id = $1 AND outcomes.team = $2 AND outcomes.subject_id = $3";

/// All of them, and when each was superseded; what was recorded within a minute comes in one text.
const LABELS: &str = "SELECT string_agg(format('%s|%s|%s|%s|%s|%s', outcomes.subject_id, outcomes.type, outcomes.blinded, \
     COALESCE(outcomes.confidence, 1) >= 0.5, outcomes.recorded_at, later.recorded_at), '\n') \
     FROM outcomes LEFT JOIN outcomes AS later ON later.supersedes = outcomes.id \
     WHERE outcomes.team = $1 GROUP BY outcomes.recorded_at / 60000000";

const FIND_SUBJECT: &str = "SELECT subject_id FROM assessments WHERE id = $1 AND team = $2 LIMIT 1";

// === impl Store ===

impl Store {
    /// Records an outcome, unless the same is there already: that one is given, and false. None where another
    /// superseded the same one meanwhile.
    ///
    /// # Errors
    ///
    /// When it could not be read or written.
    pub async fn note_outcome(&self, outcome: NewOutcome) -> Result<Option<(Outcome, bool)>, StoreError> {
        let (id, team, mac) = (outcome.id.clone(), outcome.team.clone(), outcome.content_mac);
        self.writer.write(Add::Outcome(Box::new(outcome))).await?;
        let noted = self.outcome(&team, &mac).await?;
        Ok(noted.map(|noted| {
            let is_new = noted.id == id;
            (noted, is_new)
        }))
    }

    /// A team's outcome of this content.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn outcome(&self, team: &str, content_mac: &[u8; 32]) -> Result<Option<Outcome>, StoreError> {
        let row = self.readers.optional(sql(FIND).bind(team).bind(content_mac.as_slice())).await?;
        row.map(|row| opened(&self.vault, &row)).transpose()
    }

    /// A team's outcomes that pass `filter`, newest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// When they could not be read.
    pub async fn outcomes(
        &self,
        team: &str,
        filter: &OutcomeFilter,
        limit: u32,
    ) -> Result<Vec<Outcome>, StoreError> {
        let list = sql(LIST)
            .bind(team)
            .bind(filter.subject.as_ref().map(SubjectId::as_str))
            .bind(filter.kind.map(OutcomeType::as_str))
            .bind(filter.from.map(Timestamp::as_microsecond))
            .bind(filter.to.map(Timestamp::as_microsecond))
            .bind(filter.after.as_ref().map(OutcomeId::as_str))
            .bind(limit);
        self.readers.all(list).await?.iter().map(|row| opened(&self.vault, row)).collect()
    }

    /// Hands every outcome of a team to `take`, also those that no longer count.
    ///
    /// # Errors
    ///
    /// When they could not be read.
    pub async fn labels(
        &self,
        team: &str,
        mut take: impl FnMut(OutcomeNoted<'_>) + Send,
    ) -> Result<(), StoreError> {
        let mut each = |row: &Row| {
            row.get::<String>(0)?.lines().filter_map(OutcomeNoted::read).for_each(&mut take);
            Ok(())
        };
        self.readers.each(sql(LABELS).bind(team), &mut each).await
    }

    /// How a team's outcome of this subject stands that is to be superseded.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn supersedable(
        &self,
        team: &str,
        subject: &SubjectId,
        id: &OutcomeId,
    ) -> Result<Supersedable, StoreError> {
        let find = sql(FIND_SUPERSEDABLE).bind(id.as_str()).bind(team).bind(subject.as_str());
        let Some(row) = self.readers.optional(find).await? else { return Ok(Supersedable::Unknown) };
        let later = row.get::<Option<String>>(0)?;
        Ok(later.map_or(Supersedable::Counts, |id| Supersedable::SupersededBy(OutcomeId::from_text(&id))))
    }

    /// Whom a team's assessment is about.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn assessed_subject(
        &self,
        team: &str,
        id: &AssessmentId,
    ) -> Result<Option<SubjectId>, StoreError> {
        let row = self.readers.optional(sql(FIND_SUBJECT).bind(id.as_str()).bind(team)).await?;
        row.map(|row| Ok(SubjectId::from_text(&row.get::<String>(0)?))).transpose()
    }
}

// === impl OutcomeNoted ===

impl<'a> OutcomeNoted<'a> {
    /// None for a word of a later version, which labels nobody.
    fn read(line: &'a str) -> Option<Self> {
        // One database writes 1, the other t.
        let is_true = |word: &str| matches!(word, "1" | "t");
        let time = |word: &str| word.parse().ok().and_then(|micros| Timestamp::from_microsecond(micros).ok());
        let mut parts = line.split('|');
        let mut next = || parts.next().unwrap_or_default();
        let (subject, kind, blinded) = (next(), OutcomeType::from_word(next())?, next());
        Some(Self {
            subject,
            kind,
            blinded: (!blinded.is_empty()).then_some(is_true(blinded)),
            is_sure: is_true(next()),
            recorded_at: time(next()).unwrap_or(Timestamp::MIN),
            superseded_at: time(next()),
        })
    }
}

pub(super) async fn insert(connection: &mut Connection, outcome: &NewOutcome) -> Result<(), StoreError> {
    let NewOutcome { id, subject, labelled_by, .. } = outcome;
    let seal =
        |name: &Personal<String>| subject.data_key.seal(&place::labelled_by(id), name.expose().as_bytes());
    sql(INSERT)
        .bind(id.as_str())
        .bind(&outcome.team)
        .bind(subject.id.as_str())
        .bind(outcome.assessment_id.as_ref().map(AssessmentId::as_str))
        .bind(outcome.kind.as_str())
        .bind(outcome.occurred_at.map(Timestamp::as_microsecond))
        .bind(labelled_by.as_ref().map(seal).transpose()?)
        .bind(outcome.confidence)
        .bind(outcome.blinded)
        .bind(outcome.supersedes.as_ref().map(OutcomeId::as_str))
        .bind(outcome.content_mac.as_slice())
        .bind(&outcome.key_id)
        .bind(outcome.at)
        .run(connection)
        .await
        .map(drop)
}

/// The outcome in a row, with its subject's wrapped data key.
fn opened(vault: &Vault, row: &Row) -> Result<Outcome, StoreError> {
    let id = OutcomeId::from_text(&row.get::<String>(0)?);
    let subject_id: String = row.get(1)?;
    let time = |micros| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
    let other = |index| row.get::<Option<String>>(index);
    let labelled_by = match row.get::<Option<Vec<u8>>>(5)? {
        Some(sealed) => {
            let subject = subjects::stored(vault, &subject_id, &row.get::<Vec<u8>>(12)?)?;
            let name = subject.data_key.open(&place::labelled_by(&id), &sealed)?;
            Some(Personal::new(String::from_utf8_lossy(&name).into_owned()))
        }
        None => None,
    };
    Ok(Outcome {
        id,
        subject_id: SubjectId::from_text(&subject_id),
        assessment_id: other(2)?.map(|id| AssessmentId::from_text(&id)),
        // A word of a later version counts for nothing here.
        kind: OutcomeType::from_word(&row.get::<String>(3)?).ok_or(StoreError::Document { column: 3 })?,
        occurred_at: row.get::<Option<i64>>(4)?.map(time),
        labelled_by,
        confidence: row.get(6)?,
        blinded: row.get(7)?,
        supersedes: other(8)?.map(|id| OutcomeId::from_text(&id)),
        superseded_by: other(9)?.map(|id| OutcomeId::from_text(&id)),
        recorded_at: time(row.get(10)?),
        recorded_by: row.get(11)?,
    })
}
