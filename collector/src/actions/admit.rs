//! A device connects: may it, is it one PC, and what does the collector know of it?

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::judge::Bench;
use super::quarantine;
use crate::domain::device::{Certificate, CertificateState, Device, DeviceStatus};
use crate::domain::id::DeviceId;
use crate::domain::identity::{Conflict, Greeting, Sign, Start, sign_of};
use crate::domain::reading::SectionKind;
use crate::store::{self, Read, Store, Write};

/// Told to a device nobody knows.
pub const UNKNOWN: &str = "este equipo no está dado de alta en este colector";
/// Told to a device that was shut out.
pub const REVOKED: &str = "el acceso de este equipo fue revocado: pida un código de alta nuevo";
/// Told to a device two claim to be.
pub const QUARANTINED: &str =
    "este equipo está en cuarentena: dos equipos usan su identidad; avise a su responsable";
/// Told to whoever uses a certificate that was replaced.
pub const SUPERSEDED: &str = "este certificado ya fue reemplazado por otro más nuevo";
/// Told to the PC that was not kept when two had one identity.
pub const ABANDONED: &str = "la identidad de este equipo quedó en otra computadora: dé de alta esta con un código \
                             nuevo (atalaya-agent enroll --force CÓDIGO)";

/// Who comes back sooner than this while it is shut out is not noted again.
const SOON: SignedDuration = SignedDuration::from_secs(60);

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
    /// It was kept where two had its identity: it has to begin an epoch and renew its certificate first.
    pub start_anew: bool,
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
    /// What followed from it could not be done.
    #[error("{0}")]
    Failed(#[from] super::Error),
}

/// What is known of a device that greets.
struct Known {
    device: Device,
    certificate: Certificate,
    stored: (u64, [u8; 16]),
    sections: i64,
    starts: Vec<Start>,
    conflict: Option<Conflict>,
}

/// Decides on a device that says hello with a certificate, and keeps what it says of itself.
///
/// # Errors
/// When the device or its certificate is shut out.
pub async fn admit(
    store: &Store,
    bench: &Bench,
    id: &DeviceId,
    serial: &str,
    said: &Greeting,
    now: Timestamp,
) -> Result<Admission, Error> {
    let mut read = store.read().await?;
    let known = look(&mut read, id, serial, said.epoch).await?;
    drop(read);
    let start_anew = stands(store, bench, &known, said, now).await?;
    keep(store, &known, said, now).await?;
    Ok(Admission {
        number: known.device.number,
        status: known.device.status,
        stored_seq: known.stored.0,
        sections_known: usize::try_from(known.sections)
            .is_ok_and(|n| n >= SectionKind::EVERY_ROUND.len()),
        start_anew,
    })
}

async fn look(read: &mut Read, id: &DeviceId, serial: &str, epoch: u64) -> Result<Known, Error> {
    let device = read.device(id).await?.ok_or(Error::Refused(UNKNOWN))?;
    let certificate = read.certificate(serial).await?.filter(|one| one.device == *id);
    let stored = read.progress(id, epoch).await?;
    Ok(Known {
        device,
        certificate: certificate.ok_or(Error::Refused(SUPERSEDED))?,
        stored: (stored.last_seq, stored.last_hash),
        sections: read.section_count(id).await?,
        starts: read.starts(id).await?,
        conflict: read.conflict(id).await?,
    })
}

/// Whether the device may connect, and if so, whether it has to start anew.
async fn stands(
    store: &Store,
    bench: &Bench,
    known: &Known,
    said: &Greeting,
    now: Timestamp,
) -> Result<bool, Error> {
    if known.certificate.state == CertificateState::Abandoned {
        return Err(Error::Refused(ABANDONED));
    }
    if known.device.status == DeviceStatus::Quarantined {
        // Both sides come back again and again: what they say now is what a person decides by.
        if known.starts.iter().any(|one| one.id == said.start && now - SOON < one.arrived_at) {
            return Err(Error::Refused(QUARANTINED));
        }
        let mut write = store.write().await?;
        put_start(&mut write, known, said, now).await?;
        quarantine::tell(&mut write, bench, &known.device.id, now).await?;
        write.commit().await?;
    }
    refuse_shut_out(known.device.status)?;
    if let Some(conflict) = known.conflict.as_ref().filter(|one| one.is_being_settled()) {
        if !conflict.keeps(said, &known.starts) {
            return Err(Error::Refused(ABANDONED));
        }
        return Ok(conflict.kept.is_some());
    }
    let sign = if known.certificate.state.is_accepted() {
        sign_of(said, &known.device.hints, &known.starts, known.stored)
    } else {
        Some(Sign::OldCertificate)
    };
    let Some(sign) = sign else { return Ok(false) };
    let mut write = store.write().await?;
    put_start(&mut write, known, said, now).await?;
    let particulars = format!(
        "from {}, epoch {}, gave up to {:?}, stored {}",
        said.address,
        said.epoch,
        said.known.map(|(seq, _)| seq),
        known.stored.0
    );
    if quarantine::quarantine(&mut write, &known.device.id, sign, &particulars, now).await? {
        quarantine::tell(&mut write, bench, &known.device.id, now).await?;
    }
    write.commit().await?;
    Err(Error::Refused(QUARANTINED))
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

/// Keeps what a device that may connect says of itself, where that is news.
async fn keep(store: &Store, known: &Known, said: &Greeting, now: Timestamp) -> Result<(), Error> {
    let (before, hints) = (&known.device.hints, &said.hints);
    let machine_id =
        if before.machine_id.is_empty() { &hints.machine_id } else { &before.machine_id };
    let same = hints.hostname == before.hostname
        && hints.os == before.os
        && hints.agent_version == before.agent_version
        && *machine_id == before.machine_id;
    let follows =
        known.conflict.as_ref().filter(|one| one.kept.is_some_and(|kept| kept != said.start));
    if same && follows.is_none() && is_current(known, said) {
        return Ok(());
    }
    let mut write = store.write().await?;
    if !same {
        let id = &known.device.id;
        write.set_hints(id, &hints.hostname, &hints.os, &hints.agent_version, machine_id).await?;
    }
    if let Some(conflict) = follows {
        write.put_conflict(&Conflict { kept: Some(said.start), ..conflict.clone() }).await?;
    }
    put_start(&mut write, known, said, now).await?;
    Ok(write.commit().await?)
}

/// Whether the start that greets is the latest that is known, from where it was.
fn is_current(known: &Known, said: &Greeting) -> bool {
    let latest = known.starts.iter().max_by_key(|one| one.arrived_at);
    said.start == 0
        || latest.is_some_and(|one| {
            one.id == said.start
                && one.address == said.address
                && one.certificate == known.certificate.serial
        })
}

async fn put_start(
    write: &mut Write,
    known: &Known,
    said: &Greeting,
    now: Timestamp,
) -> Result<(), Error> {
    if said.start == 0 {
        return Ok(());
    }
    let start = Start {
        id: said.start,
        previous: said.previous,
        first_seen_at: now,
        arrived_at: now,
        address: said.address.clone(),
        certificate: known.certificate.serial.clone(),
        hints: said.hints.clone(),
    };
    Ok(write.put_start(&known.device.id, &start).await?)
}

/// Every device's status.
///
/// # Errors
/// When the store refuses.
pub async fn statuses(store: &Store) -> super::Result<HashMap<DeviceId, DeviceStatus>> {
    let statuses = store.read().await?.device_statuses().await?;
    Ok(statuses.into_iter().map(|(device, _, status)| (device, status)).collect())
}
