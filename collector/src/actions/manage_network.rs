//! What people say about network devices: that there is one, how it is reached, which PCs look at it, that it is gone.

use jiff::Timestamp;
use uuid::Uuid;

use super::judge::{Bench, settle};
use crate::domain::access::Actor;
use crate::domain::alert::{Judgement, Rule, Verdict};
use crate::domain::device::DeviceStatus;
use crate::domain::id::{DeviceId, SiteId};
use crate::domain::network_device::{Answering, MOST, NetworkDevice, NetworkDeviceKind};
use crate::domain::reading::{TargetKind, TargetSpec, bounds};
use crate::store::{self, AuditEntry, Store, Write};

/// Longest name of a network device or a place, bytes.
const NAME: usize = 120;

/// What somebody says of a network device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// As people call it.
    pub name: String,
    /// What it is.
    pub kind: NetworkDeviceKind,
    /// ICMP or TCP.
    pub probe: TargetKind,
    /// Address or host name; with TCP `host:port`.
    pub address: String,
    /// Name of the place, made when missing.
    pub site: Option<String>,
}

/// Why it was not done. Shown to people.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing, or too much.
    #[error("el nombre no sirve: escriba entre 1 y {NAME} caracteres")]
    Name,
    /// No host, or no port where one is due.
    #[error("«{0}» no es una dirección: escriba 192.0.2.1 o un nombre; para TCP, 192.0.2.1:9100")]
    Address(String),
    /// There are too many.
    #[error("ya hay {MOST} equipos de red, que son los que caben")]
    Full,
    /// One PC looks at too many.
    #[error("«{0}» ya vigila {most} equipos de red, que son los que puede", most = bounds::DEVICES)]
    Busy(String),
    /// What was asked for is not there.
    #[error("no existe {0}")]
    NotFound(&'static str),
    /// Something else failed.
    #[error(transparent)]
    Other(#[from] super::Error),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Error::Other(error.into())
    }
}

/// Adds a network device.
///
/// # Errors
/// When what is said of it cannot be used.
pub async fn add(
    store: &Store,
    wanted: &Wanted,
    actor: &Actor,
    now: Timestamp,
) -> Result<DeviceId, Error> {
    let id = DeviceId::new(Uuid::now_v7().to_string());
    check(wanted, &id)?;
    let mut db = store.write().await?;
    if db.network_devices().await?.len() >= MOST {
        return Err(Error::Full);
    }
    let device = NetworkDevice {
        id: id.clone(),
        name: wanted.name.trim().to_owned(),
        kind: wanted.kind,
        probe: wanted.probe,
        address: wanted.address.trim().to_owned(),
        site: site(&mut db, wanted).await?,
        site_name: None,
        state: Answering::Unknown,
        state_since: now,
        sample: false,
    };
    db.add_network_device(&device, now).await?;
    audit(&mut db, "network_device.add", &id, words(wanted), actor, now).await?;
    db.commit().await?;
    Ok(id)
}

/// Changes what is said of a network device.
///
/// # Errors
/// When there is none, or what is said of it cannot be used.
pub async fn change(
    store: &Store,
    id: &DeviceId,
    wanted: &Wanted,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    check(wanted, id)?;
    let mut db = store.write().await?;
    let known = db.network_device(id).await?.ok_or(Error::NotFound("el equipo de red"))?;
    let changed = NetworkDevice {
        name: wanted.name.trim().to_owned(),
        kind: wanted.kind,
        probe: wanted.probe,
        address: wanted.address.trim().to_owned(),
        site: site(&mut db, wanted).await?,
        ..known
    };
    db.change_network_device(&changed).await?;
    audit(&mut db, "network_device.change", id, words(wanted), actor, now).await?;
    Ok(db.commit().await?)
}

/// Says which PCs look at a network device, in place of those that did.
///
/// # Errors
/// When one is not there or looks at too many already.
pub async fn watch(
    store: &Store,
    id: &DeviceId,
    watchers: &[DeviceId],
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let mut db = store.write().await?;
    let known = db.network_device(id).await?.ok_or(Error::NotFound("el equipo de red"))?;
    let watches = db.watches().await?;
    let fleet = db.fleet().await?;
    let mut names = Vec::new();
    for watcher in watchers {
        let row = fleet.iter().find(|row| row.id == *watcher);
        let row = row.filter(|row| row.status == DeviceStatus::Approved);
        let row = row.ok_or(Error::NotFound("ese equipo, o no está aprobado"))?;
        let others =
            watches.iter().filter(|one| one.watcher == *watcher && one.network_device != *id);
        if others.count() >= bounds::DEVICES {
            return Err(Error::Busy(row.name.clone()));
        }
        names.push(row.name.as_str());
    }
    db.set_watchers(id, watchers).await?;
    let who = if names.is_empty() { "nadie".into() } else { names.join(", ") };
    let detail = format!("{}: {who}", known.name);
    audit(&mut db, "network_device.watch", id, detail, actor, now).await?;
    Ok(db.commit().await?)
}

/// Stops looking at a network device. Its alert ends; its history is kept.
///
/// # Errors
/// When there is none.
pub async fn remove(
    store: &Store,
    bench: &Bench,
    id: &DeviceId,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let mut db = store.write().await?;
    let known = db.network_device(id).await?.ok_or(Error::NotFound("el equipo de red"))?;
    if let Some(device) = db.device(id).await? {
        let over = Judgement {
            rule: Rule::NetworkDeviceDown,
            verdict: Verdict::Ok,
            summary: "Ya no se vigila este equipo de red.".into(),
            source: "colector".into(),
            taken_at: Some(now),
        };
        settle(&mut db, bench, &device, vec![over], now).await?;
    }
    db.set_watchers(id, &[]).await?;
    db.set_device_status(id, DeviceStatus::Revoked).await?;
    audit(&mut db, "network_device.remove", id, known.name, actor, now).await?;
    Ok(db.commit().await?)
}

fn check(wanted: &Wanted, id: &DeviceId) -> Result<(), Error> {
    let name = wanted.name.trim();
    if name.is_empty() || name.len() > NAME || name.chars().any(char::is_control) {
        return Err(Error::Name);
    }
    let spec = TargetSpec {
        id: id.to_string(),
        name: name.to_owned(),
        kind: wanted.probe,
        address: wanted.address.trim().to_owned(),
    };
    spec.check().map(drop).map_err(|_| Error::Address(wanted.address.chars().take(60).collect()))
}

async fn site(db: &mut Write, wanted: &Wanted) -> Result<Option<SiteId>, Error> {
    let name = wanted.site.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let Some(name) = name else { return Ok(None) };
    if name.len() > NAME || name.chars().any(char::is_control) {
        return Err(Error::Name);
    }
    let fresh = SiteId::new(Uuid::now_v7().to_string());
    Ok(Some(db.site_named(name, &fresh, false).await?))
}

fn words(wanted: &Wanted) -> String {
    let Wanted { name, kind, address, .. } = wanted;
    format!("{} ({}, {})", name.trim(), kind.as_str(), address.trim())
}

async fn audit(
    db: &mut Write,
    act: &'static str,
    id: &DeviceId,
    detail: String,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let entry = AuditEntry { act, subject: format!("device {id}"), detail };
    Ok(db.audit(actor, &entry, now).await?)
}
