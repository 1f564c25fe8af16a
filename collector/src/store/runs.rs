//! Runs of procedures and their folios.

use jiff::Timestamp;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::{AreaId, DeviceId, RunId};
use crate::domain::procedure::StepId;
use crate::domain::run::{Outcome, Run, RunState};

#[derive(FromRow)]
struct RunColumns {
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
}

impl RunColumns {
    fn read(self) -> Result<Run> {
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
        Ok(Run {
            id: RunId::new(self.id),
            folio: self.folio,
            procedure: self.procedure_code,
            edition: self.edition,
            device: self.device_id.map(DeviceId::new),
            area: self.area_id.map(AreaId::new),
            title: self.title,
            state,
            touched: self.touched,
            version: row::number("run", "version", self.version)?,
            opened_at: row::instant("run", "opened_at", self.opened_at)?,
            updated_at: row::instant("run", "updated_at", self.updated_at)?,
            sample: self.sample,
        })
    }
}

/// Which runs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Only open (true) or only closed (false) ones.
    pub open: Option<bool>,
    /// Only of this device.
    pub device: Option<DeviceId>,
    /// Only of this procedure.
    pub procedure: Option<String>,
    /// How many to pass over.
    pub offset: u32,
    /// At most how many.
    pub limit: u32,
}

/// A run with the names a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// The run.
    pub run: Run,
    /// Name of its device.
    pub device_name: Option<String>,
    /// Name of its area.
    pub area_name: Option<String>,
    /// Alerts of it that are open.
    pub open_alerts: i64,
    /// Worst open alert is critical.
    pub critical: bool,
}

#[derive(FromRow)]
struct RunRowColumns {
    #[sqlx(flatten)]
    run: RunColumns,
    device_name: Option<String>,
    area_name: Option<String>,
    open_alerts: i64,
    critical_alerts: i64,
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

    /// A list of runs, newest change first, and how many there are in all.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn list_runs(&mut self, filter: &RunFilter) -> Result<(Vec<RunRow>, i64)> {
        let sql = "SELECT r.*, d.name AS device_name, a.name AS area_name,
                       (SELECT count(*) FROM alert x WHERE x.run_id = r.id AND x.cleared_at IS NULL)
                           AS open_alerts,
                       (SELECT count(*) FROM alert x WHERE x.run_id = r.id AND x.cleared_at IS NULL
                           AND x.severity = 'critical') AS critical_alerts
                   FROM run r LEFT JOIN device d ON d.id = r.device_id LEFT JOIN area a ON a.id = r.area_id
                   WHERE (cast($1 AS boolean) IS NULL OR (r.closed_at IS NULL) = $1)
                       AND (cast($2 AS text) IS NULL OR r.device_id = $2)
                       AND (cast($3 AS text) IS NULL OR r.procedure_code = $3)
                   ORDER BY CASE WHEN r.closed_at IS NULL THEN 0 ELSE 1 END, r.updated_at DESC
                   LIMIT $4 OFFSET $5";
        let count = "SELECT count(*) FROM run r
                     WHERE (cast($1 AS boolean) IS NULL OR (r.closed_at IS NULL) = $1)
                         AND (cast($2 AS text) IS NULL OR r.device_id = $2)
                         AND (cast($3 AS text) IS NULL OR r.procedure_code = $3)";
        let device = filter.device.as_ref().map(DeviceId::as_str);
        let rows: Vec<RunRowColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(filter.open)
            .bind(device)
            .bind(&filter.procedure)
            .bind(i64::from(filter.limit))
            .bind(i64::from(filter.offset))
            .fetch_all(db)
            .await)?;
        let total: i64 = on!(self, |db| sqlx::query_scalar(count)
            .bind(filter.open)
            .bind(device)
            .bind(&filter.procedure)
            .fetch_one(db)
            .await)?;
        let rows = rows.into_iter().map(|columns| {
            Ok(RunRow {
                run: columns.run.read()?,
                device_name: columns.device_name,
                area_name: columns.area_name,
                open_alerts: columns.open_alerts,
                critical: columns.critical_alerts > 0,
            })
        });
        Ok((rows.collect::<Result<_>>()?, total))
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

    /// Keeps a new run.
    ///
    /// # Errors
    /// A conflict when the device has an open corrective run.
    pub async fn add_run(&mut self, run: &Run) -> Result<()> {
        let sql = "INSERT INTO run (id, folio, procedure_code, edition, device_id, area_id, title, step, touched,
                       version, opened_at, updated_at, sample)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
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
            .execute(db)
            .await
            .map(drop))?;
        self.bump("run");
        Ok(())
    }

    /// Keeps where a run stands; false when somebody was faster, and nothing is changed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn save_run(&mut self, run: &Run, read_version: u32) -> Result<bool> {
        let sql =
            "UPDATE run SET step = $2, outcome = $3, touched = $4, version = $5, updated_at = $6,
                       closed_at = $7
                   WHERE id = $1 AND version = $8";
        let (closed_at, outcome) = match &run.state {
            RunState::Open { .. } => (None, None),
            RunState::Closed { at, outcome } => (Some(at.as_microsecond()), Some(outcome.as_str())),
        };
        let changed: u64 = on!(self, |db| sqlx::query(sql)
            .bind(run.id.as_str())
            .bind(run.present_step().map(StepId::as_str))
            .bind(outcome)
            .bind(run.touched)
            .bind(i64::from(run.version))
            .bind(run.updated_at.as_microsecond())
            .bind(closed_at)
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
