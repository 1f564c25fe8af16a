//! Deadlines that passed, and what was already done about them.

use jiff::Timestamp;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::RunId;

/// How late a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Its step is beyond its deadline.
    Step,
    /// Its step is beyond its deadline by as much again.
    StepTwice,
    /// The whole run is beyond its deadline.
    Run,
}

impl Level {
    /// The word in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Step => "step",
            Level::StepTwice => "step_twice",
            Level::Run => "run",
        }
    }
}

/// A run that is late, about which nothing was done yet at that level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lateness {
    /// Which.
    pub run: RunId,
    /// How late.
    pub level: Level,
    /// Since when it stands at its step; when it began, for [`Level::Run`].
    pub since: Timestamp,
}

impl Read {
    /// Open runs that are late and about which nothing was done yet at that level, the latest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn late(
        &mut self,
        level: Level,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Lateness>> {
        let sql = match level {
            Level::Step => {
                "SELECT r.id, r.step_since FROM run r
                 WHERE r.step_due_at < $1 AND r.closed_at IS NULL AND r.waiting IS NULL AND NOT EXISTS (
                     SELECT 1 FROM escalation e
                     WHERE e.run_id = r.id AND e.level = 'step' AND e.since = r.step_since)
                 ORDER BY r.step_due_at LIMIT $2"
            }
            Level::StepTwice => {
                "SELECT r.id, r.step_since FROM escalation e JOIN run r ON r.id = e.run_id
                 WHERE e.next_at < $1 AND e.level = 'step' AND e.since = r.step_since
                     AND r.closed_at IS NULL AND r.waiting IS NULL AND NOT EXISTS (
                     SELECT 1 FROM escalation x
                     WHERE x.run_id = r.id AND x.level = 'step_twice' AND x.since = r.step_since)
                 ORDER BY e.next_at LIMIT $2"
            }
            Level::Run => {
                "SELECT r.id, r.opened_at FROM run r
                 WHERE r.due_at < $1 AND r.closed_at IS NULL AND r.waiting IS NULL AND NOT EXISTS (
                     SELECT 1 FROM escalation e
                     WHERE e.run_id = r.id AND e.level = 'run' AND e.since = r.opened_at)
                 ORDER BY r.due_at LIMIT $2"
            }
        };
        let rows: Vec<(String, i64)> = on!(self, |db| sqlx::query_as(sql)
            .bind(now.as_microsecond())
            .bind(i64::from(limit))
            .fetch_all(db)
            .await)?;
        let read = |(id, since): (String, i64)| {
            Ok(Lateness {
                run: RunId::new(id),
                level,
                since: row::instant("run", "step_since", since)?,
            })
        };
        rows.into_iter().map(read).collect()
    }
}

impl Write {
    /// Notes what is being done about a late run; false when it was done before. `next_at` is when the next level is
    /// to be looked at.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_escalation(
        &mut self,
        run: &RunId,
        level: Level,
        since: Timestamp,
        next_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool> {
        let sql =
            "INSERT INTO escalation (run_id, level, since, at, next_at) VALUES ($1, $2, $3, $4, $5)
                   ON CONFLICT (run_id, level, since) DO NOTHING";
        let added: u64 = on!(self, |db| sqlx::query(sql)
            .bind(run.as_str())
            .bind(level.as_str())
            .bind(since.as_microsecond())
            .bind(now.as_microsecond())
            .bind(next_at.map(Timestamp::as_microsecond))
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(added == 1)
    }

    /// Notes that a run's second deadline comes later than was thought; none: never.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn postpone_escalation(
        &mut self,
        run: &RunId,
        since: Timestamp,
        next_at: Option<Timestamp>,
    ) -> Result<()> {
        let sql = "UPDATE escalation SET next_at = $3 WHERE run_id = $1 AND level = 'step' AND since = $2";
        on!(self, |db| sqlx::query(sql)
            .bind(run.as_str())
            .bind(since.as_microsecond())
            .bind(next_at.map(Timestamp::as_microsecond))
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }
}
