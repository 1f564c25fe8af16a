//! A person says whether a PC that enrolled is one that was known: then its history goes on under the new identity, and
//! the old one ends.

use jiff::Timestamp;

use super::judge::{Bench, clear};
use super::runs::append_machine_event;
use super::{Error, Result};
use crate::domain::access::Actor;
use crate::domain::alert::{Judgement, Verdict};
use crate::domain::device::{Device, DeviceStatus};
use crate::domain::id::DeviceId;
use crate::domain::likeness::{Decision, Likeness, alike};
use crate::domain::run::{Event, Run};
use crate::store::{self, AuditEntry, Store, Write};

/// Notes which known devices a device that enrols may be.
///
/// # Errors
/// When the store refuses.
pub async fn propose(write: &mut Write, device: &Device, now: Timestamp) -> store::Result<()> {
    for known in write.devices_like(device).await? {
        let marks = alike(&device.hints, &known.hints);
        if marks.is_empty() {
            continue;
        }
        let likeness = Likeness {
            device: device.id.clone(),
            known: known.id,
            marks,
            found_at: now,
            decision: Decision::Proposed,
        };
        write.add_likeness(&likeness).await?;
    }
    Ok(())
}

/// They are one PC: the history of the known one goes to the new one, whose identity is the one in use.
///
/// # Errors
/// [`Error::NotFound`], and [`Error::Unfitting`] when it was not proposed or people work on runs of both.
pub async fn merge_device(
    store: &Store,
    bench: &Bench,
    (device, known): (&DeviceId, &DeviceId),
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let mut write = store.write().await?;
    decide(&mut write, (device, known), Decision::Merged, actor, now).await?;
    write.lock_device(device).await?;
    write.lock_device(known).await?;
    let new = write.device(device).await?.ok_or(Error::NotFound("el equipo"))?;
    let old = write.device(known).await?.ok_or(Error::NotFound("el equipo"))?;
    end_alerts(&mut write, bench, &old, now).await?;
    join_runs(&mut write, bench, &old, &new, now).await?;
    write.move_history(&old, &new).await?;
    let area = new.area.as_ref().or(old.area.as_ref());
    write.place_device(device, &old.name, area).await?;
    write.place_device(known, &format!("{} (antes)", old.name), old.area.as_ref()).await?;
    write.set_device_status(known, DeviceStatus::Revoked).await?;
    audit(&mut write, "device.merge", (device, known), actor, now).await?;
    Ok(write.commit().await?)
}

/// They are two PCs, and it is not proposed again.
///
/// # Errors
/// [`Error::Unfitting`] when it was not proposed.
pub async fn tell_apart(
    store: &Store,
    (device, known): (&DeviceId, &DeviceId),
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let mut write = store.write().await?;
    decide(&mut write, (device, known), Decision::Apart, actor, now).await?;
    audit(&mut write, "device.tell_apart", (device, known), actor, now).await?;
    Ok(write.commit().await?)
}

async fn decide(
    write: &mut Write,
    pair: (&DeviceId, &DeviceId),
    decision: Decision,
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    if write.decide_likeness(pair, decision, actor.name(), now).await? {
        return Ok(());
    }
    Err(Error::Unfitting("no hay nada que decidir de estos dos equipos: vuelva a mirar su ficha"))
}

/// What was wrong with the installation that is no more is over.
async fn end_alerts(write: &mut Write, bench: &Bench, old: &Device, now: Timestamp) -> Result<()> {
    for mut alert in write.open_alerts(&old.id).await? {
        let judgement = Judgement {
            rule: alert.rule,
            verdict: Verdict::Ok,
            summary: "El equipo se instaló de nuevo.".into(),
            source: "colector".into(),
            taken_at: Some(now),
        };
        clear(write, bench, &mut alert, &judgement, now).await?;
    }
    Ok(())
}

/// One PC has at most one open corrective run: the one that a person has in hand goes on.
async fn join_runs(
    write: &mut Write,
    bench: &Bench,
    old: &Device,
    new: &Device,
    now: Timestamp,
) -> Result<()> {
    let (before, after) =
        (write.open_corrective(&old.id).await?, write.open_corrective(&new.id).await?);
    let (Some(before), Some(after)) = (before, after) else { return Ok(()) };
    if !before.touched {
        return close(write, bench, &before, &after, now).await;
    }
    if after.touched {
        return Err(Error::Unfitting(
            "de los dos equipos hay un trámite correctivo que alguien atiende: termine uno antes de unirlos",
        ));
    }
    for alert in write.open_alerts(&new.id).await? {
        write.set_alert_run(&alert.id, &before.id).await?;
    }
    write.set_clear_since(&before.id, None).await?;
    close(write, bench, &after, &before, now).await
}

async fn close(
    write: &mut Write,
    bench: &Bench,
    ending: &Run,
    going_on: &Run,
    now: Timestamp,
) -> Result<()> {
    let text =
        format!("El equipo se instaló de nuevo; lo que siga se atiende en {}.", going_on.folio);
    for event in [Event::Note { text }, Event::Recovered] {
        append_machine_event(write, bench, &ending.id, event, now).await?;
    }
    Ok(())
}

async fn audit(
    write: &mut Write,
    act: &'static str,
    (device, known): (&DeviceId, &DeviceId),
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let detail = format!("known as {known}");
    let entry = AuditEntry { act, subject: format!("device {device}"), detail };
    Ok(write.audit(actor, &entry, now).await?)
}
