//! What runs walk: the areas or networks of a plan, and the PCs of each area.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::{DeviceId, RunId};
use crate::domain::procedure::Subjects;
use crate::domain::run::{Course, DeviceState, Subject, SubjectDevice};

#[derive(FromRow)]
struct SubjectColumns {
    position: i64,
    kind: String,
    subject_id: String,
    name: String,
    planned_on: Option<String>,
    done_at: Option<i64>,
}

impl SubjectColumns {
    fn read(self) -> Result<Subject> {
        Ok(Subject {
            position: row::number("run_subject", "position", self.position)?,
            kind: row::word("run_subject", "kind", &self.kind, Subjects::parse)?,
            id: self.subject_id,
            name: self.name,
            planned_on: day("run_subject", "planned_on", self.planned_on)?,
            done_at: row::some_instant("run_subject", "done_at", self.done_at)?,
        })
    }
}

#[derive(FromRow)]
struct DeviceColumns {
    position: i64,
    device_id: String,
    name: String,
    state: String,
    checks: String,
    before_reading: Option<String>,
    after_reading: Option<String>,
    note: String,
    carried_to: Option<String>,
    updated_at: Option<i64>,
}

impl DeviceColumns {
    fn read(self) -> Result<(u32, SubjectDevice)> {
        let device = SubjectDevice {
            device: DeviceId::new(self.device_id),
            name: self.name,
            state: row::word("run_device", "state", &self.state, DeviceState::parse)?,
            checks: serde_json::from_str(&self.checks)
                .map_err(|_| row::unreadable("run_device", "checks", &self.checks))?,
            before: self.before_reading,
            after: self.after_reading,
            note: self.note,
            carried_to: day("run_device", "carried_to", self.carried_to)?,
            updated_at: row::some_instant("run_device", "updated_at", self.updated_at)?,
        };
        Ok((row::number("run_device", "position", self.position)?, device))
    }
}

fn day(table: &'static str, column: &'static str, text: Option<String>) -> Result<Option<Date>> {
    let read = |text: String| text.parse().map_err(|_| row::unreadable(table, column, &text));
    text.map(read).transpose()
}

impl Read {
    /// The areas or networks a run walks, by position.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn run_subjects(&mut self, run: &RunId) -> Result<Vec<Subject>> {
        let sql = "SELECT position, kind, subject_id, name, planned_on, done_at FROM run_subject
                   WHERE run_id = $1 ORDER BY position";
        let rows: Vec<SubjectColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(run.as_str()).fetch_all(db).await)?;
        rows.into_iter().map(SubjectColumns::read).collect()
    }

    /// The PCs of one area of a run, or of all of them.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn run_devices(
        &mut self,
        run: &RunId,
        position: Option<u32>,
    ) -> Result<BTreeMap<u32, Vec<SubjectDevice>>> {
        let sql = "SELECT position, device_id, name, state, checks, before_reading, after_reading, note,
                       carried_to, updated_at
                   FROM run_device WHERE run_id = $1 AND (cast($2 AS bigint) IS NULL OR position = $2)
                   ORDER BY position, name, device_id";
        let rows: Vec<DeviceColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(run.as_str())
            .bind(position.map(i64::from))
            .fetch_all(db)
            .await)?;
        let mut devices: BTreeMap<u32, Vec<SubjectDevice>> = BTreeMap::new();
        for columns in rows {
            let (position, device) = columns.read()?;
            devices.entry(position).or_default().push(device);
        }
        Ok(devices)
    }

    /// How many PCs of a run there are, and how many of them are done or carried, by area.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn run_progress(&mut self, run: &RunId) -> Result<BTreeMap<u32, (u32, u32)>> {
        let sql =
            "SELECT position, count(*), count(*) FILTER (WHERE state <> 'pending') FROM run_device
                   WHERE run_id = $1 GROUP BY position";
        let rows: Vec<(i64, i64, i64)> =
            on!(self, |db| sqlx::query_as(sql).bind(run.as_str()).fetch_all(db).await)?;
        let count = |value| row::number("run_device", "count", value);
        rows.into_iter()
            .map(|(position, all, seen)| Ok((count(position)?, (count(all)?, count(seen)?))))
            .collect()
    }
}

impl Write {
    /// Keeps what a new run walks.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_subjects(&mut self, run: &RunId, subjects: &[Subject]) -> Result<()> {
        let sql = "INSERT INTO run_subject (run_id, position, kind, subject_id, name) VALUES ($1, $2, $3, $4, $5)";
        // A plan of a year has some hundred areas at most, and begins once.
        for subject in subjects {
            on!(self, |db| sqlx::query(sql)
                .bind(run.as_str())
                .bind(i64::from(subject.position))
                .bind(subject.kind.as_str())
                .bind(&subject.id)
                .bind(&subject.name)
                .execute(db)
                .await
                .map(drop))?;
        }
        Ok(())
    }

    /// Adds the approved PCs that the areas of a run have now and that it does not know yet.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_devices_of_subjects(&mut self, run: &RunId) -> Result<()> {
        let sql = "INSERT INTO run_device (run_id, position, device_id, name, state)
                   SELECT s.run_id, s.position, d.id, d.name, 'pending'
                   FROM run_subject s JOIN device d ON d.area_id = s.subject_id
                   WHERE s.run_id = $1 AND s.kind = 'area' AND d.status = 'approved'
                       AND NOT EXISTS (SELECT 1 FROM network_device n WHERE n.device_id = d.id)
                   ON CONFLICT (run_id, position, device_id) DO NOTHING";
        Ok(on!(self, |db| sqlx::query(sql).bind(run.as_str()).execute(db).await.map(drop))?)
    }

    /// Keeps what changed of what a run walks.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn save_course(
        &mut self,
        run: &RunId,
        before: &Course,
        after: &Course,
    ) -> Result<()> {
        for subject in after.subjects.iter().filter(|one| !before.subjects.contains(one)) {
            self.save_subject(run, subject).await?;
        }
        for (position, devices) in &after.devices {
            let known = before.devices_of(*position);
            for device in devices.iter().filter(|one| !known.contains(one)) {
                self.save_device(run, *position, device).await?;
            }
        }
        Ok(())
    }

    async fn save_subject(&mut self, run: &RunId, subject: &Subject) -> Result<()> {
        let sql = "UPDATE run_subject SET planned_on = $3, done_at = $4 WHERE run_id = $1 AND position = $2";
        Ok(on!(self, |db| sqlx::query(sql)
            .bind(run.as_str())
            .bind(i64::from(subject.position))
            .bind(subject.planned_on.map(|day| day.to_string()))
            .bind(subject.done_at.map(Timestamp::as_microsecond))
            .execute(db)
            .await
            .map(drop))?)
    }

    async fn save_device(&mut self, run: &RunId, position: u32, one: &SubjectDevice) -> Result<()> {
        let sql = "UPDATE run_device SET state = $4, checks = $5, before_reading = $6, after_reading = $7,
                       note = $8, carried_to = $9, updated_at = $10
                   WHERE run_id = $1 AND position = $2 AND device_id = $3";
        Ok(on!(self, |db| sqlx::query(sql)
            .bind(run.as_str())
            .bind(i64::from(position))
            .bind(one.device.as_str())
            .bind(one.state.as_str())
            .bind(serde_json::to_string(&one.checks).unwrap_or_default())
            .bind(&one.before)
            .bind(&one.after)
            .bind(&one.note)
            .bind(one.carried_to.map(|day| day.to_string()))
            .bind(one.updated_at.map(Timestamp::as_microsecond))
            .execute(db)
            .await
            .map(drop))?)
    }
}
