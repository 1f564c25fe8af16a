//! What a technician decides of a device: approve it, shut it out. Each is audited;
//! the intake notices a changed status by the change counter.

use jiff::Timestamp;

use super::{Error, Result};
use crate::domain::access::Actor;
use crate::domain::device::DeviceStatus;
use crate::domain::id::DeviceId;
use crate::store::{AuditEntry, Store, Write};

/// Accepts the reports of a device that waits. Doing it twice changes nothing more.
///
/// # Errors
/// [`Error::NotFound`], and [`Error::Unfitting`] for a device that does not wait.
pub async fn approve_device(
    store: &Store,
    id: &DeviceId,
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let mut db = store.write().await?;
    match status(&mut db, id).await? {
        DeviceStatus::Approved => return Ok(()),
        DeviceStatus::Pending => {}
        DeviceStatus::Quarantined | DeviceStatus::Revoked => {
            return Err(Error::Unfitting("solo se aprueba un equipo que espera su aprobación"));
        }
    }
    set_status(db, id, DeviceStatus::Approved, "device.approve", actor, now).await
}

/// Shuts a device out for good. Doing it twice changes nothing more.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn revoke_device(
    store: &Store,
    id: &DeviceId,
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let mut db = store.write().await?;
    if status(&mut db, id).await? == DeviceStatus::Revoked {
        return Ok(());
    }
    set_status(db, id, DeviceStatus::Revoked, "device.revoke", actor, now).await
}

async fn status(db: &mut Write, id: &DeviceId) -> Result<DeviceStatus> {
    let device = db.device(id).await?.ok_or(Error::NotFound("el equipo"))?;
    Ok(device.status)
}

async fn set_status(
    mut db: Write,
    id: &DeviceId,
    status: DeviceStatus,
    act: &'static str,
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    db.set_device_status(id, status).await?;
    audit(&mut db, id, act, actor, now).await?;
    Ok(db.commit().await?)
}

async fn audit(
    db: &mut Write,
    id: &DeviceId,
    act: &'static str,
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let entry = AuditEntry { act, subject: format!("device {id}"), detail: String::new() };
    Ok(db.audit(actor, &entry, now).await?)
}
