//! The collector's CA is replaced: who still depends on the one before, and the traces of each step in the audit.

use jiff::Timestamp;

use crate::domain::access::Actor;
use crate::domain::device::{CertificateState, DeviceStatus};
use crate::store::{self, AuditEntry, Store};

/// A device whose certificate in use is of the CA that is to be retired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependent {
    /// Its name.
    pub name: String,
    /// When it last delivered; `None`: never.
    pub last_seen_at: Option<Timestamp>,
}

/// Devices, neither revoked nor in quarantine, that hold a certificate of the former CA and none confirmed of the present
/// one; by name. `is_former` tells from a certificate, DER, whether the former CA issued it.
///
/// # Errors
/// When the database refuses.
pub async fn dependents(
    store: &Store,
    is_former: impl Fn(&[u8]) -> bool,
) -> Result<Vec<Dependent>, store::Error> {
    let mut read = store.read().await?;
    let mut found = Vec::new();
    for (id, _, status) in read.device_statuses().await? {
        match status {
            DeviceStatus::Pending | DeviceStatus::Approved => {}
            DeviceStatus::Quarantined | DeviceStatus::Revoked => continue,
        }
        let certificates = read.certificates(&id).await?;
        // A renewed certificate may not have reached the PC before it is confirmed.
        let mut active = certificates.iter().filter(|one| one.state == CertificateState::Active);
        if active.any(|one| is_former(&one.der)) {
            let name = read.device(&id).await?.map_or_else(|| id.to_string(), |one| one.name);
            let last_seen_at = read.live(&id).await?.map(|live| live.last_seen_at);
            found.push(Dependent { name, last_seen_at });
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// Notes that the CA was replaced by the one with this number.
///
/// # Errors
/// When the database refuses.
pub async fn note_rotation(
    store: &Store,
    actor: &Actor,
    present: u32,
    now: Timestamp,
) -> Result<(), store::Error> {
    let subject = format!("authority {present}");
    note(store, actor, &AuditEntry { act: "authority.rotate", subject, detail: String::new() }, now)
        .await
}

/// Notes that a CA was retired while this many devices depended on it.
///
/// # Errors
/// When the database refuses.
pub async fn note_retirement(
    store: &Store,
    actor: &Actor,
    retired: u32,
    left_behind: usize,
    now: Timestamp,
) -> Result<(), store::Error> {
    let subject = format!("authority {retired}");
    let detail = format!("devices left behind: {left_behind}");
    note(store, actor, &AuditEntry { act: "authority.retire", subject, detail }, now).await
}

async fn note(
    store: &Store,
    actor: &Actor,
    entry: &AuditEntry,
    now: Timestamp,
) -> Result<(), store::Error> {
    let mut write = store.write().await?;
    write.audit(actor, entry, now).await?;
    write.commit().await
}
