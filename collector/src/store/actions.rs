//! Typed actions ordered from agents, and how they went.

use jiff::{SignedDuration, Timestamp};
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::action::{ActionResult, ActionState};
use crate::domain::id::{ActionId, DeviceId};
use crate::domain::reading::{Action, ActionKind, ActionOutcome, Evidence};

/// Orders kept of one device; the audit keeps who ordered what for good.
const KEPT: i64 = 500;

/// An action to be ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAction {
    /// Identity.
    pub id: ActionId,
    /// Which agent.
    pub device: DeviceId,
    /// What.
    pub action: Action,
    /// Name of who ordered it.
    pub requested_by: String,
    /// Not to be begun after this.
    pub expires_at: Timestamp,
}

/// An action as kept.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionRecord {
    /// Identity.
    pub id: ActionId,
    /// Which agent.
    pub device: DeviceId,
    /// Word of its kind, e.g. `probe_now`.
    pub kind: String,
    /// What; `None`: a newer collector ordered it and this version does not know it.
    pub action: Option<Action>,
    /// Name of who ordered it.
    pub requested_by: String,
    /// When it was ordered.
    pub requested_at: Timestamp,
    /// Not to be begun after this.
    pub expires_at: Timestamp,
    /// When it was first sent to the agent.
    pub sent_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<ActionOutcome>,
    /// What the agent said.
    pub detail: String,
    /// What proves it.
    pub evidence: Option<Evidence>,
    /// When it was known how it ended.
    pub finished_at: Option<Timestamp>,
}

impl ActionRecord {
    /// Where it stands.
    pub fn state(&self) -> ActionState {
        match (self.finished_at, self.sent_at) {
            (Some(_), _) => ActionState::Finished,
            (None, Some(_)) => ActionState::Sent,
            (None, None) => ActionState::Ordered,
        }
    }
}

#[derive(FromRow)]
pub(super) struct ActionColumns {
    id: String,
    device_id: String,
    kind: String,
    parameters: String,
    requested_by: String,
    requested_at: i64,
    expires_at: i64,
    sent_at: Option<i64>,
    outcome: Option<String>,
    detail: String,
    evidence: Option<String>,
    finished_at: Option<i64>,
}

impl ActionColumns {
    pub(super) fn read(self) -> Result<ActionRecord> {
        let outcome = self.outcome.as_deref();
        let parsed = serde_json::from_str(&self.parameters).ok();
        // Kept before actions had parameters.
        let legacy = || {
            let is_probe = ActionKind::parse(&self.kind) == Some(ActionKind::ProbeNow);
            is_probe.then(|| Action::ProbeNow { sections: Vec::new() })
        };
        Ok(ActionRecord {
            action: parsed.or_else(legacy),
            id: ActionId::new(self.id),
            device: DeviceId::new(self.device_id),
            kind: self.kind,
            requested_by: self.requested_by,
            requested_at: row::instant("action", "requested_at", self.requested_at)?,
            expires_at: row::instant("action", "expires_at", self.expires_at)?,
            sent_at: row::some_instant("action", "sent_at", self.sent_at)?,
            outcome: outcome
                .map(|word| row::word("action", "outcome", word, ActionOutcome::parse))
                .transpose()?,
            detail: self.detail,
            // Of a newer collector: what it says is not worth the page.
            evidence: self.evidence.as_deref().and_then(|text| serde_json::from_str(text).ok()),
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
        let sql = "SELECT * FROM action WHERE device_id = $1 ORDER BY requested_at DESC, id DESC LIMIT $2";
        let rows: Vec<ActionColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(device.as_str())
            .bind(i64::from(limit))
            .fetch_all(db)
            .await)?;
        rows.into_iter().map(ActionColumns::read).collect()
    }

    /// One action.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn action(&mut self, id: &ActionId) -> Result<Option<ActionRecord>> {
        let sql = "SELECT * FROM action WHERE id = $1";
        let row: Option<ActionColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(id.as_str()).fetch_optional(db).await)?;
        row.map(ActionColumns::read).transpose()
    }

    /// Actions without an outcome that may still be begun, oldest first, whether they were sent or not.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn actions_waiting(&mut self, now: Timestamp) -> Result<Vec<ActionRecord>> {
        let sql = "SELECT * FROM action WHERE finished_at IS NULL AND expires_at > $1
                   ORDER BY requested_at LIMIT 10000";
        let rows: Vec<ActionColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(now.as_microsecond()).fetch_all(db).await)?;
        rows.into_iter().map(ActionColumns::read).collect()
    }
}

impl Write {
    /// Orders an action. What is beyond the number kept of the device's oldest, and has ended, is forgotten.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_action(&mut self, action: &NewAction, now: Timestamp) -> Result<()> {
        let sql = "INSERT INTO action (id, device_id, kind, parameters, requested_by, requested_at, expires_at, detail)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, '')";
        let parameters = serde_json::to_string(&action.action).unwrap_or_default();
        on!(self, |db| sqlx::query(sql)
            .bind(action.id.as_str())
            .bind(action.device.as_str())
            .bind(action.action.kind().as_str())
            .bind(&parameters)
            .bind(&action.requested_by)
            .bind(now.as_microsecond())
            .bind(action.expires_at.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        let forget = "DELETE FROM action WHERE device_id = $1 AND finished_at IS NOT NULL AND id NOT IN
                      (SELECT id FROM action WHERE device_id = $1 ORDER BY requested_at DESC, id DESC LIMIT $2)";
        on!(self, |db| sqlx::query(forget)
            .bind(action.device.as_str())
            .bind(KEPT)
            .execute(db)
            .await
            .map(drop))?;
        self.bump("action");
        Ok(())
    }

    /// How many actions of a device have no outcome yet.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn count_open_actions(&mut self, device: &DeviceId) -> Result<i64> {
        let sql = "SELECT COUNT(*) FROM action WHERE device_id = $1 AND finished_at IS NULL";
        Ok(on!(self, |db| sqlx::query_scalar(sql).bind(device.as_str()).fetch_one(db).await)?)
    }

    /// Notes that an action was sent; the first time counts. False when it has an outcome meanwhile.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_action_sent(&mut self, id: &ActionId, now: Timestamp) -> Result<bool> {
        let sql = "UPDATE action SET sent_at = COALESCE(sent_at, $2) WHERE id = $1 AND finished_at IS NULL";
        let changed: u64 = on!(self, |db| sqlx::query(sql)
            .bind(id.as_str())
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Keeps how an action of this device ended, and returns it as it is then; `None` when it has an answer already or
    /// is another device's. That its time was over is no answer: one that comes late takes its place.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn finish_action(
        &mut self,
        id: &ActionId,
        device: &DeviceId,
        result: &ActionResult,
        now: Timestamp,
    ) -> Result<Option<ActionRecord>> {
        let sql = "UPDATE action SET outcome = $3, detail = $4, evidence = $5, finished_at = $6
                   WHERE id = $1 AND device_id = $2 AND (finished_at IS NULL OR outcome = 'expired')";
        let evidence = result.evidence.as_ref().and_then(|one| serde_json::to_string(one).ok());
        let changed: u64 = on!(self, |db| sqlx::query(sql)
            .bind(id.as_str())
            .bind(device.as_str())
            .bind(result.outcome.as_str())
            .bind(&result.detail)
            .bind(&evidence)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        if changed == 0 {
            return Ok(None);
        }
        self.bump("action");
        self.action(id).await
    }

    /// Actions without an outcome whose time is over: those not sent at once, those sent `answer` later.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn actions_overdue(
        &mut self,
        answer: SignedDuration,
        now: Timestamp,
    ) -> Result<Vec<ActionRecord>> {
        let sql = "SELECT * FROM action WHERE finished_at IS NULL
                   AND (expires_at <= $1 OR (sent_at IS NULL AND expires_at <= $2)) ORDER BY requested_at LIMIT 1000";
        let unanswered = now.checked_sub(answer).unwrap_or(Timestamp::MIN);
        let rows: Vec<ActionColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(unanswered.as_microsecond())
            .bind(now.as_microsecond())
            .fetch_all(db)
            .await)?;
        rows.into_iter().map(ActionColumns::read).collect()
    }
}
