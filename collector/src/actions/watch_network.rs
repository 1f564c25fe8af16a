//! What PCs see of routers, switches and printers becomes their state, and alerts on the network device itself:
//! never on the PC that looks, and never because that PC is off.

use std::collections::HashMap;

use jiff::Timestamp;

use super::Result;
use super::judge::{Bench, settle};
use crate::domain::alert::{Rule, Verdict};
use crate::domain::id::DeviceId;
use crate::domain::network_device::{NetworkDevice, Sighting, together};
use crate::domain::reading::{Connectivity, Section, SectionKind, TargetSpec, bounds};
use crate::rules;
use crate::store::{self, Read, Store};

/// Names of PCs in a sentence; the rest are counted.
const NAMED: usize = 3;

/// What every PC to measure beside its own targets is told, at most as many as an agent takes.
///
/// # Errors
/// When the store refuses.
pub async fn targets(store: &Store) -> store::Result<HashMap<DeviceId, Vec<TargetSpec>>> {
    let mut targets: HashMap<DeviceId, Vec<TargetSpec>> = HashMap::new();
    for (watcher, target) in store.read().await?.watched_targets().await? {
        let of_watcher = targets.entry(watcher).or_default();
        if of_watcher.len() < bounds::DEVICES {
            of_watcher.push(target);
        }
    }
    Ok(targets)
}

/// What each PC that looks at a network device last saw of it, by network device.
///
/// # Errors
/// When the store refuses.
pub async fn sightings(db: &mut Read) -> Result<HashMap<DeviceId, Vec<Sighting>>> {
    let watches = db.watches().await?;
    if watches.is_empty() {
        return Ok(HashMap::new());
    }
    let looks: HashMap<DeviceId, (Connectivity, Timestamp)> = db
        .looks_of_watchers()
        .await?
        .into_iter()
        .filter_map(|(watcher, section, received_at, live)| {
            let looked_at = live.looked_at(SectionKind::Connectivity, received_at);
            let Section::Connectivity(reading) = section else { return None };
            Some((watcher, (reading.known()?.clone(), looked_at)))
        })
        .collect();
    let mut seen: HashMap<DeviceId, Vec<Sighting>> = HashMap::new();
    for watch in watches {
        let look = looks.get(&watch.watcher);
        let target = look.and_then(|(look, _)| {
            let id = Some(watch.network_device.as_str());
            look.devices.iter().find(|target| target.id.as_deref() == id)
        });
        let sighting = Sighting {
            looked_at: target.and(look).map(|(_, looked_at)| *looked_at),
            measured: target.map(|target| target.measurement),
            has_link: look.is_some_and(|(look, _)| has_link(look)),
            watcher: watch.watcher,
            watcher_name: watch.watcher_name,
        };
        seen.entry(watch.network_device).or_default().push(sighting);
    }
    Ok(seen)
}

/// Whether some interface is not known to be without a cable or a radio.
fn has_link(look: &Connectivity) -> bool {
    look.interfaces.is_empty() || look.interfaces.iter().any(|one| one.link_up != Some(false))
}

/// Brings the state of every network device up to date, raises and clears its alert. Returns how many changed.
///
/// # Errors
/// When the store refuses; devices before the failing one are done.
pub async fn watch_network(store: &Store, bench: &Bench, now: Timestamp) -> Result<usize> {
    let mut db = store.read().await?;
    let devices = db.network_devices().await?;
    if devices.is_empty() {
        return Ok(0);
    }
    let mut seen = sightings(&mut db).await?;
    let alerted = db.devices_alerted(Rule::NetworkDeviceDown).await?;
    drop(db);
    let mut changed = 0;
    for device in devices {
        let sightings = seen.remove(&device.id).unwrap_or_default();
        let is_alerted = alerted.contains(&device.id);
        changed += usize::from(judge(store, bench, device, &sightings, is_alerted, now).await?);
    }
    Ok(changed)
}

async fn judge(
    store: &Store,
    bench: &Bench,
    network: NetworkDevice,
    sightings: &[Sighting],
    is_alerted: bool,
    now: Timestamp,
) -> Result<bool> {
    let state = together(sightings, now);
    let moved = state != network.state;
    let since = if moved { now } else { network.state_since };
    let seen_by = names(sightings);
    let judgement = rules::network_device(state, since, &seen_by, &bench.thresholds, now);
    let raises = judgement.verdict.severity().is_some();
    let settles = judgement.verdict == Verdict::Ok;
    let due = moved || (raises && !is_alerted) || (settles && is_alerted);
    if !due {
        return Ok(false);
    }
    let mut db = store.write().await?;
    if !db.lock_device(&network.id).await? {
        return Ok(false);
    }
    if moved {
        db.set_answering(&network.id, state, since).await?;
    }
    if let Some(device) = db.device(&network.id).await? {
        settle(&mut db, bench, &device, vec![judgement], now).await?;
    }
    db.commit().await?;
    Ok(true)
}

fn names(sightings: &[Sighting]) -> String {
    let named: Vec<&str> =
        sightings.iter().take(NAMED).map(|sighting| sighting.watcher_name.as_str()).collect();
    match sightings.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        rest => format!("{} y {rest} más", named.join(", ")),
    }
}
