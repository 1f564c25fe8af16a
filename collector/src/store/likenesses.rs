//! New devices that may be known ones, and what people decided; the history of a device moved to another.

use jiff::Timestamp;
use sqlx::FromRow;

use super::devices::DeviceColumns;
use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::device::Device;
use crate::domain::id::{AlertId, DeviceId, RunId};
use crate::domain::likeness::{Decision, Likeness, Mark};

#[derive(FromRow)]
struct LikenessColumns {
    device_id: String,
    known_id: String,
    marks: String,
    found_at: i64,
    decision: String,
}

impl LikenessColumns {
    fn read(self) -> Result<Likeness> {
        let marks = self.marks.split(' ').filter(|word| !word.is_empty());
        Ok(Likeness {
            device: DeviceId::new(self.device_id),
            known: DeviceId::new(self.known_id),
            marks: marks
                .map(|word| row::word("likeness", "marks", word, Mark::parse))
                .collect::<Result<_>>()?,
            found_at: row::instant("likeness", "found_at", self.found_at)?,
            decision: row::word("likeness", "decision", &self.decision, Decision::parse)?,
        })
    }
}

impl Read {
    /// What was noticed of a device on either side, and what people decided; of all devices without one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn likenesses(&mut self, device: Option<&DeviceId>) -> Result<Vec<Likeness>> {
        let sql = "SELECT device_id, known_id, marks, found_at, decision FROM likeness
                   WHERE cast($1 AS text) IS NULL OR device_id = $1 OR known_id = $1
                   ORDER BY found_at, device_id, known_id LIMIT 1000";
        let device = device.map(DeviceId::as_str);
        let rows: Vec<LikenessColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(device).fetch_all(db).await)?;
        rows.into_iter().map(LikenessColumns::read).collect()
    }

    /// Devices whose machine id or serial number may be those of `device`, itself and those merged away left out;
    /// letters and signs are the caller's to compare.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn devices_like(&mut self, device: &Device) -> Result<Vec<Device>> {
        let sql = "SELECT * FROM device
                   WHERE id <> $1 AND sample = $4
                       AND ((machine_id <> '' AND lower(machine_id) = lower($2))
                           OR (serial <> '' AND lower(trim(serial)) = lower(trim($3))))
                       AND id NOT IN (SELECT known_id FROM likeness WHERE decision = 'merged')
                   ORDER BY enrolled_at DESC LIMIT 32";
        let rows: Vec<DeviceColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(device.id.as_str())
            .bind(&device.hints.machine_id)
            .bind(&device.hints.serial)
            .bind(device.sample)
            .fetch_all(db)
            .await)?;
        rows.into_iter().map(DeviceColumns::read).collect()
    }
}

impl Write {
    /// Notes that a new device may be a known one; what people decided of the two stays.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_likeness(&mut self, likeness: &Likeness) -> Result<()> {
        let sql =
            "INSERT INTO likeness (device_id, known_id, marks, found_at, decision, decided_by)
                   VALUES ($1, $2, $3, $4, $5, '') ON CONFLICT DO NOTHING";
        let marks: Vec<&str> = likeness.marks.iter().map(|mark| mark.as_str()).collect();
        on!(self, |db| sqlx::query(sql)
            .bind(likeness.device.as_str())
            .bind(likeness.known.as_str())
            .bind(marks.join(" "))
            .bind(likeness.found_at.as_microsecond())
            .bind(likeness.decision.as_str())
            .execute(db)
            .await
            .map(drop))?;
        self.bump("device");
        Ok(())
    }

    /// Keeps what a person decided; false when there was nothing to decide.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn decide_likeness(
        &mut self,
        (device, known): (&DeviceId, &DeviceId),
        decision: Decision,
        by: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let sql = "UPDATE likeness SET decision = $3, decided_at = $4, decided_by = $5
                   WHERE device_id = $1 AND known_id = $2 AND decision = 'proposed'";
        let changed: u64 = on!(self, |db| sqlx::query(sql)
            .bind(device.as_str())
            .bind(known.as_str())
            .bind(decision.as_str())
            .bind(now.as_microsecond())
            .bind(by)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        self.bump("device");
        Ok(changed == 1)
    }

    /// Gives the history of a known device to the one that it is now: measurements, alerts, runs, orders, losses. What
    /// is stored of the new one already stays as it is; of the known one only its identity is left.
    ///
    /// # Errors
    /// A conflict when both have an open alert of one rule or an open corrective run.
    pub async fn move_history(&mut self, known: &Device, device: &Device) -> Result<()> {
        let measured = [
            "DELETE FROM sample WHERE device_number = $1 AND taken_at IN
                 (SELECT taken_at FROM sample WHERE device_number = $2)",
            "UPDATE sample SET device_number = $2 WHERE device_number = $1",
        ];
        for sql in measured {
            on!(self, |db| sqlx::query(sql)
                .bind(known.number)
                .bind(device.number)
                .execute(db)
                .await
                .map(drop))?;
        }
        let moved = [
            "UPDATE alert SET device_id = $2 WHERE device_id = $1",
            "UPDATE run SET device_id = $2 WHERE device_id = $1",
            "UPDATE action SET device_id = $2 WHERE device_id = $1",
            "UPDATE network_device_watcher SET watcher_id = $2 WHERE watcher_id = $1 AND NOT EXISTS
                 (SELECT 1 FROM network_device_watcher own WHERE own.watcher_id = $2
                      AND own.network_device_id = network_device_watcher.network_device_id)",
            "UPDATE device_gap SET device_id = $2 WHERE device_id = $1 AND NOT EXISTS
                 (SELECT 1 FROM device_gap own WHERE own.device_id = $2 AND own.epoch = device_gap.epoch)",
            "UPDATE dead_letter SET device_id = $2 WHERE device_id = $1 AND NOT EXISTS
                 (SELECT 1 FROM dead_letter own WHERE own.device_id = $2 AND own.epoch = dead_letter.epoch)",
        ];
        for sql in moved {
            on!(self, |db| sqlx::query(sql)
                .bind(known.id.as_str())
                .bind(device.id.as_str())
                .execute(db)
                .await
                .map(drop))?;
        }
        for sql in
            ["DELETE FROM health WHERE device_id = $1", "DELETE FROM section WHERE device_id = $1"]
        {
            on!(self, |db| sqlx::query(sql).bind(known.id.as_str()).execute(db).await.map(drop))?;
        }
        for subject in ["alert", "device", "run", "sample", "section"] {
            self.bump(subject);
        }
        Ok(())
    }

    /// Puts an alert into another run.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_alert_run(&mut self, alert: &AlertId, run: &RunId) -> Result<()> {
        let sql = "UPDATE alert SET run_id = $2 WHERE id = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(alert.as_str())
            .bind(run.as_str())
            .execute(db)
            .await
            .map(drop))?;
        self.bump("alert");
        Ok(())
    }
}
