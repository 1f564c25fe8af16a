//! Lists of runs with the names a page shows.

use sqlx::FromRow;

use super::Result;
use super::engine::{Read, on};
use super::runs::RunColumns;
use crate::domain::id::DeviceId;
use crate::domain::run::Run;

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
