//! An agent asks which release it is offered; what it is told is kept for the people who look at the device.

use std::path::Path;

use atalaya_proto::release::Version;
use jiff::Timestamp;

use super::admit::{self, SUPERSEDED, UNKNOWN};
use super::manage_release::program_file;
use crate::domain::device::{CertificateState, Device, DeviceStatus};
use crate::domain::id::DeviceId;
use crate::domain::release::{Asker, Release, UpdateOutcome, offered};
use crate::store::{self, Read, Store};

/// Told to a device nobody approved yet.
const PENDING: &str = "este equipo espera la aprobación de un técnico";

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Says why, for the person at the device.
    #[error("{0}")]
    Refused(&'static str),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Who asks, as far as its certificate tells, and what it says of its program.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The device.
    pub device: &'a DeviceId,
    /// Serial number of its certificate.
    pub serial: &'a str,
    /// What its agent was built for.
    pub target: &'a str,
    /// The version it runs.
    pub running: &'a str,
}

/// The release an approved device is offered; none: nothing is newer.
///
/// # Errors
/// When the device or its certificate is shut out.
pub async fn offered_release(
    store: &Store,
    question: &Question<'_>,
    now: Timestamp,
) -> Result<Option<Release>, Error> {
    let mut read = store.read().await?;
    let device = admitted(&mut read, question.device, question.serial).await?;
    let (releases, offers) = (read.releases().await?, read.offers().await?);
    let known = read.device_update(question.device).await?;
    drop(read);
    let restored = known
        .as_ref()
        .and_then(|known| known.ended.as_ref())
        .filter(|ended| ended.outcome == UpdateOutcome::Restored)
        .and_then(|ended| Version::parse(&ended.version));
    let asker = Asker {
        device: question.device,
        area: device.area.as_ref(),
        target: question.target,
        running: Version::parse(question.running),
        restored,
    };
    let found = offered(&releases, &offers, &asker, now).cloned();
    let version = found.as_ref().map(|release| release.manifest.version.to_string());
    let told = known.is_some_and(|known| {
        known.asked_at.is_some() && known.target == question.target && known.offered == version
    });
    if !told {
        let mut write = store.write().await?;
        write.put_asked(question.device, question.target, version.as_deref(), now).await?;
        write.commit().await?;
    }
    Ok(found)
}

/// The release with a program of that hash, if it is what the device was last offered.
///
/// # Errors
/// When the device or its certificate is shut out.
pub async fn release_to_download(
    store: &Store,
    device: &DeviceId,
    serial: &str,
    sha256: &[u8],
) -> Result<Option<Release>, Error> {
    let mut read = store.read().await?;
    admitted(&mut read, device, serial).await?;
    let Some(known) = read.device_update(device).await? else { return Ok(None) };
    let is_wanted = |release: &Release| {
        let manifest = &release.manifest;
        manifest.sha256 == sha256
            && manifest.target == known.target
            && known.offered == Some(manifest.version.to_string())
    };
    Ok(read.releases().await?.into_iter().find(is_wanted))
}

/// An approved device with a certificate that is not replaced.
async fn admitted(read: &mut Read, device: &DeviceId, serial: &str) -> Result<Device, Error> {
    let known = read.device(device).await?.ok_or(Error::Refused(UNKNOWN))?;
    if let Err(admit::Error::Refused(why)) = admit::refuse_shut_out(known.status) {
        return Err(Error::Refused(why));
    }
    if known.status != DeviceStatus::Approved {
        return Err(Error::Refused(PENDING));
    }
    let certificate = read.certificate(serial).await?;
    let accepted = certificate
        .is_some_and(|one| one.device == *device && one.state != CertificateState::Superseded);
    if accepted { Ok(known) } else { Err(Error::Refused(SUPERSEDED)) }
}

/// The program of a release, opened.
///
/// # Errors
/// When the file is not there any more, or not on this machine.
pub fn open_program(data_dir: &Path, release: &Release) -> std::io::Result<std::fs::File> {
    std::fs::File::open(program_file(data_dir, &release.manifest.sha256))
}
