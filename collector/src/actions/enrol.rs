//! A PC spends its code and becomes a device, in one transaction.

use std::net::IpAddr;

use jiff::Timestamp;
use uuid::Uuid;

use super::merge_device;
use crate::domain::access::Actor;
use crate::domain::device::{Certificate, Device, DeviceStatus, Hints};
use crate::domain::enrolment::{EnrolmentCode, Presented, Refusal, Spent};
use crate::domain::id::DeviceId;
use crate::store::{self, AuditEntry, Store, Write};

/// Two collectors may take the same device number at the same time; one of them tries again.
const ATTEMPTS: u32 = 4;

/// A PC that presents a code.
#[derive(Debug, Clone)]
pub struct Applicant {
    /// Hash of the code's secret.
    pub secret_hash: String,
    /// SHA-256 of its key, lower-case hexadecimal.
    pub key_hash: String,
    /// Where it calls from.
    pub from: IpAddr,
    /// What it says of itself.
    pub hints: Hints,
}

/// A PC that was let in.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// Its first certificate.
    pub certificate: Certificate,
    /// Whether its reports are accepted already.
    pub approved: bool,
}

/// Why a PC was not let in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody made that code.
    #[error("the enrolment code is not one of ours")]
    Unknown,
    /// The code is not good.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// No certificate could be issued.
    #[error("{0}")]
    Issue(String),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Spends the code and makes the device; the same key asking again soon gets the same certificate.
///
/// # Errors
/// When the code is unknown or not good for this PC; a code spent by another key is put on the audit trail.
pub async fn enrol(
    store: &Store,
    applicant: &Applicant,
    issue: impl Fn(&DeviceId, u32) -> Result<Certificate, String>,
    now: Timestamp,
) -> Result<Enrolled, Error> {
    let mut attempt = 1;
    loop {
        match try_enrol(store, applicant, &issue, now).await {
            Err(Error::Store(error)) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
            outcome => return outcome,
        }
    }
}

async fn try_enrol(
    store: &Store,
    applicant: &Applicant,
    issue: &impl Fn(&DeviceId, u32) -> Result<Certificate, String>,
    now: Timestamp,
) -> Result<Enrolled, Error> {
    let mut write = store.write().await?;
    let code = write.enrolment_code(&applicant.secret_hash).await?.ok_or(Error::Unknown)?;
    let enrolled = match code.present(&applicant.key_hash, applicant.from, now) {
        Ok(Presented::Repeat(device)) => return repeat(&mut write, &device, applicant).await,
        Ok(Presented::Fresh) => admit(&mut write, &code, applicant, issue, now).await?,
        Err(refusal) => {
            if refusal == Refusal::SpentByAnother {
                raise_alarm(&mut write, &code, applicant, now).await?;
                write.commit().await?;
            }
            return Err(refusal.into());
        }
    };
    write.commit().await?;
    Ok(enrolled)
}

async fn admit(
    write: &mut Write,
    code: &EnrolmentCode,
    applicant: &Applicant,
    issue: &impl Fn(&DeviceId, u32) -> Result<Certificate, String>,
    now: Timestamp,
) -> Result<Enrolled, Error> {
    let hints = applicant.hints.clone();
    let id = DeviceId::new(Uuid::now_v7().to_string());
    let status = if code.approve { DeviceStatus::Approved } else { DeviceStatus::Pending };
    let name = if hints.hostname.is_empty() { "Sin nombre".into() } else { hints.hostname.clone() };
    let device = Device {
        id: id.clone(),
        number: 0,
        name,
        area: code.area.clone(),
        status,
        hints,
        enrolled_at: now,
        sample: code.sample,
    };
    let certificate = issue(&id, 1).map_err(Error::Issue)?;
    write.add_device(&device).await?;
    let spent = Spent { at: now, key_hash: applicant.key_hash.clone(), device: id.clone() };
    if !write.spend_enrolment_code(&code.id, &spent).await? {
        // Somebody else spent it between our look and now: nothing of this transaction is kept.
        return Err(Refusal::SpentByAnother.into());
    }
    write.add_certificate(&certificate).await?;
    merge_device::propose(write, &device, now).await?;
    let entry = AuditEntry {
        act: "device.enrol",
        subject: format!("device {id}"),
        detail: format!("code {}, from {}, {}", code.id, applicant.from, status.as_str()),
    };
    write.audit(&Actor::Machine, &entry, now).await?;
    Ok(Enrolled { certificate, approved: code.approve })
}

async fn repeat(
    write: &mut Write,
    device: &DeviceId,
    applicant: &Applicant,
) -> Result<Enrolled, Error> {
    let known = write.device(device).await?.ok_or(Error::Unknown)?;
    let certificates = write.certificates(device).await?;
    let first = certificates.into_iter().find(|one| one.key_hash == applicant.key_hash);
    let certificate = first.ok_or(Refusal::Spent)?;
    match known.status {
        DeviceStatus::Pending | DeviceStatus::Approved => {
            Ok(Enrolled { certificate, approved: known.status == DeviceStatus::Approved })
        }
        DeviceStatus::Quarantined | DeviceStatus::Revoked => Err(Refusal::Spent.into()),
    }
}

async fn raise_alarm(
    write: &mut Write,
    code: &EnrolmentCode,
    applicant: &Applicant,
    now: Timestamp,
) -> Result<(), Error> {
    tracing::error!(
        code = %code.id, from = %applicant.from, hostname = applicant.hints.hostname,
        "a spent enrolment code was presented with another key: it may have been copied"
    );
    let entry = AuditEntry {
        act: "code.reused",
        subject: format!("code {}", code.id),
        detail: format!("another key, from {}", applicant.from),
    };
    Ok(write.audit(&Actor::Machine, &entry, now).await?)
}
