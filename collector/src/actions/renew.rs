//! A device renews its certificate: a new generation beside the old, which ends when the new one is confirmed.

use jiff::Timestamp;

use crate::domain::device::{Certificate, CertificateState, DeviceStatus};
use crate::domain::id::DeviceId;
use crate::domain::identity::Conflict;
use crate::store::{self, Store, Write};

/// Why a renewal is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The device is shut out, or its certificate was replaced.
    #[error("{0}")]
    Refused(&'static str),
    /// The request carries a key that was used before.
    #[error("csr: a renewal needs a fresh key")]
    OldKey,
    /// No certificate could be issued.
    #[error("{0}")]
    Issue(String),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Issues the next generation; a renewal that was never confirmed is dropped. `start`: which start of the device's
/// service asks, 0 when it does not say.
///
/// # Errors
/// When the device is shut out, its certificate was replaced, or the key is not fresh.
pub async fn renew(
    store: &Store,
    device: &DeviceId,
    serial: &str,
    key_hash: &str,
    start: u64,
    issue: impl FnOnce(u32) -> Result<Certificate, String>,
) -> Result<Certificate, Error> {
    let mut write = store.write().await?;
    let known = held(&mut write, device, serial).await?;
    let conflict = write.conflict(device).await?.filter(Conflict::is_being_settled);
    if conflict.is_some_and(|one| one.kept.is_some_and(|kept| kept != start)) {
        return Err(Error::Refused(super::admit::ABANDONED));
    }
    let certificates = write.certificates(device).await?;
    if certificates.iter().any(|one| one.key_hash == key_hash) {
        return Err(Error::OldKey);
    }
    if known.state == CertificateState::Pending {
        // Whoever renews with a certificate has it: that confirms it.
        supersede(&mut write, &certificates, serial).await?;
    }
    write.drop_pending_certificates(device).await?;
    let newest = certificates.iter().filter(|one| one.state != CertificateState::Pending);
    let generation = newest.map(|one| one.generation).max().unwrap_or(0).max(known.generation) + 1;
    let issued = issue(generation).map_err(Error::Issue)?;
    let issued = Certificate { state: CertificateState::Pending, ..issued };
    write.add_certificate(&issued).await?;
    write.commit().await?;
    Ok(issued)
}

/// The device holds the certificate it calls with: older ones end.
///
/// # Errors
/// When the device is shut out or the certificate was replaced.
pub async fn confirm(
    store: &Store,
    device: &DeviceId,
    serial: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let mut write = store.write().await?;
    let known = held(&mut write, device, serial).await?;
    if known.state == CertificateState::Active {
        return Ok(());
    }
    let certificates = write.certificates(device).await?;
    match write.conflict(device).await?.filter(Conflict::is_being_settled) {
        Some(conflict) => end_conflict(&mut write, conflict, &certificates, serial, now).await?,
        None => supersede(&mut write, &certificates, serial).await?,
    }
    Ok(write.commit().await?)
}

/// The kept PC has a certificate that the other does not have: the other is left behind for good.
async fn end_conflict(
    write: &mut Write,
    conflict: Conflict,
    certificates: &[Certificate],
    serial: &str,
    now: Timestamp,
) -> Result<(), Error> {
    for one in certificates.iter().filter(|one| one.serial != serial) {
        write.set_certificate_state(&one.serial, CertificateState::Abandoned).await?;
    }
    write.set_certificate_state(serial, CertificateState::Active).await?;
    if let Some(kept) = conflict.kept {
        write.forget_other_starts(&conflict.device, kept).await?;
    }
    Ok(write.put_conflict(&Conflict { rekeyed_at: Some(now), ..conflict }).await?)
}

async fn supersede(
    write: &mut Write,
    certificates: &[Certificate],
    serial: &str,
) -> Result<(), Error> {
    for one in certificates.iter().filter(|one| one.serial != serial) {
        if one.state == CertificateState::Active {
            write.set_certificate_state(&one.serial, CertificateState::Superseded).await?;
        }
    }
    Ok(write.set_certificate_state(serial, CertificateState::Active).await?)
}

/// The certificate, when it may still be used by a device that may still connect.
async fn held(write: &mut Write, device: &DeviceId, serial: &str) -> Result<Certificate, Error> {
    let known = write.device(device).await?.ok_or(Error::Refused(super::admit::UNKNOWN))?;
    match known.status {
        DeviceStatus::Pending | DeviceStatus::Approved => {}
        DeviceStatus::Quarantined => return Err(Error::Refused(super::admit::QUARANTINED)),
        DeviceStatus::Revoked => return Err(Error::Refused(super::admit::REVOKED)),
    }
    let certificate = write.certificate(serial).await?;
    certificate
        .filter(|one| one.device == *device && one.state.is_accepted())
        .ok_or(Error::Refused(super::admit::SUPERSEDED))
}
