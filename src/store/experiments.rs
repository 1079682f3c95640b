//! SQL of experiments: what was registered, found and decided. Only ever appended; nothing in it is personal.

use jiff::Timestamp;

use super::{
    Store, StoreError,
    engine::{Connection, Row, sql},
    writer::Add,
};
use crate::{
    experiments::{Decision, DecisionWord, Experiment, Look},
    ids::{DecisionId, ExperimentId},
};

/// One thing to write.
#[derive(Debug)]
pub(super) enum Step {
    Register(Box<Experiment>),
    Look(ExperimentId, Box<Look>),
    Decide(ExperimentId, Decision),
    Draw(Draw),
}

/// A share of the unflagged that is drawn to be looked into.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw {
    /// Of which experiment.
    pub experiment: ExperimentId,
    /// Above 0, up to 1.
    pub share: f64,
    /// By which API key.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The same told twice is one.
const INSERT: &str = "INSERT INTO experiments (id, team, name, plan, registered_by, registered_at) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (team, name) DO NOTHING";

const FIND: &str = "SELECT id, team, name, plan, registered_by, registered_at FROM experiments \
     WHERE team = $1 AND id = $2";

const FIND_NAMED: &str = "SELECT id, team, name, plan, registered_by, registered_at FROM experiments \
     WHERE team = $1 AND name = $2";

const LIST: &str = "SELECT id, team, name, plan, registered_by, registered_at FROM experiments \
     WHERE team = $1 AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3";

/// Whoever looks at the same time finds the same look.
const INSERT_LOOK: &str = "INSERT INTO experiment_looks (experiment_id, number, document, taken_by, taken_at) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (experiment_id, number) DO NOTHING";

const FIND_LOOKS: &str = "SELECT document FROM experiment_looks WHERE experiment_id = $1 ORDER BY number";

const INSERT_DECISION: &str = "INSERT INTO experiment_decisions \
     (id, experiment_id, decision, rationale, key_id, key_name, decided_at, look) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const FIND_DECISIONS: &str = "SELECT id, decision, rationale, key_id, key_name, decided_at, look FROM experiment_decisions \
     WHERE experiment_id = $1 ORDER BY id";

const INSERT_DRAW: &str = "INSERT INTO audit_draws (experiment_id, share, drawn_by, drawn_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (experiment_id, share) DO NOTHING";

const FIND_SHARE: &str = "SELECT MAX(share) FROM audit_draws WHERE experiment_id = $1";

// === impl Store ===

impl Store {
    /// Registers an experiment, unless its team has one of this name: that one is given instead.
    ///
    /// # Errors
    ///
    /// When it could not be read or written.
    pub async fn register_experiment(&self, experiment: Experiment) -> Result<Experiment, StoreError> {
        let (team, name) = (experiment.team.clone(), experiment.name.clone());
        self.write_experiment(Step::Register(Box::new(experiment))).await?;
        let row = self.readers.optional(sql(FIND_NAMED).bind(&team).bind(&name)).await?;
        experiment_in(&row.ok_or(StoreError::Closed)?)
    }

    /// A team's experiment; none when the team has no such one.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn experiment(&self, team: &str, id: &ExperimentId) -> Result<Option<Experiment>, StoreError> {
        let row = self.readers.optional(sql(FIND).bind(team).bind(id.as_str())).await?;
        row.map(|row| experiment_in(&row)).transpose()
    }

    /// A team's experiments, newest first, at most `limit`, older than `after` where that is given.
    ///
    /// # Errors
    ///
    /// When they could not be read.
    pub async fn experiments(
        &self,
        team: &str,
        after: Option<&ExperimentId>,
        limit: u32,
    ) -> Result<Vec<Experiment>, StoreError> {
        let list = sql(LIST).bind(team).bind(after.map(ExperimentId::as_str)).bind(limit);
        self.readers.all(list).await?.iter().map(experiment_in).collect()
    }

    /// The looks taken at an experiment, in order.
    ///
    /// # Errors
    ///
    /// When they could not be read.
    pub async fn looks(&self, id: &ExperimentId) -> Result<Vec<Look>, StoreError> {
        let rows = self.readers.all(sql(FIND_LOOKS).bind(id.as_str())).await?;
        rows.iter().map(|row| Ok(serde_json::from_str(&row.get::<String>(0)?)?)).collect()
    }

    /// Records a look, unless somebody else took the one of its number.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn note_look(&self, id: &ExperimentId, look: Look) -> Result<(), StoreError> {
        self.write_experiment(Step::Look(id.clone(), Box::new(look))).await
    }

    /// What was decided by an experiment, in order.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn decisions(&self, id: &ExperimentId) -> Result<Vec<Decision>, StoreError> {
        let rows = self.readers.all(sql(FIND_DECISIONS).bind(id.as_str())).await?;
        rows.iter().map(decision_in).collect()
    }

    /// Records a decision.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn decide(&self, id: &ExperimentId, decision: Decision) -> Result<(), StoreError> {
        self.write_experiment(Step::Decide(id.clone(), decision)).await
    }

    /// The share of the unflagged that is drawn to be looked into; 0 while nobody drew any.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn audited_share(&self, id: &ExperimentId) -> Result<f64, StoreError> {
        let row = self.readers.optional(sql(FIND_SHARE).bind(id.as_str())).await?;
        let share = row.map_or(Ok(None), |row| row.get::<Option<f64>>(0))?;
        Ok(share.unwrap_or_default())
    }

    /// Draws a share of the unflagged; a smaller one than before changes nothing.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub async fn draw_audit(&self, draw: Draw) -> Result<(), StoreError> {
        self.write_experiment(Step::Draw(draw)).await
    }

    async fn write_experiment(&self, step: Step) -> Result<(), StoreError> {
        self.writer.write(Add::Experiment(Box::new(step))).await.map(drop)
    }
}

/// Writes one step.
pub(super) async fn apply(connection: &mut Connection, step: &Step) -> Result<(), StoreError> {
    let statement = match step {
        Step::Register(experiment) => sql(INSERT)
            .bind(experiment.id.as_str())
            .bind(&experiment.team)
            .bind(&experiment.name)
            .bind(&serde_json::to_string(&experiment.plan)?)
            .bind(&experiment.registered_by)
            .bind(experiment.registered_at),
        Step::Look(id, look) => sql(INSERT_LOOK)
            .bind(id.as_str())
            .bind(look.number)
            .bind(&serde_json::to_string(look)?)
            .bind(&look.taken_by)
            .bind(look.taken_at),
        Step::Decide(id, decision) => sql(INSERT_DECISION)
            .bind(decision.id.as_str())
            .bind(id.as_str())
            .bind(decision.decision.as_str())
            .bind(&decision.rationale)
            .bind(&decision.decided_by)
            .bind(&decision.key_name)
            .bind(decision.decided_at)
            .bind(decision.look.map(i64::from)),
        Step::Draw(draw) => sql(INSERT_DRAW)
            .bind(draw.experiment.as_str())
            .bind(Some(draw.share))
            .bind(&draw.by)
            .bind(draw.at),
    };
    statement.run(connection).await.map(drop)
}

fn experiment_in(row: &Row) -> Result<Experiment, StoreError> {
    Ok(Experiment {
        id: ExperimentId::from_text(&row.get::<String>(0)?),
        team: row.get(1)?,
        name: row.get(2)?,
        plan: serde_json::from_str(&row.get::<String>(3)?)?,
        registered_by: row.get(4)?,
        registered_at: time(row.get(5)?),
    })
}

fn decision_in(row: &Row) -> Result<Decision, StoreError> {
    Ok(Decision {
        id: DecisionId::from_text(&row.get::<String>(0)?),
        // A word of a later version at least changes nothing.
        decision: DecisionWord::from_word(&row.get::<String>(1)?).unwrap_or(DecisionWord::Extend),
        rationale: row.get(2)?,
        decided_by: row.get(3)?,
        key_name: row.get(4)?,
        decided_at: time(row.get(5)?),
        look: row.get::<Option<i64>>(6)?.and_then(|look| u32::try_from(look).ok()),
    })
}

fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}
