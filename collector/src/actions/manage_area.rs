//! What a person decides about the firewalls of an area. The audit trail keeps every policy there was.

use jiff::Timestamp;

use super::judge::{Bench, judge};
use super::{Error, Result};
use crate::domain::access::Actor;
use crate::domain::firewall_policy::{AreaPolicy, PORTS, PermittedPort};
use crate::domain::id::AreaId;
use crate::store::{AuditEntry, Store};

/// What an area is to permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedPolicy {
    /// The ports of the configuration too.
    pub with_common: bool,
    /// Ports of its own.
    pub ports: Vec<PermittedPort>,
}

/// Reads ports written one a line or with commas between.
///
/// # Errors
/// Says which entry is none, or that there are too many.
pub fn ports_of(text: &str) -> std::result::Result<Vec<PermittedPort>, String> {
    let entries = text.split(['\n', ',']).map(str::trim).filter(|entry| !entry.is_empty());
    let mut ports = entries
        .take(PORTS + 1)
        .map(str::parse)
        .collect::<std::result::Result<Vec<PermittedPort>, _>>()?;
    ports.sort();
    ports.dedup();
    if ports.len() > PORTS {
        Err(format!("son demasiados puertos: caben {PORTS}"))
    } else {
        Ok(ports)
    }
}

/// Gives an area a policy, or takes it away, and judges its PCs by it at once.
///
/// # Errors
/// [`Error::NotFound`] when there is no such area. The policy holds even when judging a PC fails.
pub async fn set_policy(
    store: &Store,
    bench: &Bench,
    area: &AreaId,
    wanted: Option<WantedPolicy>,
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let mut db = store.write().await?;
    let found = db.area(area).await?.ok_or(Error::NotFound("el área"))?;
    let detail = match &wanted {
        None => format!("{}: la política común", found.name),
        Some(wanted) => format!("{}: {}", found.name, words(wanted)),
    };
    match wanted {
        None => db.drop_area_policy(area).await?,
        Some(WantedPolicy { with_common, ports }) => {
            let updated_by = actor.name().to_owned();
            let policy = AreaPolicy { with_common, ports, updated_by, updated_at: now };
            db.put_area_policy(area, &policy).await?;
        }
    }
    let entry = AuditEntry { act: "area.policy", subject: format!("area {area}"), detail };
    db.audit(actor, &entry, now).await?;
    db.commit().await?;
    let devices = store.read().await?.devices_of_area(area).await?;
    for device in devices {
        // One transaction each: the intake is not kept waiting for a whole area.
        let mut db = store.write().await?;
        judge(&mut db, bench, &device, now).await?;
        db.commit().await?;
    }
    Ok(())
}

fn words(wanted: &WantedPolicy) -> String {
    let mut ports: Vec<String> = wanted.ports.iter().map(PermittedPort::to_string).collect();
    if wanted.with_common {
        ports.insert(0, "los comunes".into());
    }
    if ports.is_empty() { "ningún puerto".into() } else { ports.join(", ") }
}
