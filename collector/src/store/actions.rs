//! Typed actions ordered from agents, and how they went.

use jiff::Timestamp;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::{ActionId, DeviceId};

/// An action to be ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAction {
    /// Identity.
    pub id: ActionId,
    /// Which agent.
    pub device: DeviceId,
    /// What, e.g. `probe_now`.
    pub kind: &'static str,
    /// Name of who ordered it.
    pub requested_by: String,
}

/// An action as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRecord {
    /// Identity.
    pub id: ActionId,
    /// Which agent.
    pub device: DeviceId,
    /// What, e.g. `probe_now`.
    pub kind: String,
    /// Name of who ordered it.
    pub requested_by: String,
    /// When it was ordered.
    pub requested_at: Timestamp,
    /// When it was sent to the agent.
    pub sent_at: Option<Timestamp>,
    /// `done`, `failed` or `refused`, once the agent said so.
    pub outcome: Option<String>,
    /// What the agent said.
    pub detail: String,
    /// When it said so.
    pub finished_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct ActionColumns {
    id: String,
    device_id: String,
    kind: String,
    requested_by: String,
    requested_at: i64,
    sent_at: Option<i64>,
    outcome: Option<String>,
    detail: String,
    finished_at: Option<i64>,
}

impl ActionColumns {
    fn read(self) -> Result<ActionRecord> {
        Ok(ActionRecord {
            id: ActionId::new(self.id),
            device: DeviceId::new(self.device_id),
            kind: self.kind,
            requested_by: self.requested_by,
            requested_at: row::instant("action", "requested_at", self.requested_at)?,
            sent_at: row::some_instant("action", "sent_at", self.sent_at)?,
            outcome: self.outcome,
            detail: self.detail,
            finished_at: row::some_instant("action", "finished_at", self.finished_at)?,
        })
    }
}

impl Read {
    /// The last actions ordered from a device, newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn actions_of(&mut self, device: &DeviceId, limit: u32) -> Result<Vec<ActionRecord>> {
        let sql = "SELECT * FROM action WHERE device_id = $1 ORDER BY requested_at DESC LIMIT $2";
        let rows: Vec<ActionColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(device.as_str())
            .bind(i64::from(limit))
            .fetch_all(db)
            .await)?;
        rows.into_iter().map(ActionColumns::read).collect()
    }

    /// Actions of a device that were ordered after `since` and have no outcome yet, oldest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn actions_waiting(&mut self, since: Timestamp) -> Result<Vec<ActionRecord>> {
        let sql = "SELECT * FROM action WHERE finished_at IS NULL AND sent_at IS NULL AND requested_at > $1
                   ORDER BY requested_at LIMIT 1000";
        let rows: Vec<ActionColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(since.as_microsecond()).fetch_all(db).await)?;
        rows.into_iter().map(ActionColumns::read).collect()
    }
}

impl Write {
    /// Orders an action.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_action(&mut self, action: &NewAction, now: Timestamp) -> Result<()> {
        let sql = "INSERT INTO action (id, device_id, kind, requested_by, requested_at, detail)
                   VALUES ($1, $2, $3, $4, $5, '')";
        on!(self, |db| sqlx::query(sql)
            .bind(action.id.as_str())
            .bind(action.device.as_str())
            .bind(action.kind)
            .bind(&action.requested_by)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        self.bump("action");
        Ok(())
    }

    /// Notes that an action was sent; false when it already was.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_action_sent(&mut self, id: &ActionId, now: Timestamp) -> Result<bool> {
        let sql = "UPDATE action SET sent_at = $2 WHERE id = $1 AND sent_at IS NULL";
        let changed: u64 = on!(self, |db| sqlx::query(sql)
            .bind(id.as_str())
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Keeps how an action of this device went; one of another device is left alone.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn finish_action(
        &mut self,
        id: &ActionId,
        device: &DeviceId,
        outcome: &'static str,
        detail: &str,
        now: Timestamp,
    ) -> Result<()> {
        let sql = "UPDATE action SET outcome = $3, detail = $4, finished_at = $5
                   WHERE id = $1 AND device_id = $2 AND finished_at IS NULL";
        on!(self, |db| sqlx::query(sql)
            .bind(id.as_str())
            .bind(device.as_str())
            .bind(outcome)
            .bind(detail)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        self.bump("action");
        Ok(())
    }
}
