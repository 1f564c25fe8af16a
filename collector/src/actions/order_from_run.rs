//! Orders to agents from a run: a test of the network it visits, what the sheet of a PC asks for. How they end is evidence
//! in the run.

use jiff::Timestamp;

use super::judge::Bench;
use super::networks::{members, note_gateways};
use super::order_action::{Order, order_action};
use super::propose::{device_facts, network_of};
use super::{Error, Result};
use crate::domain::action::Ordering;
use crate::domain::id::{ActionId, DeviceId, RunId};
use crate::domain::reading::Action;
use crate::domain::run::Run;
use crate::store::{Read, Store};

/// Most PCs that test a network at a time.
pub const TESTERS: usize = 5;
/// How long a test takes, seconds.
pub const TEST_SECONDS: u32 = 60;

/// Orders an action from a PC, with the run it is for.
///
/// # Errors
/// When there is no such open run, it is not about that PC, or the order is refused.
pub async fn order_from_run(
    store: &Store,
    run: &RunId,
    device: &DeviceId,
    order: &Order,
    by: &Ordering,
    now: Timestamp,
) -> Result<ActionId> {
    let mut db = store.read().await?;
    let found = db.run(run).await?.ok_or(Error::NotFound("el trámite"))?;
    if !found.is_open() {
        return Err(Error::Unfitting("el trámite ya terminó"));
    }
    if !is_about(&mut db, &found, device).await? {
        return Err(Error::Unfitting("el trámite no es sobre ese equipo"));
    }
    drop(db);
    let action = order_action(store, device, order, by, now).await?;
    let mut db = store.write().await?;
    db.set_run_of_action(&action, run).await?;
    db.commit().await?;
    Ok(action)
}

/// Has up to [`TESTERS`] PCs of the network a run visits measure it. Returns how many were asked.
///
/// # Errors
/// When the run visits no network, none of its PCs reports, a test is under way, or an order is refused.
pub async fn test_network(
    store: &Store,
    bench: &Bench,
    id: &RunId,
    by: &Ordering,
    now: Timestamp,
) -> Result<usize> {
    note_gateways(store).await?;
    let mut db = store.read().await?;
    let run = db.run(id).await?.ok_or(Error::NotFound("el trámite"))?;
    let network = network_of(&mut db, &run).await?;
    let network = network.ok_or(Error::Unfitting("el trámite no está en ninguna red"))?;
    if db.actions_of_run(id, 50).await?.iter().any(|action| action.finished_at.is_none()) {
        return Err(Error::Unfitting("ya hay una prueba en curso: espere a que termine"));
    }
    let ids: Vec<DeviceId> =
        members(&mut db, &network).await?.into_iter().map(|placed| placed.device).collect();
    let known = device_facts(&mut db, bench, &ids, now).await?;
    drop(db);
    let testers: Vec<&DeviceId> = known
        .iter()
        .filter(|device| !device.silent)
        .map(|device| &device.id)
        .take(TESTERS)
        .collect();
    if testers.is_empty() {
        return Err(Error::Unfitting(
            "ningún equipo de la red reporta ahora: no hay quien la pruebe",
        ));
    }
    let action = Action::NetworkTest { targets: Vec::new(), seconds: TEST_SECONDS };
    let order = Order { action, patience: None };
    for tester in &testers {
        let action = order_action(store, tester, &order, by, now).await?;
        let mut db = store.write().await?;
        db.set_run_of_action(&action, id).await?;
        db.commit().await?;
    }
    Ok(testers.len())
}

/// Whether a run is about a PC: its own, or one of an area or network it walks.
async fn is_about(db: &mut Read, run: &Run, device: &DeviceId) -> Result<bool> {
    if run.device.as_ref() == Some(device) || run.present_device.as_ref() == Some(device) {
        return Ok(true);
    }
    let devices = db.run_devices(&run.id, run.subject).await?;
    Ok(run.subject.is_some() && devices.values().flatten().any(|one| one.device == *device))
}
