//! Two PCs have one identity: neither is listened to until a person decides, and one alert says what is known of both.

use jiff::Timestamp;
use uuid::Uuid;

use super::Result;
use super::judge::{Bench, settle};
use crate::domain::access::Actor;
use crate::domain::alert::{Judgement, Rule, Verdict};
use crate::domain::device::DeviceStatus;
use crate::domain::id::DeviceId;
use crate::domain::identity::{Conflict, Sign, Start, sides};
use crate::store::{self, AuditEntry, Write};

/// Shuts a device out with everyone who uses its identity; false when it is shut out already.
///
/// # Errors
/// When the store refuses; nothing of the transaction should then be kept.
pub async fn quarantine(
    write: &mut Write,
    id: &DeviceId,
    sign: Sign,
    particulars: &str,
    now: Timestamp,
) -> store::Result<bool> {
    let Some(device) = write.device(id).await? else { return Ok(false) };
    if !device.status.may_connect() {
        return Ok(false);
    }
    tracing::error!(device = %id, sign = sign.as_str(), particulars, "two PCs use one identity: quarantined");
    write.set_device_status(id, DeviceStatus::Quarantined).await?;
    let mut conflict = Conflict {
        id: Uuid::now_v7().to_string(),
        device: id.clone(),
        found_at: now,
        sign,
        settled_at: None,
        kept: None,
        rekeyed_at: None,
    };
    // Another was just being settled: it was not settled well, and goes on.
    if let Some(before) = write.conflict(id).await? {
        conflict = Conflict { settled_at: None, kept: None, ..before };
    }
    write.put_conflict(&conflict).await?;
    let entry = AuditEntry {
        act: "device.quarantine",
        subject: format!("device {id}"),
        detail: format!("{}: {particulars}", sign.as_str()),
    };
    write.audit(&Actor::Machine, &entry, now).await?;
    Ok(true)
}

/// Opens, updates or ends the alert on a device's identity, by the conflict it is in.
///
/// # Errors
/// When the store refuses; nothing of the transaction should then be kept.
pub async fn tell(write: &mut Write, bench: &Bench, id: &DeviceId, now: Timestamp) -> Result<()> {
    let Some(device) = write.device(id).await? else { return Ok(()) };
    let conflict = write.conflict(id).await?.filter(|one| one.settled_at.is_none());
    let starts = write.starts(id).await?;
    let (verdict, summary) = match conflict {
        Some(conflict) => (Verdict::Critical, summary(&conflict, &starts)),
        None => (Verdict::Ok, "Una sola computadora usa la identidad de este equipo.".into()),
    };
    let judgement = Judgement {
        rule: Rule::IdentityConflict,
        verdict,
        summary,
        source: "colector".into(),
        taken_at: Some(now),
    };
    settle(write, bench, &device, vec![judgement], now).await?;
    Ok(())
}

fn summary(conflict: &Conflict, starts: &[Start]) -> String {
    let known: Vec<String> = sides(starts).into_iter().map(describe).collect();
    let known = match known.as_slice() {
        [] => "No se sabe más de ellas".to_owned(),
        known => format!("Se conectaron {}", known.join(" y ")),
    };
    let sign = conflict.sign.words();
    format!("Dos computadoras usan la identidad de este equipo: {sign}. {known}.")
}

fn describe(side: &Start) -> String {
    let name = match side.hints.hostname.as_str() {
        "" => "una sin nombre",
        name => name,
    };
    let since = side.first_seen_at.strftime("%Y-%m-%d %H:%M UTC");
    format!("{name} desde {} (vista por primera vez {since})", side.address)
}
