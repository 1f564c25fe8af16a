//! A person decides which of two PCs with one identity keeps it; the other has to enrol anew.

use jiff::Timestamp;

use super::judge::Bench;
use super::quarantine::tell;
use super::{Error, Result};
use crate::domain::access::Actor;
use crate::domain::device::{CertificateState, DeviceStatus};
use crate::domain::id::DeviceId;
use crate::domain::identity::{Conflict, Start, sides};
use crate::store::{AuditEntry, Store, Write};

/// Keeps one side, or, where none is known by its start, whoever comes. May be decided again until the kept one has a
/// certificate of its own.
///
/// # Errors
/// [`Error::NotFound`], and [`Error::Unfitting`] when there is nothing to settle or no such side.
pub async fn settle_conflict(
    store: &Store,
    bench: &Bench,
    id: &DeviceId,
    kept: Option<u64>,
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let mut write = store.write().await?;
    let device = write.device(id).await?.ok_or(Error::NotFound("el equipo"))?;
    let conflict = write.conflict(id).await?.ok_or(Error::Unfitting(
        "nadie más usa la identidad de este equipo: no hay nada que decidir",
    ))?;
    if device.status == DeviceStatus::Revoked {
        return Err(Error::Unfitting("el equipo ya fue revocado"));
    }
    let starts = write.starts(id).await?;
    let side = chosen(&starts, kept)?;
    if let Some(side) = side {
        keep_certificate(&mut write, id, side).await?;
        let hints = &side.hints;
        let (os, agent) = (&hints.os, &hints.agent_version);
        write.set_hints(id, &hints.hostname, os, agent, &hints.machine_id).await?;
    }
    let settled = Conflict {
        settled_at: Some(now),
        kept: side.map(|side| side.id),
        // Without a start to tell them apart nobody can be shut out.
        rekeyed_at: side.is_none().then_some(now),
        ..conflict
    };
    write.put_conflict(&settled).await?;
    write.set_device_status(id, DeviceStatus::Approved).await?;
    let detail = side.map_or_else(
        || "whoever comes".to_owned(),
        |side| format!("kept {:016x}, {}, {}", side.id, side.hints.hostname, side.address),
    );
    let entry =
        AuditEntry { act: "device.settle_conflict", subject: format!("device {id}"), detail };
    write.audit(actor, &entry, now).await?;
    tell(&mut write, bench, id, now).await?;
    Ok(write.commit().await?)
}

fn chosen(starts: &[Start], kept: Option<u64>) -> Result<Option<&Start>> {
    let sides = sides(starts);
    match kept {
        None if sides.is_empty() => Ok(None),
        None => {
            Err(Error::Unfitting("hay que decir cuál de las computadoras conserva la identidad"))
        }
        Some(kept) => {
            sides.into_iter().find(|side| side.id == kept).map(Some).ok_or(Error::Unfitting(
                "esa computadora ya no está entre las conocidas: vuelva a mirar la lista",
            ))
        }
    }
}

/// The kept side's certificate is good again if the other replaced it; what the other has beyond it is not.
async fn keep_certificate(write: &mut Write, id: &DeviceId, side: &Start) -> Result<()> {
    for one in write.certificates(id).await? {
        let state = if one.serial == side.certificate {
            CertificateState::Active
        } else if one.state == CertificateState::Active {
            CertificateState::Abandoned
        } else {
            continue;
        };
        write.set_certificate_state(&one.serial, state).await?;
    }
    Ok(write.drop_pending_certificates(id).await?)
}
