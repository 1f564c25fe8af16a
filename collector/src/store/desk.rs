//! The list of the Mesa de Ayuda: runs with what a line shows of them, filtered, ordered and counted by the database.
//!
//! Conditions are fixed texts with bound values; only those asked for are in the statement, so that the partial
//! indices of open and closed runs serve. Counts are bounded: nobody reads page two hundred.

mod filter;

use jiff::Timestamp;
use sqlx::{FromRow, QueryBuilder};

pub use filter::{Assigned, DeskFilter, DeskOrder, Timing, Which};

use self::filter::Moment;
use super::engine::{Read, on};
use super::{Result, row};
use crate::domain::id::{AreaId, DeviceId, PersonId, RunId};
use crate::domain::person::Role;
use crate::domain::procedure::{StepId, Wait};
use crate::domain::run::{Outcome, Priority};

/// Runs beyond this many are not counted, and no page begins behind them.
pub const DESK_COUNTED: i64 = 10_000;

/// A run as a line of the list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskRow {
    /// Identity.
    pub id: RunId,
    /// Human number.
    pub folio: String,
    /// Code of its procedure.
    pub procedure: String,
    /// The edition it began with.
    pub edition: String,
    /// What it is about.
    pub title: String,
    /// Its device and the device's name.
    pub device: Option<(DeviceId, String)>,
    /// Its area and the area's name.
    pub area: Option<(AreaId, String)>,
    /// Name of who asked for it; empty: nobody did.
    pub requester: String,
    /// The present step; none once it is over.
    pub step: Option<StepId>,
    /// Whose step that is.
    pub step_role: Option<Role>,
    /// What it waits for, and since when.
    pub waiting: Option<(Wait, Timestamp)>,
    /// How soon it should be seen to.
    pub priority: Priority,
    /// Who has it in hand, and their name.
    pub assignee: Option<(PersonId, String)>,
    /// The nearer of the deadlines of step and run; none: no limit, it waits, or it is over.
    pub due_at: Option<Timestamp>,
    /// How and when it ended.
    pub closed: Option<(Outcome, Timestamp)>,
    /// A person has acted on it.
    pub touched: bool,
    /// Number of its last event.
    pub version: u32,
    /// When it began.
    pub opened_at: Timestamp,
    /// When something last happened.
    pub updated_at: Timestamp,
    /// Part of the sample municipality.
    pub sample: bool,
    /// Its alerts that are open.
    pub open_alerts: i64,
    /// One of them is critical.
    pub critical: bool,
}

/// Runs a filter lets through, by who has them and by how they stand. Each of the two adds up to `open`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct DeskCounts {
    /// Not over.
    pub open: i64,
    /// In the hands of whoever looks.
    pub mine: i64,
    /// In the hands of others.
    pub others: i64,
    /// In nobody's hands.
    pub unassigned: i64,
    /// Beyond a deadline.
    pub overdue: i64,
    /// Before their deadline.
    pub on_time: i64,
    /// Without one.
    pub unlimited: i64,
    /// Waiting for somebody else; their clock stands still.
    pub paused: i64,
}

#[derive(FromRow)]
struct DeskColumns {
    id: String,
    folio: String,
    procedure_code: String,
    edition: String,
    title: String,
    device_id: Option<String>,
    device_name: Option<String>,
    area_id: Option<String>,
    area_name: Option<String>,
    requester_name: String,
    step: Option<String>,
    step_role: Option<String>,
    waiting: Option<String>,
    waiting_since: Option<i64>,
    priority: String,
    assignee_id: Option<String>,
    assignee_name: Option<String>,
    step_due_at: Option<i64>,
    due_at: Option<i64>,
    outcome: Option<String>,
    closed_at: Option<i64>,
    touched: bool,
    version: i64,
    opened_at: i64,
    updated_at: i64,
    sample: bool,
    open_alerts: i64,
    critical_alerts: i64,
}

impl DeskColumns {
    fn read(self) -> Result<DeskRow> {
        let role = |word: String| row::word("run", "step_role", &word, Role::parse);
        let wait = |word: String| row::word("run", "waiting", &word, Wait::parse);
        let outcome = |word: String| row::word("run", "outcome", &word, Outcome::parse);
        let waiting_since = row::some_instant("run", "waiting_since", self.waiting_since)?;
        let closed_at = row::some_instant("run", "closed_at", self.closed_at)?;
        let due_at = self.step_due_at.into_iter().chain(self.due_at).min();
        Ok(DeskRow {
            id: RunId::new(self.id),
            folio: self.folio,
            procedure: self.procedure_code,
            edition: self.edition,
            title: self.title,
            device: self.device_id.map(DeviceId::new).zip(self.device_name),
            area: self.area_id.map(AreaId::new).zip(self.area_name),
            requester: self.requester_name,
            step: self.step.filter(|_| closed_at.is_none()).map(StepId::new),
            step_role: self.step_role.map(role).transpose()?,
            waiting: self.waiting.map(wait).transpose()?.zip(waiting_since),
            priority: row::word("run", "priority", &self.priority, Priority::parse)?,
            assignee: self.assignee_id.map(PersonId::new).zip(self.assignee_name),
            due_at: row::some_instant("run", "due_at", due_at)?,
            closed: self.outcome.map(outcome).transpose()?.zip(closed_at),
            touched: self.touched,
            version: row::number("run", "version", self.version)?,
            opened_at: row::instant("run", "opened_at", self.opened_at)?,
            updated_at: row::instant("run", "updated_at", self.updated_at)?,
            sample: self.sample,
            open_alerts: self.open_alerts,
            critical: self.critical_alerts > 0,
        })
    }
}

/// What a line shows; read only for the runs of the page, not for all that are sorted.
const LINE: &str =
    "SELECT r.id, r.folio, r.procedure_code, r.edition, r.title, r.device_id, r.area_id, r.requester_name, r.step,
         r.step_role, r.waiting, r.waiting_since, r.priority, r.assignee_id, r.step_due_at, r.due_at, r.outcome,
         r.closed_at, r.touched, r.version, r.opened_at, r.updated_at, r.sample, d.name AS device_name,
         a.name AS area_name, p.name AS assignee_name,
         (SELECT count(*) FROM alert x WHERE x.run_id = r.id AND x.cleared_at IS NULL) AS open_alerts,
         (SELECT count(*) FROM alert x WHERE x.run_id = r.id AND x.cleared_at IS NULL
              AND x.severity = 'critical') AS critical_alerts
     FROM (SELECT r.id FROM run r WHERE ";
const NAMES: &str =
    ") AS listed JOIN run r ON r.id = listed.id LEFT JOIN device d ON d.id = r.device_id
     LEFT JOIN area a ON a.id = r.area_id LEFT JOIN person p ON p.id = r.assignee_id ORDER BY ";

impl Read {
    /// The runs a filter lets through, in its order, and how many there are; [`DESK_COUNTED`] + 1 stands for more.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn desk(
        &mut self,
        filter: &DeskFilter,
        now: Timestamp,
    ) -> Result<(Vec<DeskRow>, i64)> {
        let order = filter.order_by();
        let at = self.moment(filter, now).await?;
        let rows: Vec<DeskColumns> = on!(self, |db| {
            let mut sql = QueryBuilder::new(LINE);
            filter.conditions(&mut sql, &at);
            sql.push(" ORDER BY ").push(order).push(" LIMIT ").push_bind(i64::from(filter.limit));
            sql.push(" OFFSET ").push_bind(i64::from(filter.offset).min(DESK_COUNTED));
            sql.push(NAMES).push(order);
            sql.build_query_as().fetch_all(db).await
        })?;
        let rows = rows.into_iter().map(DeskColumns::read).collect::<Result<Vec<_>>>()?;
        let shown = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let complete = shown < filter.limit && (shown > 0 || filter.offset == 0);
        if complete {
            return Ok((rows, i64::from(filter.offset) + i64::from(shown)));
        }
        let total: i64 = on!(self, |db| {
            let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT 1 FROM run r WHERE ");
            filter.conditions(&mut sql, &at);
            sql.push(" LIMIT ").push_bind(DESK_COUNTED + 1).push(") AS counted");
            sql.build_query_scalar().fetch_one(db).await
        })?;
        Ok((rows, total))
    }

    /// How many open runs a filter lets through, by who has them and by how they stand; what the filter says of
    /// either is passed over, so that each count says what its list would show.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn desk_counts(
        &mut self,
        filter: &DeskFilter,
        viewer: &PersonId,
        now: Timestamp,
    ) -> Result<DeskCounts> {
        let filter = DeskFilter { which: Which::Open, timing: None, ..filter.clone() };
        let at = self.moment(&filter, now).await?;
        let now = now.as_microsecond();
        Ok(on!(self, |db| {
            let mut sql = QueryBuilder::new(
                "SELECT open, mine, open - mine - unassigned AS others, unassigned, overdue,
                     open - paused - unlimited - overdue AS on_time, unlimited, paused
                 FROM (SELECT count(*) AS open,
                     count(CASE WHEN r.assignee_id IS NULL THEN 1 END) AS unassigned,
                     count(CASE WHEN r.waiting IS NOT NULL THEN 1 END) AS paused,
                     count(CASE WHEN r.waiting IS NULL AND r.step_due_at IS NULL AND r.due_at IS NULL
                         THEN 1 END) AS unlimited,
                     count(CASE WHEN r.assignee_id = ",
            );
            sql.push_bind(viewer.as_str().to_owned())
                .push(" THEN 1 END) AS mine, count(CASE WHEN ");
            sql.push("r.waiting IS NULL AND (r.step_due_at < ").push_bind(now);
            sql.push(" OR r.due_at < ")
                .push_bind(now)
                .push(") THEN 1 END) AS overdue FROM run r WHERE ");
            filter.conditions(&mut sql, &at);
            sql.push(") AS counted");
            sql.build_query_as().fetch_one(db).await
        })?)
    }

    /// What open runs wait for, and how many for each; the filter as for [`Read::desk_counts`].
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn desk_waits(
        &mut self,
        filter: &DeskFilter,
        now: Timestamp,
    ) -> Result<Vec<(Wait, i64)>> {
        let paused = Some(Timing::Paused);
        let filter =
            DeskFilter { which: Which::Open, timing: paused, waiting: None, ..filter.clone() };
        let at = self.moment(&filter, now).await?;
        let rows: Vec<(String, i64)> = on!(self, |db| {
            let mut sql = QueryBuilder::new("SELECT r.waiting, count(*) FROM run r WHERE ");
            filter.conditions(&mut sql, &at);
            sql.push(" GROUP BY r.waiting ORDER BY count(*) DESC, r.waiting");
            sql.build_query_as().fetch_all(db).await
        })?;
        let read = |(word, count): (String, i64)| {
            Ok((row::word("run", "waiting", &word, Wait::parse)?, count))
        };
        rows.into_iter().map(read).collect()
    }

    /// How many runs are not over.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn open_runs(&mut self) -> Result<i64> {
        let sql = "SELECT count(*) FROM run WHERE closed_at IS NULL";
        Ok(on!(self, |db| sqlx::query_scalar(sql).fetch_one(db).await)?)
    }

    async fn moment(&mut self, filter: &DeskFilter, now: Timestamp) -> Result<Moment> {
        let areas = if filter.words.is_empty() { Vec::new() } else { self.areas().await? };
        Ok(Moment::of(filter, &areas, now))
    }

    /// People who may be given a run, by name: those who sign in to work.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn desk_people(&mut self) -> Result<Vec<(PersonId, String)>> {
        let sql = "SELECT p.id, p.name FROM person p WHERE p.disabled_at IS NULL AND EXISTS (
                       SELECT 1 FROM person_role x WHERE x.person_id = p.id
                           AND x.role NOT IN ('requester', 'unit_head'))
                   ORDER BY p.name, p.id";
        let rows: Vec<(String, String)> = on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        Ok(rows.into_iter().map(|(id, name)| (PersonId::new(id), name)).collect())
    }
}
