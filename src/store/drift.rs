//! SQL of drift: what a provider's answers were like, week by week.

use jiff::Timestamp;
use risk_provider::{Factor, Level, ProviderName};

use super::{
    Store, StoreError, assessments,
    engine::{Row, sql},
};

/// One answer, as far as it stands in the clear.
#[derive(Debug)]
pub struct AnswerNoted {
    /// When it was asked for.
    pub at: Timestamp,
    /// Its level.
    pub level: Option<Level>,
    /// The adapter, the mapping and the questionnaire.
    pub version: String,
}

/// Each time that the vendor was called, in order; what was brought in from its history is of others' questions.
const ANSWERS: &str = "SELECT asked_at, COALESCE(level, ''), \
     COALESCE(kind, '') || ' ' || COALESCE(mapping_version, '') || ' ' || COALESCE(profile, '') FROM compared_answers \
     WHERE team = $1 AND provider = $2 AND asked_at >= $3 AND asked_at < $4 AND status = 'completed' \
     AND served IN ('called', 'adopted') AND part NOT IN ('import', 'unattached') ORDER BY asked_at, asked_in";

/// Some of them, drawn by the keyed hash of what was asked.
const SAMPLE: &str = "SELECT provider_assessments.id, provider_assessments.document, data_keys.subject_id, \
     data_keys.wrapped FROM compared_answers \
     JOIN provider_assessments ON provider_assessments.id = compared_answers.provider_assessment_id \
     JOIN data_keys ON data_keys.subject_id = provider_assessments.subject_id \
     WHERE compared_answers.team = $1 AND compared_answers.provider = $2 AND compared_answers.asked_at >= $3 \
     AND compared_answers.asked_at < $4 AND compared_answers.status = 'completed' \
     AND compared_answers.served IN ('called', 'adopted') \
     AND compared_answers.part NOT IN ('import', 'unattached') \
     ORDER BY compared_answers.question_mac, compared_answers.asked_in LIMIT $5";

// === impl Store ===

impl Store {
    /// Hands every complete answer that a provider was called for to `take`, in the order of asking.
    ///
    /// # Errors
    ///
    /// When they could not be read.
    pub async fn answers_noted(
        &self,
        (team, provider): (&str, &ProviderName),
        (from, to): (Timestamp, Timestamp),
        mut take: impl FnMut(AnswerNoted) + Send,
    ) -> Result<(), StoreError> {
        let mut each = |row: &Row| {
            let at = Timestamp::from_microsecond(row.get(0)?).unwrap_or(Timestamp::UNIX_EPOCH);
            let word: String = row.get(1)?;
            let level = Level::ALL.into_iter().find(|level| level.as_str() == word);
            take(AnswerNoted { at, level, version: row.get(2)? });
            Ok(())
        };
        let select = sql(ANSWERS).bind(team).bind(provider.as_str()).bind(from).bind(to);
        self.readers.each(select, &mut each).await
    }

    /// The factors of at most `most` of those answers, drawn at random and the same every time. What cannot be opened is
    /// left out.
    ///
    /// # Errors
    ///
    /// When they could not be read.
    pub async fn factors_sampled(
        &self,
        (team, provider): (&str, &ProviderName),
        (from, to): (Timestamp, Timestamp),
        most: u32,
    ) -> Result<Vec<Vec<Factor>>, StoreError> {
        let select = sql(SAMPLE).bind(team).bind(provider.as_str()).bind(from).bind(to).bind(most);
        let rows = self.readers.all(select).await?;
        let vault = self.vault.clone();
        // Opening them takes a processor for a while.
        let opened = tokio::task::spawn_blocking(move || {
            let said = rows.iter().filter_map(|row| assessments::said(&vault, row).ok());
            said.map(|(_, said)| said.factors).collect()
        });
        opened.await.map_err(|_panicked| StoreError::Closed)
    }
}
