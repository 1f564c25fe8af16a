//! A person vouches for an account that commands a PC: its alert ends, and the audit trail says who vouched.

use jiff::Timestamp;

use super::judge::{Bench, judge};
use super::{Error, Result};
use crate::domain::access::Actor;
use crate::domain::id::DeviceId;
use crate::domain::reading::{Section, SectionKind};
use crate::rules::administrators;
use crate::store::{AuditEntry, Store};

/// Takes an account as known. Doing it twice changes nothing more.
///
/// # Errors
/// [`Error::NotFound`] when no account of that name commands the PC now.
pub async fn accept_administrator(
    store: &Store,
    bench: &Bench,
    id: &DeviceId,
    name: &str,
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let mut db = store.write().await?;
    let sections = db.sections_to_judge(id).await?;
    let accounts = match sections.get(&SectionKind::Accounts).map(|row| &row.section) {
        Some(Section::Accounts(reading)) => reading.known(),
        _ => None,
    };
    let commands =
        accounts.is_some_and(|read| administrators(read).any(|account| account.name == name));
    if !commands {
        return Err(Error::NotFound("esa cuenta entre las que administran el equipo"));
    }
    let mut known = db.accepted_administrators(id).await?.unwrap_or_default();
    if !known.insert(name.to_owned()) {
        return Ok(());
    }
    db.accept_administrators(id, &known, now).await?;
    let entry = AuditEntry {
        act: "device.accept_administrator",
        subject: format!("device {id}"),
        detail: name.to_owned(),
    };
    db.audit(actor, &entry, now).await?;
    judge(&mut db, bench, id, now).await?;
    Ok(db.commit().await?)
}
