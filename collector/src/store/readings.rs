//! What is known of several devices at once, one statement a table: for questions about an area or a network.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::FromRow;

use super::actions::{ActionColumns, ActionRecord};
use super::alerts::AlertColumns;
use super::devices::DeviceColumns;
use super::engine::{Read, on};
use super::fleet::{Live, SampleColumns};
use super::intake::SampleRow;
use super::sections::{SectionColumns, SectionRow};
use super::{Result, row};
use crate::domain::alert::Alert;
use crate::domain::device::Device;
use crate::domain::id::DeviceId;
use crate::domain::reading::SectionKind;

/// A statement on rows whose device is in the JSON list `$1`.
macro_rules! among {
    ($read:expr, $head:literal, $tail:literal) => {
        if $read.is_sqlite() {
            concat!($head, " IN (SELECT value FROM json_each($1)) ", $tail)
        } else {
            concat!($head, " IN (SELECT json_array_elements_text(cast($1 AS json))) ", $tail)
        }
    };
}

#[derive(FromRow)]
struct LiveColumns {
    device_id: String,
    last_seen_at: i64,
    last_taken_at: i64,
    clock_skew_us: i64,
    unchanged: String,
}

fn listed(devices: &[DeviceId]) -> String {
    let ids: Vec<&str> = devices.iter().map(DeviceId::as_str).collect();
    serde_json::to_string(&ids).unwrap_or_else(|_| "[]".to_owned())
}

impl Read {
    /// These devices, by name; those that are not there are left out.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn devices_among(&mut self, devices: &[DeviceId]) -> Result<Vec<Device>> {
        let sql = among!(self, "SELECT * FROM device WHERE id", "ORDER BY folded_name, id");
        let rows: Vec<DeviceColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(listed(devices)).fetch_all(db).await)?;
        rows.into_iter().map(DeviceColumns::read).collect()
    }

    /// Every section of these devices but the installed software, which is long and answers no question.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sections_among(
        &mut self,
        devices: &[DeviceId],
    ) -> Result<HashMap<DeviceId, HashMap<SectionKind, SectionRow>>> {
        let sql = among!(
            self,
            "SELECT device_id, kind, received_at, changed_at, body FROM section
             WHERE kind <> 'software' AND device_id",
            ""
        );
        let rows: Vec<SectionColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(listed(devices)).fetch_all(db).await)?;
        let mut among: HashMap<DeviceId, HashMap<SectionKind, SectionRow>> = HashMap::new();
        for columns in rows {
            let (device, row) = columns.read()?;
            among.entry(device).or_default().insert(row.section.kind(), row);
        }
        Ok(among)
    }

    /// Liveness of these devices; those that never reported are left out.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn live_among(&mut self, devices: &[DeviceId]) -> Result<HashMap<DeviceId, Live>> {
        let sql = among!(
            self,
            "SELECT device_id, last_seen_at, last_taken_at, clock_skew_us, unchanged
             FROM device_live WHERE device_id",
            ""
        );
        let rows: Vec<LiveColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(listed(devices)).fetch_all(db).await)?;
        rows.into_iter()
            .map(|row| {
                let table = "device_live";
                let live = Live {
                    last_seen_at: row::instant(table, "last_seen_at", row.last_seen_at)?,
                    last_taken_at: row::instant(table, "last_taken_at", row.last_taken_at)?,
                    clock_skew_us: row.clock_skew_us,
                    unchanged: row.unchanged,
                };
                Ok((DeviceId::new(row.device_id), live))
            })
            .collect()
    }

    /// The newest measurement of each of these devices since an instant, by device number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn samples_among(
        &mut self,
        devices: &[DeviceId],
        since: Timestamp,
    ) -> Result<HashMap<i64, SampleRow>> {
        let sql = among!(
            self,
            "SELECT s.* FROM sample s JOIN (
                 SELECT m.device_number, max(m.taken_at) AS taken_at
                 FROM sample m JOIN device d ON d.number = m.device_number
                 WHERE m.taken_at >= $2 AND d.id",
            "GROUP BY m.device_number) AS newest
                 ON newest.device_number = s.device_number AND newest.taken_at = s.taken_at"
        );
        let rows: Vec<SampleColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(listed(devices))
            .bind(since.as_microsecond())
            .fetch_all(db)
            .await)?;
        let read = |columns: SampleColumns| {
            let row = columns.read()?;
            Ok((row.device_number, row))
        };
        rows.into_iter().map(read).collect()
    }

    /// Open alerts of these devices, oldest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn open_alerts_among(&mut self, devices: &[DeviceId]) -> Result<Vec<Alert>> {
        let sql = among!(
            self,
            "SELECT * FROM alert WHERE cleared_at IS NULL AND device_id",
            "ORDER BY opened_at"
        );
        let rows: Vec<AlertColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(listed(devices)).fetch_all(db).await)?;
        rows.into_iter().map(AlertColumns::read).collect()
    }

    /// Orders of one kind given to these devices since an instant, newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn actions_among(
        &mut self,
        devices: &[DeviceId],
        kind: &str,
        since: Timestamp,
    ) -> Result<Vec<ActionRecord>> {
        let sql = among!(
            self,
            "SELECT * FROM action WHERE kind = $2 AND requested_at >= $3 AND device_id",
            "ORDER BY requested_at DESC, id DESC"
        );
        let rows: Vec<ActionColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(listed(devices))
            .bind(kind)
            .bind(since.as_microsecond())
            .fetch_all(db)
            .await)?;
        rows.into_iter().map(ActionColumns::read).collect()
    }
}
