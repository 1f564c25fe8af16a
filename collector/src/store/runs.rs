//! Runs of procedures and their folios.

use jiff::Timestamp;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::{AreaId, DeviceId, PersonId, RunId};
use crate::domain::person::Role;
use crate::domain::procedure::{StepId, Wait};
use crate::domain::run::{Clock, Outcome, Priority, Requester, Run, RunState, Waiting};
use crate::domain::text::fold;

#[derive(FromRow)]
pub(super) struct RunColumns {
    id: String,
    folio: String,
    procedure_code: String,
    edition: String,
    device_id: Option<String>,
    area_id: Option<String>,
    title: String,
    step: Option<String>,
    outcome: Option<String>,
    touched: bool,
    version: i64,
    opened_at: i64,
    updated_at: i64,
    closed_at: Option<i64>,
    sample: bool,
    priority: String,
    assignee_id: Option<String>,
    waiting: Option<String>,
    waiting_since: Option<i64>,
    waiting_note: String,
    step_since: Option<i64>,
    step_due_at: Option<i64>,
    due_at: Option<i64>,
    step_left_s: Option<i64>,
    left_s: Option<i64>,
    subject: Option<i64>,
    present_device_id: Option<String>,
    restarts_id: Option<String>,
    parent_id: Option<String>,
    requester_name: String,
    requester_contact: String,
    requester_id: Option<String>,
    field_values: String,
}

impl RunColumns {
    pub(super) fn read(self) -> Result<Run> {
        let at = |column, value| row::some_instant("run", column, value);
        let clock = Clock {
            step_since: at("step_since", self.step_since)?,
            step_due_at: at("step_due_at", self.step_due_at)?,
            due_at: at("due_at", self.due_at)?,
            step_left_s: self.step_left_s,
            left_s: self.left_s,
        };
        let state = match (self.step, self.closed_at, self.outcome) {
            (Some(step), None, None) => RunState::Open { step: StepId::new(step) },
            (_, Some(at), Some(outcome)) => RunState::Closed {
                at: row::instant("run", "closed_at", at)?,
                outcome: row::word("run", "outcome", &outcome, Outcome::parse)?,
            },
            (_, _, outcome) => {
                return Err(row::unreadable("run", "outcome", &outcome.unwrap_or_default()));
            }
        };
        let waiting = match (self.waiting, self.waiting_since) {
            (Some(wait), Some(since)) => Some(Waiting {
                wait: row::word("run", "waiting", &wait, Wait::parse)?,
                since: row::instant("run", "waiting_since", since)?,
                note: self.waiting_note,
            }),
            _ => None,
        };
        let fields = serde_json::from_str(&self.field_values)
            .map_err(|_| row::unreadable("run", "field_values", &self.field_values))?;
        Ok(Run {
            id: RunId::new(self.id),
            folio: self.folio,
            procedure: self.procedure_code,
            edition: self.edition,
            device: self.device_id.map(DeviceId::new),
            area: self.area_id.map(AreaId::new),
            title: self.title,
            state,
            subject: self.subject.map(|at| row::number("run", "subject", at)).transpose()?,
            present_device: self.present_device_id.map(DeviceId::new),
            waiting,
            clock,
            priority: row::word("run", "priority", &self.priority, Priority::parse)?,
            assignee: self.assignee_id.map(PersonId::new),
            requester: Requester {
                name: self.requester_name,
                contact: self.requester_contact,
                person: self.requester_id.map(PersonId::new),
            },
            restarts: self.restarts_id.map(RunId::new),
            parent: self.parent_id.map(RunId::new),
            fields,
            touched: self.touched,
            version: row::number("run", "version", self.version)?,
            opened_at: row::instant("run", "opened_at", self.opened_at)?,
            updated_at: row::instant("run", "updated_at", self.updated_at)?,
            sample: self.sample,
        })
    }
}

impl Read {
    /// A run.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn run(&mut self, id: &RunId) -> Result<Option<Run>> {
        let sql = "SELECT * FROM run WHERE id = $1";
        let found: Option<RunColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(id.as_str()).fetch_optional(db).await)?;
        found.map(RunColumns::read).transpose()
    }

    /// Runs after one, by their ids, at most so many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn runs_after(&mut self, after: &RunId, limit: u32) -> Result<Vec<Run>> {
        let sql = "SELECT * FROM run WHERE id > $1 ORDER BY id LIMIT $2";
        let rows: Vec<RunColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(after.as_str())
            .bind(i64::from(limit))
            .fetch_all(db)
            .await)?;
        rows.into_iter().map(RunColumns::read).collect()
    }

    /// The open corrective run of a device.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn open_corrective(&mut self, device: &DeviceId) -> Result<Option<Run>> {
        let sql = "SELECT * FROM run
                   WHERE device_id = $1 AND closed_at IS NULL AND procedure_code = 'corrective'";
        let found: Option<RunColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(device.as_str()).fetch_optional(db).await)?;
        found.map(RunColumns::read).transpose()
    }

    /// Open runs nobody has touched whose alerts have all been over since before `before`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn runs_recovered(&mut self, before: Timestamp) -> Result<Vec<RunId>> {
        let sql = "SELECT id FROM run
                   WHERE closed_at IS NULL AND NOT touched AND clear_since IS NOT NULL AND clear_since < $1";
        let rows: Vec<String> = on!(self, |db| sqlx::query_scalar(sql)
            .bind(before.as_microsecond())
            .fetch_all(db)
            .await)?;
        Ok(rows.into_iter().map(RunId::new).collect())
    }
}

impl Write {
    /// The next folio of a series: `SERIES/year/consecutive`, without gaps, because it is taken in the
    /// transaction that uses it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn next_folio(&mut self, series: &str, year: i16) -> Result<String> {
        let sql = "INSERT INTO folio_counter (series, year, last) VALUES ($1, $2, 1)
                   ON CONFLICT (series, year) DO UPDATE SET last = folio_counter.last + 1
                   RETURNING last";
        let number: i64 = on!(self, |db| sqlx::query_scalar(sql)
            .bind(series)
            .bind(i64::from(year))
            .fetch_one(db)
            .await)?;
        Ok(format!("{series}/{year}/{number:04}"))
    }

    /// Keeps a new run; where it stands is kept by the save that follows.
    ///
    /// # Errors
    /// A conflict when the device has an open corrective run.
    pub async fn add_run(&mut self, run: &Run) -> Result<()> {
        let sql = "INSERT INTO run (id, folio, procedure_code, edition, device_id, area_id, title, step, touched,
                       version, opened_at, updated_at, sample, restarts_id, parent_id, requester_name,
                       requester_contact, requester_id, folded)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
        let folded = fold(&format!("{} {} {}", run.folio, run.title, run.requester.name));
        on!(self, |db| sqlx::query(sql)
            .bind(run.id.as_str())
            .bind(&run.folio)
            .bind(&run.procedure)
            .bind(&run.edition)
            .bind(run.device.as_ref().map(DeviceId::as_str))
            .bind(run.area.as_ref().map(AreaId::as_str))
            .bind(&run.title)
            .bind(run.present_step().map(StepId::as_str))
            .bind(run.touched)
            .bind(i64::from(run.version))
            .bind(run.opened_at.as_microsecond())
            .bind(run.updated_at.as_microsecond())
            .bind(run.sample)
            .bind(run.restarts.as_ref().map(RunId::as_str))
            .bind(run.parent.as_ref().map(RunId::as_str))
            .bind(&run.requester.name)
            .bind(&run.requester.contact)
            .bind(run.requester.person.as_ref().map(PersonId::as_str))
            .bind(folded)
            .execute(db)
            .await
            .map(drop))?;
        self.bump("run");
        Ok(())
    }

    /// Keeps where a run stands; false when somebody was faster, and nothing is changed. `role` is whose turn it is.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn save_run(
        &mut self,
        run: &Run,
        role: Option<Role>,
        read_version: u32,
    ) -> Result<bool> {
        let sql = "UPDATE run SET step = $2, outcome = $3, touched = $4, version = $5, updated_at = $6,
                       closed_at = $7, step_role = $8, priority = $9, assignee_id = $10, waiting = $11,
                       waiting_since = $12, waiting_note = $13, step_since = $14, step_due_at = $15, due_at = $16,
                       step_left_s = $17, left_s = $18, subject = $19, present_device_id = $20, field_values = $21
                   WHERE id = $1 AND version = $22";
        let (closed_at, outcome) = match &run.state {
            RunState::Open { .. } => (None, None),
            RunState::Closed { at, outcome } => (Some(at.as_microsecond()), Some(outcome.as_str())),
        };
        let instant = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
        let (clock, waiting) = (&run.clock, run.waiting.as_ref());
        let fields = serde_json::to_string(&run.fields).unwrap_or_default();
        let changed: u64 = on!(self, |db| sqlx::query(sql)
            .bind(run.id.as_str())
            .bind(run.present_step().map(StepId::as_str))
            .bind(outcome)
            .bind(run.touched)
            .bind(i64::from(run.version))
            .bind(run.updated_at.as_microsecond())
            .bind(closed_at)
            .bind(role.map(Role::as_str))
            .bind(run.priority.as_str())
            .bind(run.assignee.as_ref().map(PersonId::as_str))
            .bind(waiting.map(|waiting| waiting.wait.as_str()))
            .bind(waiting.map(|waiting| waiting.since.as_microsecond()))
            .bind(waiting.map_or("", |waiting| waiting.note.as_str()))
            .bind(instant(clock.step_since))
            .bind(instant(clock.step_due_at))
            .bind(instant(clock.due_at))
            .bind(clock.step_left_s)
            .bind(clock.left_s)
            .bind(run.subject.map(i64::from))
            .bind(run.present_device.as_ref().map(DeviceId::as_str))
            .bind(&fields)
            .bind(i64::from(read_version))
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        self.bump("run");
        Ok(changed == 1)
    }

    /// Notes since when all alerts of a run have been over, or that one is open.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_clear_since(&mut self, run: &RunId, since: Option<Timestamp>) -> Result<()> {
        let sql = "UPDATE run SET clear_since = $2 WHERE id = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(run.as_str())
            .bind(since.map(Timestamp::as_microsecond))
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }
}
