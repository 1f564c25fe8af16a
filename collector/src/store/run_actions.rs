//! Orders given to agents from a run.

use super::Result;
use super::actions::{ActionColumns, ActionRecord};
use super::engine::{Read, Write, on};
use crate::domain::id::{ActionId, RunId};

impl Read {
    /// Orders given from a run, newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn actions_of_run(&mut self, run: &RunId, limit: u32) -> Result<Vec<ActionRecord>> {
        let sql = "SELECT a.* FROM action a JOIN action_of_run o ON o.action_id = a.id
                   WHERE o.run_id = $1 ORDER BY a.requested_at DESC, a.id DESC LIMIT $2";
        let rows: Vec<ActionColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(run.as_str())
            .bind(i64::from(limit))
            .fetch_all(db)
            .await)?;
        rows.into_iter().map(ActionColumns::read).collect()
    }

    /// The run an order was given from, if it was.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn run_of_action(&mut self, action: &ActionId) -> Result<Option<RunId>> {
        let sql = "SELECT run_id FROM action_of_run WHERE action_id = $1";
        let found: Option<String> =
            on!(self, |db| sqlx::query_scalar(sql).bind(action.as_str()).fetch_optional(db).await)?;
        Ok(found.map(RunId::new))
    }
}

impl Write {
    /// Says from which run an order was given.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_run_of_action(&mut self, action: &ActionId, run: &RunId) -> Result<()> {
        let sql = "INSERT INTO action_of_run (action_id, run_id) VALUES ($1, $2)";
        Ok(on!(self, |db| sqlx::query(sql)
            .bind(action.as_str())
            .bind(run.as_str())
            .execute(db)
            .await
            .map(drop))?)
    }
}
