//! A device connects: may it, and what does the collector know of it?

use std::collections::HashMap;

use crate::domain::device::{CertificateState, DeviceStatus, Hints};
use crate::domain::id::DeviceId;
use crate::domain::reading::SectionKind;
use crate::store::{self, Store};

/// Told to a device nobody knows.
pub const UNKNOWN: &str = "este equipo no está dado de alta en este colector";
/// Told to a device that was shut out.
pub const REVOKED: &str = "el acceso de este equipo fue revocado: pida un código de alta nuevo";
/// Told to a device two claim to be.
pub const QUARANTINED: &str =
    "este equipo está en cuarentena: dos equipos usan su identidad; avise a su responsable";
/// Told to whoever uses a certificate that was replaced.
pub const SUPERSEDED: &str = "este certificado ya fue reemplazado por otro más nuevo";

/// A device that may connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// Small number that stands for it in measurements.
    pub number: i64,
    /// Pending or approved.
    pub status: DeviceStatus,
    /// Highest stored sequence number of the epoch it announced.
    pub stored_seq: u64,
    /// Whether its sections are all known.
    pub sections_known: bool,
}

/// Why a device may not connect.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Says why, for the person at the device.
    #[error("{0}")]
    Refused(&'static str),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Decides on a device that says hello with a certificate, and keeps what it says of itself.
///
/// # Errors
/// When the device or its certificate is shut out.
pub async fn admit(
    store: &Store,
    device: &DeviceId,
    serial: &str,
    epoch: u64,
    said: &Hints,
) -> Result<Admission, Error> {
    let mut read = store.read().await?;
    let known = read.device(device).await?.ok_or(Error::Refused(UNKNOWN))?;
    refuse_shut_out(known.status)?;
    let certificate = read.certificate(serial).await?;
    let accepted = certificate
        .is_some_and(|one| one.device == *device && one.state != CertificateState::Superseded);
    if !accepted {
        return Err(Error::Refused(SUPERSEDED));
    }
    let stored_seq = read.progress(device, epoch).await?.last_seq;
    let sections = read.section_count(device).await?;
    drop(read);
    keep_hints(store, device, &known.hints, said).await?;
    Ok(Admission {
        number: known.number,
        status: known.status,
        stored_seq,
        sections_known: usize::try_from(sections)
            .is_ok_and(|n| n >= SectionKind::EVERY_ROUND.len()),
    })
}

/// Lets pending and approved devices pass.
///
/// # Errors
/// For the others; says why.
pub fn refuse_shut_out(status: DeviceStatus) -> Result<(), Error> {
    match status {
        DeviceStatus::Pending | DeviceStatus::Approved => Ok(()),
        DeviceStatus::Quarantined => Err(Error::Refused(QUARANTINED)),
        DeviceStatus::Revoked => Err(Error::Refused(REVOKED)),
    }
}

async fn keep_hints(
    store: &Store,
    device: &DeviceId,
    known: &Hints,
    said: &Hints,
) -> Result<(), Error> {
    let machine_changed = !known.machine_id.is_empty() && known.machine_id != said.machine_id;
    if machine_changed {
        tracing::warn!(%device, "the machine id changed: a restored or copied system disk?");
    }
    let same = known.hostname == said.hostname
        && known.os == said.os
        && known.agent_version == said.agent_version;
    if same {
        return Ok(());
    }
    let mut write = store.write().await?;
    write.set_hints(device, &said.hostname, &said.os, &said.agent_version).await?;
    Ok(write.commit().await?)
}

/// Every device's status.
///
/// # Errors
/// When the store refuses.
pub async fn statuses(store: &Store) -> super::Result<HashMap<DeviceId, DeviceStatus>> {
    let statuses = store.read().await?.device_statuses().await?;
    Ok(statuses.into_iter().map(|(device, _, status)| (device, status)).collect())
}
