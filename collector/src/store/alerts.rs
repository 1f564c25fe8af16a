//! Alerts.

use jiff::Timestamp;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::alert::{Alert, Rule, Severity};
use crate::domain::id::{AlertId, DeviceId, RunId};

#[derive(FromRow)]
pub(super) struct AlertColumns {
    id: String,
    rule: String,
    device_id: String,
    severity: String,
    summary: String,
    opened_at: i64,
    updated_at: i64,
    cleared_at: Option<i64>,
    reopened: i64,
    run_id: Option<String>,
}

impl AlertColumns {
    pub(super) fn read(self) -> Result<Alert> {
        Ok(Alert {
            id: AlertId::new(self.id),
            rule: row::word("alert", "rule", &self.rule, Rule::parse)?,
            device: DeviceId::new(self.device_id),
            severity: row::word("alert", "severity", &self.severity, Severity::parse)?,
            summary: self.summary,
            opened_at: row::instant("alert", "opened_at", self.opened_at)?,
            updated_at: row::instant("alert", "updated_at", self.updated_at)?,
            cleared_at: row::some_instant("alert", "cleared_at", self.cleared_at)?,
            reopened: row::number("alert", "reopened", self.reopened)?,
            run: self.run_id.map(RunId::new),
        })
    }
}

/// Which alerts to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertFilter {
    /// Only open ones.
    pub open: bool,
    /// Only of this rule.
    pub rule: Option<Rule>,
    /// Only of this device.
    pub device: Option<DeviceId>,
    /// How many to pass over.
    pub offset: u32,
    /// At most how many.
    pub limit: u32,
}

/// An alert with the names a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow {
    /// The alert.
    pub alert: Alert,
    /// Name of its device.
    pub device_name: String,
    /// Name of the device's area.
    pub area_name: Option<String>,
    /// Folio of its run.
    pub run_folio: Option<String>,
    /// Part of the sample municipality.
    pub sample: bool,
}

#[derive(FromRow)]
struct AlertRowColumns {
    #[sqlx(flatten)]
    alert: AlertColumns,
    device_name: String,
    area_name: Option<String>,
    run_folio: Option<String>,
    sample: bool,
}

impl Read {
    /// Open alerts of a device.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn open_alerts(&mut self, device: &DeviceId) -> Result<Vec<Alert>> {
        let sql =
            "SELECT * FROM alert WHERE device_id = $1 AND cleared_at IS NULL ORDER BY opened_at";
        let rows: Vec<AlertColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(device.as_str()).fetch_all(db).await)?;
        rows.into_iter().map(AlertColumns::read).collect()
    }

    /// Alerts of a run, oldest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn alerts_of_run(&mut self, run: &RunId) -> Result<Vec<Alert>> {
        let sql = "SELECT * FROM alert WHERE run_id = $1 ORDER BY opened_at";
        let rows: Vec<AlertColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(run.as_str()).fetch_all(db).await)?;
        rows.into_iter().map(AlertColumns::read).collect()
    }

    /// The alert of that identity that was last over.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn last_cleared_alert(
        &mut self,
        rule: Rule,
        device: &DeviceId,
    ) -> Result<Option<Alert>> {
        let sql =
            "SELECT * FROM alert WHERE rule = $1 AND device_id = $2 AND cleared_at IS NOT NULL
                   ORDER BY cleared_at DESC LIMIT 1";
        let found: Option<AlertColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(rule.as_str())
            .bind(device.as_str())
            .fetch_optional(db)
            .await)?;
        found.map(AlertColumns::read).transpose()
    }

    /// Devices with an open alert of a rule.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn devices_alerted(&mut self, rule: Rule) -> Result<Vec<DeviceId>> {
        let sql = "SELECT device_id FROM alert WHERE rule = $1 AND cleared_at IS NULL";
        let rows: Vec<String> =
            on!(self, |db| sqlx::query_scalar(sql).bind(rule.as_str()).fetch_all(db).await)?;
        Ok(rows.into_iter().map(DeviceId::new).collect())
    }

    /// A list of alerts, worst and newest first, and how many there are in all.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn list_alerts(&mut self, filter: &AlertFilter) -> Result<(Vec<AlertRow>, i64)> {
        let sql = "SELECT a.*, d.name AS device_name, ar.name AS area_name, r.folio AS run_folio,
                       d.sample AS sample
                   FROM alert a JOIN device d ON d.id = a.device_id
                   LEFT JOIN area ar ON ar.id = d.area_id LEFT JOIN run r ON r.id = a.run_id
                   WHERE (NOT $1 OR a.cleared_at IS NULL)
                       AND (cast($2 AS text) IS NULL OR a.rule = $2)
                       AND (cast($3 AS text) IS NULL OR a.device_id = $3)
                   ORDER BY CASE WHEN a.cleared_at IS NULL THEN 0 ELSE 1 END,
                       CASE a.severity WHEN 'critical' THEN 0 ELSE 1 END, a.updated_at DESC
                   LIMIT $4 OFFSET $5";
        let count = "SELECT count(*) FROM alert a
                     WHERE (NOT $1 OR a.cleared_at IS NULL)
                         AND (cast($2 AS text) IS NULL OR a.rule = $2)
                         AND (cast($3 AS text) IS NULL OR a.device_id = $3)";
        let rule = filter.rule.map(Rule::as_str);
        let device = filter.device.as_ref().map(DeviceId::as_str);
        let rows: Vec<AlertRowColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(filter.open)
            .bind(rule)
            .bind(device)
            .bind(i64::from(filter.limit))
            .bind(i64::from(filter.offset))
            .fetch_all(db)
            .await)?;
        let total: i64 = on!(self, |db| sqlx::query_scalar(count)
            .bind(filter.open)
            .bind(rule)
            .bind(device)
            .fetch_one(db)
            .await)?;
        let rows = rows.into_iter().map(|columns| {
            Ok(AlertRow {
                alert: columns.alert.read()?,
                device_name: columns.device_name,
                area_name: columns.area_name,
                run_folio: columns.run_folio,
                sample: columns.sample,
            })
        });
        Ok((rows.collect::<Result<_>>()?, total))
    }
}

impl Write {
    /// Opens an alert.
    ///
    /// # Errors
    /// A conflict when one of that identity is open.
    pub async fn add_alert(&mut self, alert: &Alert) -> Result<()> {
        let sql = "INSERT INTO alert
                       (id, rule, device_id, severity, summary, opened_at, updated_at, reopened, run_id)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        on!(self, |db| sqlx::query(sql)
            .bind(alert.id.as_str())
            .bind(alert.rule.as_str())
            .bind(alert.device.as_str())
            .bind(alert.severity.as_str())
            .bind(&alert.summary)
            .bind(alert.opened_at.as_microsecond())
            .bind(alert.updated_at.as_microsecond())
            .bind(i64::from(alert.reopened))
            .bind(alert.run.as_ref().map(RunId::as_str))
            .execute(db)
            .await
            .map(drop))?;
        self.bump("alert");
        Ok(())
    }

    /// Changes what may change of an alert: severity, words, times, run.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn update_alert(&mut self, alert: &Alert) -> Result<()> {
        let sql = "UPDATE alert SET severity = $2, summary = $3, updated_at = $4, cleared_at = $5,
                       reopened = $6, run_id = $7
                   WHERE id = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(alert.id.as_str())
            .bind(alert.severity.as_str())
            .bind(&alert.summary)
            .bind(alert.updated_at.as_microsecond())
            .bind(alert.cleared_at.map(Timestamp::as_microsecond))
            .bind(i64::from(alert.reopened))
            .bind(alert.run.as_ref().map(RunId::as_str))
            .execute(db)
            .await
            .map(drop))?;
        self.bump("alert");
        Ok(())
    }
}
