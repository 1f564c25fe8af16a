//! Devices and their certificates.

use data_encoding::BASE64;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::device::{Certificate, CertificateState, Device, DeviceStatus, Hints};
use crate::domain::id::{AreaId, DeviceId};
use crate::domain::text::fold;

#[derive(FromRow)]
pub(super) struct DeviceColumns {
    id: String,
    number: i64,
    name: String,
    area_id: Option<String>,
    status: String,
    hostname: String,
    os: String,
    machine_id: String,
    manufacturer: String,
    model: String,
    serial: String,
    agent_version: String,
    enrolled_at: i64,
    sample: bool,
}

impl DeviceColumns {
    pub(super) fn read(self) -> Result<Device> {
        Ok(Device {
            id: DeviceId::new(self.id),
            number: self.number,
            name: self.name,
            area: self.area_id.map(AreaId::new),
            status: row::word("device", "status", &self.status, DeviceStatus::parse)?,
            hints: Hints {
                hostname: self.hostname,
                os: self.os,
                machine_id: self.machine_id,
                manufacturer: self.manufacturer,
                model: self.model,
                serial: self.serial,
                agent_version: self.agent_version,
            },
            enrolled_at: row::instant("device", "enrolled_at", self.enrolled_at)?,
            sample: self.sample,
        })
    }
}

#[derive(FromRow)]
struct CertificateColumns {
    serial: String,
    device_id: String,
    generation: i64,
    key_hash: String,
    state: String,
    not_after: i64,
    der: String,
}

impl CertificateColumns {
    fn read(self) -> Result<Certificate> {
        Ok(Certificate {
            serial: self.serial,
            device: DeviceId::new(self.device_id),
            generation: row::number("certificate", "generation", self.generation)?,
            key_hash: self.key_hash,
            state: row::word("certificate", "state", &self.state, CertificateState::parse)?,
            not_after: row::instant("certificate", "not_after", self.not_after)?,
            der: BASE64
                .decode(self.der.as_bytes())
                .map_err(|_| row::unreadable("certificate", "der", &self.der))?,
        })
    }
}

impl Read {
    /// A device.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn device(&mut self, id: &DeviceId) -> Result<Option<Device>> {
        let sql = "SELECT * FROM device WHERE id = $1";
        let found: Option<DeviceColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(id.as_str()).fetch_optional(db).await)?;
        found.map(DeviceColumns::read).transpose()
    }

    /// Every device's id, number and status: what the intake keeps in memory.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn device_statuses(&mut self) -> Result<Vec<(DeviceId, i64, DeviceStatus)>> {
        let sql = "SELECT id, number, status FROM device";
        let rows: Vec<(String, i64, String)> =
            on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        rows.into_iter()
            .map(|(id, number, status)| {
                let status = row::word("device", "status", &status, DeviceStatus::parse)?;
                Ok((DeviceId::new(id), number, status))
            })
            .collect()
    }

    /// The certificate of that serial number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn certificate(&mut self, serial: &str) -> Result<Option<Certificate>> {
        let sql = "SELECT * FROM certificate WHERE serial = $1";
        let found: Option<CertificateColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(serial).fetch_optional(db).await)?;
        found.map(CertificateColumns::read).transpose()
    }

    /// All certificates of a device, oldest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn certificates(&mut self, device: &DeviceId) -> Result<Vec<Certificate>> {
        let sql = "SELECT * FROM certificate WHERE device_id = $1 ORDER BY generation";
        let rows: Vec<CertificateColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(device.as_str()).fetch_all(db).await)?;
        rows.into_iter().map(CertificateColumns::read).collect()
    }
}

impl Write {
    /// Adds a device under the next free number, which is returned.
    ///
    /// # Errors
    /// When the database refuses; a conflict when another collector took the number: try again.
    pub async fn add_device(&mut self, device: &Device) -> Result<i64> {
        let sql = "INSERT INTO device (id, number, name, folded_name, area_id, status, hostname, os, machine_id,
                       manufacturer, model, serial, agent_version, enrolled_at, sample)
                   SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
                   FROM device
                   RETURNING number";
        let hints = &device.hints;
        let number: i64 = on!(self, |db| sqlx::query_scalar(sql)
            .bind(device.id.as_str())
            .bind(&device.name)
            .bind(fold(&device.name))
            .bind(device.area.as_ref().map(AreaId::as_str))
            .bind(device.status.as_str())
            .bind(&hints.hostname)
            .bind(&hints.os)
            .bind(&hints.machine_id)
            .bind(&hints.manufacturer)
            .bind(&hints.model)
            .bind(&hints.serial)
            .bind(&hints.agent_version)
            .bind(device.enrolled_at.as_microsecond())
            .bind(device.sample)
            .fetch_one(db)
            .await)?;
        self.bump("device");
        Ok(number)
    }

    /// Keeps other collectors from judging a device until this is committed; false when there is none.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn lock_device(&mut self, id: &DeviceId) -> Result<bool> {
        let sql = "UPDATE device SET status = status WHERE id = $1";
        let found: u64 = on!(self, |db| sqlx::query(sql)
            .bind(id.as_str())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(found == 1)
    }

    /// Changes a device's status; other collectors learn of it through the change counter.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_device_status(&mut self, id: &DeviceId, status: DeviceStatus) -> Result<()> {
        let sql = "UPDATE device SET status = $2 WHERE id = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(id.as_str())
            .bind(status.as_str())
            .execute(db)
            .await
            .map(drop))?;
        self.bump("device");
        Ok(())
    }

    /// Moves a device to an area and gives it a name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn place_device(
        &mut self,
        id: &DeviceId,
        name: &str,
        area: Option<&AreaId>,
    ) -> Result<()> {
        let sql = "UPDATE device SET name = $2, folded_name = $3, area_id = $4 WHERE id = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(id.as_str())
            .bind(name)
            .bind(fold(name))
            .bind(area.map(AreaId::as_str))
            .execute(db)
            .await
            .map(drop))?;
        self.bump("device");
        Ok(())
    }

    /// Keeps what a device says of itself when it connects.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_hints(
        &mut self,
        id: &DeviceId,
        hostname: &str,
        os: &str,
        agent: &str,
        machine_id: &str,
    ) -> Result<()> {
        let sql = "UPDATE device SET hostname = $2, os = $3, agent_version = $4, machine_id = $5
                   WHERE id = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(id.as_str())
            .bind(hostname)
            .bind(os)
            .bind(agent)
            .bind(machine_id)
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Keeps an issued certificate.
    ///
    /// # Errors
    /// A conflict when the device has one of that generation.
    pub async fn add_certificate(&mut self, certificate: &Certificate) -> Result<()> {
        let sql = "INSERT INTO certificate (serial, device_id, generation, key_hash, state, not_after, der)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        on!(self, |db| sqlx::query(sql)
            .bind(&certificate.serial)
            .bind(certificate.device.as_str())
            .bind(i64::from(certificate.generation))
            .bind(&certificate.key_hash)
            .bind(certificate.state.as_str())
            .bind(certificate.not_after.as_microsecond())
            .bind(BASE64.encode(&certificate.der))
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Changes a certificate's state.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_certificate_state(
        &mut self,
        serial: &str,
        state: CertificateState,
    ) -> Result<()> {
        let sql = "UPDATE certificate SET state = $2 WHERE serial = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(serial)
            .bind(state.as_str())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Drops a renewal that was never confirmed, so that another can be issued.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn drop_pending_certificates(&mut self, device: &DeviceId) -> Result<()> {
        let sql = "DELETE FROM certificate WHERE device_id = $1 AND state = 'pending'";
        on!(self, |db| sqlx::query(sql).bind(device.as_str()).execute(db).await.map(drop))?;
        Ok(())
    }

    /// Removes the sample municipality: its devices with all they brought, its areas and sites.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remove_sample(&mut self) -> Result<u64> {
        let measured =
            "DELETE FROM sample WHERE device_number IN (SELECT number FROM device WHERE sample)";
        on!(self, |db| sqlx::query(measured).execute(db).await.map(drop))?;
        let codes = "DELETE FROM enrolment_code WHERE sample";
        on!(self, |db| sqlx::query(codes).execute(db).await.map(drop))?;
        let removed = "DELETE FROM device WHERE sample";
        let count: u64 = on!(self, |db| sqlx::query(removed)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        let runs = "DELETE FROM run WHERE sample";
        on!(self, |db| sqlx::query(runs).execute(db).await.map(drop))?;
        let areas = "DELETE FROM area WHERE sample AND id NOT IN
                     (SELECT area_id FROM device WHERE area_id IS NOT NULL)";
        on!(self, |db| sqlx::query(areas).execute(db).await.map(drop))?;
        let networks = "DELETE FROM network WHERE sample";
        on!(self, |db| sqlx::query(networks).execute(db).await.map(drop))?;
        let sites = "DELETE FROM site WHERE sample AND id NOT IN
                     (SELECT site_id FROM area WHERE site_id IS NOT NULL) AND id NOT IN
                     (SELECT site_id FROM network WHERE site_id IS NOT NULL) AND id NOT IN
                     (SELECT site_id FROM network_device WHERE site_id IS NOT NULL)";
        on!(self, |db| sqlx::query(sites).execute(db).await.map(drop))?;
        self.bump("device");
        Ok(count)
    }
}
