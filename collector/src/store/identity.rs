//! Starts of devices' services and conflicts of identity.

use jiff::Timestamp;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::device::Hints;
use crate::domain::id::DeviceId;
use crate::domain::identity::{Conflict, STARTS, Sign, Start};

#[derive(FromRow)]
struct StartColumns {
    start_id: i64,
    previous_id: i64,
    first_seen_at: i64,
    arrived_at: i64,
    address: String,
    certificate_serial: String,
    hostname: String,
    os: String,
    machine_id: String,
    manufacturer: String,
    model: String,
    serial: String,
    agent_version: String,
}

impl StartColumns {
    fn read(self) -> Result<Start> {
        Ok(Start {
            id: self.start_id.cast_unsigned(),
            previous: self.previous_id.cast_unsigned(),
            first_seen_at: row::instant("device_start", "first_seen_at", self.first_seen_at)?,
            arrived_at: row::instant("device_start", "arrived_at", self.arrived_at)?,
            address: self.address,
            certificate: self.certificate_serial,
            hints: Hints {
                hostname: self.hostname,
                os: self.os,
                machine_id: self.machine_id,
                manufacturer: self.manufacturer,
                model: self.model,
                serial: self.serial,
                agent_version: self.agent_version,
            },
        })
    }
}

#[derive(FromRow)]
struct ConflictColumns {
    id: String,
    device_id: String,
    found_at: i64,
    sign: String,
    settled_at: Option<i64>,
    kept_start_id: Option<i64>,
    rekeyed_at: Option<i64>,
}

impl ConflictColumns {
    fn read(self) -> Result<Conflict> {
        let instant = |column, at| row::some_instant("identity_conflict", column, at);
        Ok(Conflict {
            id: self.id,
            device: DeviceId::new(self.device_id),
            found_at: row::instant("identity_conflict", "found_at", self.found_at)?,
            sign: row::word("identity_conflict", "sign", &self.sign, Sign::parse)?,
            settled_at: instant("settled_at", self.settled_at)?,
            kept: self.kept_start_id.map(i64::cast_unsigned),
            rekeyed_at: instant("rekeyed_at", self.rekeyed_at)?,
        })
    }
}

impl Read {
    /// Starts of a device's service that are remembered, by their first sight.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn starts(&mut self, device: &DeviceId) -> Result<Vec<Start>> {
        let sql = "SELECT start_id, previous_id, first_seen_at, arrived_at, address, certificate_serial, hostname, os,
                       machine_id, manufacturer, model, serial, agent_version
                   FROM device_start WHERE device_id = $1 ORDER BY first_seen_at, start_id";
        let rows: Vec<StartColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(device.as_str()).fetch_all(db).await)?;
        rows.into_iter().map(StartColumns::read).collect()
    }

    /// The conflict of identity a device is in, until the kept PC has a certificate of its own.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn conflict(&mut self, device: &DeviceId) -> Result<Option<Conflict>> {
        let sql = "SELECT * FROM identity_conflict WHERE device_id = $1 AND rekeyed_at IS NULL";
        let found: Option<ConflictColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(device.as_str()).fetch_optional(db).await)?;
        found.map(ConflictColumns::read).transpose()
    }
}

impl Write {
    /// Keeps a start as it was seen just now; the oldest beyond the bound are forgotten.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_start(&mut self, device: &DeviceId, start: &Start) -> Result<()> {
        let sql = "INSERT INTO device_start (device_id, start_id, previous_id, first_seen_at, arrived_at, address,
                       certificate_serial, hostname, os, machine_id, manufacturer, model, serial, agent_version)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
                   ON CONFLICT (device_id, start_id) DO UPDATE SET arrived_at = excluded.arrived_at,
                       address = excluded.address, certificate_serial = excluded.certificate_serial,
                       hostname = excluded.hostname, os = excluded.os, machine_id = excluded.machine_id,
                       manufacturer = excluded.manufacturer, model = excluded.model, serial = excluded.serial,
                       agent_version = excluded.agent_version";
        let hints = &start.hints;
        on!(self, |db| sqlx::query(sql)
            .bind(device.as_str())
            .bind(start.id.cast_signed())
            .bind(start.previous.cast_signed())
            .bind(start.first_seen_at.as_microsecond())
            .bind(start.arrived_at.as_microsecond())
            .bind(&start.address)
            .bind(&start.certificate)
            .bind(&hints.hostname)
            .bind(&hints.os)
            .bind(&hints.machine_id)
            .bind(&hints.manufacturer)
            .bind(&hints.model)
            .bind(&hints.serial)
            .bind(&hints.agent_version)
            .execute(db)
            .await
            .map(drop))?;
        let forget = "DELETE FROM device_start WHERE device_id = $1 AND start_id NOT IN
                      (SELECT start_id FROM device_start WHERE device_id = $1 ORDER BY arrived_at DESC LIMIT $2)";
        on!(self, |db| sqlx::query(forget)
            .bind(device.as_str())
            .bind(i64::from(STARTS))
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Forgets all starts of a device but one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forget_other_starts(&mut self, device: &DeviceId, kept: u64) -> Result<()> {
        let sql = "DELETE FROM device_start WHERE device_id = $1 AND start_id <> $2";
        on!(self, |db| sqlx::query(sql)
            .bind(device.as_str())
            .bind(kept.cast_signed())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Keeps a conflict, or what became of it.
    ///
    /// # Errors
    /// A conflict of the database when the device is in another one.
    pub async fn put_conflict(&mut self, conflict: &Conflict) -> Result<()> {
        let sql = "INSERT INTO identity_conflict (id, device_id, found_at, sign, settled_at, kept_start_id, rekeyed_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)
                   ON CONFLICT (id) DO UPDATE SET settled_at = excluded.settled_at,
                       kept_start_id = excluded.kept_start_id, rekeyed_at = excluded.rekeyed_at";
        on!(self, |db| sqlx::query(sql)
            .bind(&conflict.id)
            .bind(conflict.device.as_str())
            .bind(conflict.found_at.as_microsecond())
            .bind(conflict.sign.as_str())
            .bind(conflict.settled_at.map(Timestamp::as_microsecond))
            .bind(conflict.kept.map(u64::cast_signed))
            .bind(conflict.rekeyed_at.map(Timestamp::as_microsecond))
            .execute(db)
            .await
            .map(drop))?;
        self.bump("device");
        Ok(())
    }
}
