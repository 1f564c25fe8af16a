//! Current sections of devices: one row each, rewritten when what matters changed.

use std::collections::HashMap;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::DeviceId;
use crate::domain::reading::{Section, SectionKind};

/// A section as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct SectionRow {
    /// The reading.
    pub section: Section,
    /// When the collector received it.
    pub received_at: Timestamp,
    /// Since when it has been like this.
    pub changed_at: Timestamp,
}

#[derive(FromRow)]
pub(super) struct SectionColumns {
    device_id: String,
    kind: String,
    received_at: i64,
    changed_at: i64,
    body: String,
}

impl SectionColumns {
    pub(super) fn read(self) -> Result<(DeviceId, SectionRow)> {
        let kind = row::word("section", "kind", &self.kind, SectionKind::parse)?;
        let section = Section::from_json(kind, &self.body)
            .map_err(|_| row::unreadable("section", "body", &self.body))?;
        let row = SectionRow {
            section,
            received_at: row::instant("section", "received_at", self.received_at)?,
            changed_at: row::instant("section", "changed_at", self.changed_at)?,
        };
        Ok((DeviceId::new(self.device_id), row))
    }
}

const COLUMNS: &str =
    "SELECT device_id, kind, received_at, changed_at, body FROM section WHERE device_id = $1";

fn by_kind(rows: Vec<SectionColumns>) -> Result<HashMap<SectionKind, SectionRow>> {
    let read = |columns: SectionColumns| {
        let (_, row) = columns.read()?;
        Ok((row.section.kind(), row))
    };
    rows.into_iter().map(read).collect()
}

impl Read {
    /// What is known of a device, by section.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sections(
        &mut self,
        device: &DeviceId,
    ) -> Result<HashMap<SectionKind, SectionRow>> {
        let rows: Vec<SectionColumns> =
            on!(self, |db| sqlx::query_as(COLUMNS).bind(device.as_str()).fetch_all(db).await)?;
        by_kind(rows)
    }

    /// What the rules look at: every section but the installed software, which is long and which no rule asks for.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sections_to_judge(
        &mut self,
        device: &DeviceId,
    ) -> Result<HashMap<SectionKind, SectionRow>> {
        let sql = "SELECT device_id, kind, received_at, changed_at, body FROM section
                   WHERE device_id = $1 AND kind <> $2";
        let software = SectionKind::Software.as_str();
        let rows: Vec<SectionColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(device.as_str())
            .bind(software)
            .fetch_all(db)
            .await)?;
        by_kind(rows)
    }

    /// One section of a device.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn section(
        &mut self,
        device: &DeviceId,
        kind: SectionKind,
    ) -> Result<Option<SectionRow>> {
        let sql = "SELECT device_id, kind, received_at, changed_at, body FROM section
                   WHERE device_id = $1 AND kind = $2";
        let found: Option<SectionColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(device.as_str())
            .bind(kind.as_str())
            .fetch_optional(db)
            .await)?;
        found.map(|columns| Ok(columns.read()?.1)).transpose()
    }

    /// How many sections of a device are stored.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn section_count(&mut self, device: &DeviceId) -> Result<i64> {
        let sql = "SELECT count(*) FROM section WHERE device_id = $1";
        Ok(on!(self, |db| sqlx::query_scalar(sql).bind(device.as_str()).fetch_one(db).await)?)
    }
}

impl Write {
    /// Keeps a section; `changed_at` moves only when its fingerprint did.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_section(
        &mut self,
        device: &DeviceId,
        section: &Section,
        now: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO section (device_id, kind, fingerprint, taken_at, received_at, changed_at, body)
                   VALUES ($1, $2, $3, $4, $5, $5, $6)
                   ON CONFLICT (device_id, kind) DO UPDATE SET
                       changed_at = CASE WHEN section.fingerprint = excluded.fingerprint
                                         THEN section.changed_at ELSE excluded.changed_at END,
                       fingerprint = excluded.fingerprint, taken_at = excluded.taken_at,
                       received_at = excluded.received_at, body = excluded.body";
        let fingerprint = HEXLOWER.encode(&section.fingerprint());
        on!(self, |db| sqlx::query(sql)
            .bind(device.as_str())
            .bind(section.kind().as_str())
            .bind(&fingerprint)
            .bind(section.taken_at().as_microsecond())
            .bind(now.as_microsecond())
            .bind(section.to_json().to_string())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }
}
