//! SQL of imports: what is brought in from a vendor's own history, and what became of each entry of its list.
//!
//! An entry's record and its count are one transaction, under the lease of its page. So each entry is counted once in
//! an import, and brought in once whichever import is first.

mod parts;

use std::{collections::BTreeMap, fmt, sync::Arc};

use jiff::Timestamp;
use risk_provider::{AnswerState, ProviderAssessment, ProviderName};
use serde::{Deserialize, Serialize};

pub use parts::{Brought, Entry, EntryOutcome, Held, Import, ImportCounts, ImportStatus, NewImport, PageEnd};

use super::{
    ProviderRecord, Store, StoreError, answers, assessments, attempts,
    engine::{Connection, Row, sql},
    jobs, subjects,
    writer::Add,
};
use crate::{
    ids::{JobId, ProviderAssessmentId},
    policy::Policy,
};

/// One thing to write.
pub(super) enum Step {
    Begin {
        id: JobId,
        import: NewImport,
    },
    Enter(Vec<Entry>),
    Turn(PageEnd),
    /// References of answers that an earlier release recorded.
    Note(Vec<(ProviderAssessmentId, Option<[u8; 32]>)>),
}

/// What else than its time says what an import is of.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct WantedColumn {
    filters: BTreeMap<String, String>,
    references: usize,
}

/// How a provider's answer came here: from the vendor's own history.
const IMPORTED: &str = "import";
/// Somebody else brought it in meanwhile, or it was asked for.
const HELD: &str = "held";
/// Answers of an earlier release that are looked through at once.
const OLD_AT_ONCE: u32 = 100;

const INSERT_IMPORT: &str = "INSERT INTO imports \
     (job_id, team, provider, wanted_from, wanted_to, created_at, wanted, wanted_mac) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// With the page that was begun last, which says how the whole stands.
const FIND: &str = "SELECT imports.job_id, imports.provider, imports.wanted_from, imports.wanted_to, \
     imports.created_at, job_items.status, job_items.number, job_items.tries, job_items.error, job_items.finished_at, \
     imports.wanted, imports.wanted_mac \
     FROM imports JOIN job_items ON job_items.job_id = imports.job_id \
     WHERE imports.team = $1 AND imports.job_id = $2 ORDER BY job_items.number DESC LIMIT 1";

const FIND_OPEN: &str = "SELECT imports.job_id FROM imports JOIN job_items ON job_items.job_id = imports.job_id \
     WHERE imports.team = $1 AND imports.provider = $2 AND imports.wanted_mac = $3 \
     AND job_items.status IN ('queued', 'running') \
     ORDER BY imports.created_at LIMIT 1";

const IS_LOOKED_FOR: &str = "SELECT job_items.number FROM jobs JOIN job_items ON job_items.job_id = jobs.id \
     WHERE jobs.kind = $1 AND jobs.team = $2 AND jobs.label LIKE $3 \
     AND job_items.status IN ('queued', 'running') LIMIT 1";

const COUNT: &str = "SELECT outcome, reason, attached, COUNT(*) FROM import_entries WHERE job_id = $1 \
     GROUP BY outcome, reason, attached";

const INSERT_ENTRY: &str = "INSERT INTO import_entries \
     (job_id, reference_mac, outcome, reason, attached, entered_at) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (job_id, reference_mac) DO NOTHING";

const FIND_ENTRY: &str = "SELECT outcome FROM import_entries WHERE job_id = $1 AND reference_mac = $2";

const FIND_HELD: &str = "SELECT provider_assessments.id, provider_assessments.document, data_keys.subject_id, \
     data_keys.wrapped FROM provider_assessments \
     LEFT JOIN data_keys ON data_keys.subject_id = provider_assessments.subject_id \
     WHERE provider_assessments.reference_mac = $1";

/// Whether an answer came meanwhile. Where only the wait for one was held, that has neither level nor score.
const IS_HELD: &str = "SELECT id FROM provider_assessments WHERE reference_mac = $1 \
     AND (NOT $2 OR origin = 'import' OR level IS NOT NULL OR score IS NOT NULL) LIMIT 1";

const FIND_OLD: &str = "SELECT provider_assessments.id, provider_assessments.document, data_keys.subject_id, \
     data_keys.wrapped FROM provider_assessments \
     JOIN subjects ON subjects.id = provider_assessments.subject_id \
     JOIN data_keys ON data_keys.subject_id = subjects.id \
     WHERE provider_assessments.reference_mac IS NULL AND provider_assessments.provider = $1 AND subjects.team = $2 \
     AND provider_assessments.id > $3 ORDER BY provider_assessments.id LIMIT $4";

const NOTE: &str =
    "UPDATE provider_assessments SET reference_mac = $2 WHERE id = $1 AND reference_mac IS NULL";

// === impl Store ===

impl Store {
    /// Begins an import, unless there is one of this label already: that one is given instead.
    ///
    /// # Errors
    ///
    /// When it could not be read or written.
    pub async fn begin_import(&self, import: NewImport) -> Result<Import, StoreError> {
        let (team, kind, label) = (import.team.clone(), import.first.kind, import.first.label.clone());
        self.write_import(Step::Begin { id: JobId::new(), import }).await?;
        let id = self.job(kind, &team, &label).await?.ok_or(StoreError::Closed)?;
        self.import(&team, &id).await?.ok_or(StoreError::Closed)
    }

    /// A team's import; none when the team has no such import.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn import(&self, team: &str, id: &JobId) -> Result<Option<Import>, StoreError> {
        let row = self.readers.optional(sql(FIND).bind(team).bind(id.as_str())).await?;
        let Some(row) = row else { return Ok(None) };
        let counts = self.readers.all(sql(COUNT).bind(id.as_str())).await?;
        import(&row, self::counts(&counts)?).map(Some)
    }

    /// The first import of the same that has not ended.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn open_import(
        &self,
        team: &str,
        provider: &ProviderName,
        wanted_mac: &[u8; 32],
    ) -> Result<Option<JobId>, StoreError> {
        let open = sql(FIND_OPEN).bind(team).bind(provider.as_str()).bind(wanted_mac.as_slice());
        let row = self.readers.optional(open).await?;
        row.map(|row| Ok(JobId::from_text(&row.get::<String>(0)?))).transpose()
    }

    /// Whether it is written already what became of an entry.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn is_entered(&self, job: &JobId, reference_mac: &[u8; 32]) -> Result<bool, StoreError> {
        let entry = sql(FIND_ENTRY).bind(job.as_str()).bind(reference_mac.as_slice());
        Ok(self.readers.optional(entry).await?.is_some())
    }

    /// What is held under a vendor's reference.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn held(&self, reference_mac: &[u8; 32]) -> Result<Held, StoreError> {
        let mut held = Held::Nothing;
        for row in self.readers.all(sql(FIND_HELD).bind(reference_mac.as_slice())).await? {
            let Some(wrapped) = row.get::<Option<Vec<u8>>>(3)? else {
                // Erased, and not to be brought in again.
                return Ok(Held::Answer);
            };
            let (_, said) = assessments::said(&self.vault, &row)?;
            if said.state == AnswerState::Final {
                return Ok(Held::Answer);
            }
            held = Held::Owed(Arc::new(subjects::stored(&self.vault, &row.get::<String>(2)?, &wrapped)?));
        }
        Ok(held)
    }

    /// Whether anything is still to be done in a team's jobs of this kind whose labels begin with `label`, which holds
    /// no wildcard.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn is_looked_for(&self, kind: &str, team: &str, label: &str) -> Result<bool, StoreError> {
        let open = sql(IS_LOOKED_FOR).bind(kind).bind(team).bind(format!("{label}%").as_str());
        Ok(self.readers.optional(open).await?.is_some())
    }

    /// Writes what became of entries, in one transaction.
    ///
    /// # Errors
    ///
    /// [`StoreError::LeaseLost`] when somebody else has their page, or the import was cancelled.
    pub async fn enter(&self, entries: Vec<Entry>) -> Result<(), StoreError> {
        if entries.is_empty() { Ok(()) } else { self.write_import(Step::Enter(entries)).await }
    }

    /// Ends a page, and adds the one after it.
    ///
    /// # Errors
    ///
    /// As [`Self::enter`].
    pub async fn turn_page(&self, page: PageEnd) -> Result<(), StoreError> {
        self.write_import(Step::Turn(page)).await
    }

    /// Notes the references of what `provider` said to a team while an earlier release recorded it.
    ///
    /// # Errors
    ///
    /// When it could not be read or written.
    pub async fn note_references(
        &self,
        team: &str,
        provider: &ProviderName,
        reference_of: impl Fn(&ProviderAssessment) -> Option<[u8; 32]> + Send + Sync,
    ) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let old = sql(FIND_OLD).bind(provider.as_str()).bind(team).bind(&after).bind(OLD_AT_ONCE);
            let rows = self.readers.all(old).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.get(0)?;
            let mut noted = Vec::with_capacity(rows.len());
            for row in &rows {
                match assessments::said(&self.vault, row) {
                    Ok((id, said)) => noted.push((id, reference_of(&said))),
                    Err(error) => tracing::error!(error = error.told(), "an old answer cannot be read"),
                }
            }
            self.write_import(Step::Note(noted)).await?;
        }
    }

    async fn write_import(&self, step: Step) -> Result<(), StoreError> {
        self.writer.write(Add::Import(Box::new(step))).await.map(drop)
    }
}

/// Writes one step.
pub(super) async fn apply(connection: &mut Connection, step: &Step) -> Result<(), StoreError> {
    match step {
        Step::Begin { id, import } => begin(connection, id, import).await,
        Step::Enter(entries) => {
            for entry in entries {
                enter(connection, entry).await?;
            }
            Ok(())
        }
        Step::Turn(page) => turn(connection, page).await,
        Step::Note(noted) => {
            for (id, mac) in noted {
                let mac = mac.map_or_else(Vec::new, Vec::from);
                sql(NOTE).bind(id.as_str()).bind(mac).run(connection).await?;
            }
            Ok(())
        }
    }
}

async fn begin(connection: &mut Connection, id: &JobId, import: &NewImport) -> Result<(), StoreError> {
    let NewImport { team, provider, from, to, filters, references, wanted_mac, subject, first, at } = import;
    if !jobs::begin(connection, id, team, first, *at).await? {
        return Ok(());
    }
    let insert = sql(INSERT_IMPORT).bind(id.as_str()).bind(team).bind(provider.as_str());
    let insert = insert.bind(from.clone()).bind(to.clone()).bind(*at);
    let column = WantedColumn { filters: filters.clone(), references: *references };
    insert.bind(&serde_json::to_string(&column)?).bind(wanted_mac.as_slice()).run(connection).await?;
    jobs::add(connection, id, subject, first).await
}

async fn enter(connection: &mut Connection, entry: &Entry) -> Result<(), StoreError> {
    let Entry { lease, reference_mac, outcome, exchanges, at } = entry;
    if !jobs::holds(connection, lease).await? {
        return Err(StoreError::LeaseLost);
    }
    let (word, reason, attached, brought) = match outcome {
        EntryOutcome::Brought(brought) if bring(connection, entry, brought).await? => {
            (ImportCounts::IMPORTED, None, brought.attached, Some(&brought.id))
        }
        EntryOutcome::Brought(_) => (ImportCounts::SKIPPED, Some(HELD), false, None),
        EntryOutcome::Skipped(reason) => (ImportCounts::SKIPPED, Some(*reason), false, None),
        EntryOutcome::Failed(kind) => (ImportCounts::FAILED, Some(*kind), false, None),
    };
    let insert = sql(INSERT_ENTRY).bind(lease.job.as_str()).bind(reference_mac.as_slice());
    insert.bind(word).bind(reason).bind(attached).bind(*at).run(connection).await?;
    attempts::insert(connection, exchanges, brought).await
}

/// Records what the vendor had said; false where that is held already.
async fn bring(connection: &mut Connection, entry: &Entry, brought: &Brought) -> Result<bool, StoreError> {
    let Brought { id, said, reference_mac, subject, attached } = brought;
    let held = sql(IS_HELD).bind(reference_mac.as_slice()).bind(*attached);
    if held.optional(connection).await?.is_some() {
        return Ok(false);
    }
    let record = ProviderRecord {
        id: id.clone(),
        assessment: Arc::clone(said),
        exchanges: entry.exchanges.clone(),
        reference_mac: Some(*reference_mac),
    };
    if !assessments::insert_said(connection, &record, subject, IMPORTED).await? {
        return Ok(false);
    }
    let status = Policy::default().verdict(said).status;
    answers::insert_brought(connection, (id, said), &subject.id, reference_mac, (*attached, status)).await?;
    Ok(true)
}

async fn turn(connection: &mut Connection, page: &PageEnd) -> Result<(), StoreError> {
    let PageEnd { lease, subject, next, at } = page;
    jobs::complete(connection, lease, "", *at).await?;
    match next {
        Some(next) => jobs::add(connection, &lease.job, subject, next).await,
        None => Ok(()),
    }
}

/// The import in a row of it and its last page.
fn import(row: &Row, counts: ImportCounts) -> Result<Import, StoreError> {
    let time = |micros| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
    let begun = row.get::<i64>(6)? > 1 || row.get::<i64>(7)? > 0;
    let status = ImportStatus::of(&row.get::<String>(5)?, begun);
    let WantedColumn { filters, references } = serde_json::from_str(&row.get::<String>(10)?)?;
    Ok(Import {
        id: JobId::from_text(&row.get::<String>(0)?),
        provider: ProviderName::new(&row.get::<String>(1)?),
        from: row.get(2)?,
        to: row.get(3)?,
        filters,
        references,
        wanted_mac: row.get(11)?,
        status,
        counts,
        created_at: time(row.get(4)?),
        finished_at: row.get::<Option<i64>>(9)?.map(time),
        error: row.get::<Option<String>>(8)?.filter(|_| status != ImportStatus::Cancelled),
    })
}

/// What rows of outcome, reason, whether attached, and number come to.
fn counts(rows: &[Row]) -> Result<ImportCounts, StoreError> {
    let mut counts = ImportCounts::default();
    for row in rows {
        let reason: Option<String> = row.get(1)?;
        let (attached, number): (bool, i64) = (row.get(2)?, row.get(3)?);
        let by_reason = match row.get::<String>(0)?.as_str() {
            ImportCounts::IMPORTED => {
                counts.imported += number;
                counts.unattached += if attached { 0 } else { number };
                continue;
            }
            ImportCounts::SKIPPED => &mut counts.skipped,
            _ => &mut counts.failed,
        };
        *by_reason.entry(reason.unwrap_or_default()).or_default() += number;
    }
    Ok(counts)
}

// === impl Step ===

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Begin { .. } => "Begin",
            Self::Enter(_) => "Enter",
            Self::Turn(_) => "Turn",
            Self::Note(_) => "Note",
        })
    }
}
