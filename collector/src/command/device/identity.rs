//! Who a device is: the conflicts and likenesses a person decides about, as text with tabs between.

use anyhow::{Result, anyhow};
use jiff::Timestamp;

use super::super::print;
use crate::actions::judge::Bench;
use crate::actions::settle_conflict::settle_conflict;
use crate::domain::access::Actor;
use crate::domain::id::DeviceId;
use crate::domain::identity::sides;
use crate::domain::likeness::Decision;
use crate::store::Store;

/// Says who uses a device's identity.
pub async fn conflict(store: &Store, id: &DeviceId) -> Result<()> {
    let mut read = store.read().await?;
    let Some(conflict) = read.conflict(id).await? else {
        return print("Una sola computadora usa la identidad de este equipo.");
    };
    let enrolled = read.device(id).await?.map(|device| device.hints).unwrap_or_default();
    let settled = if conflict.settled_at.is_some() { "ya se decidió; " } else { "" };
    print(&format!("{settled}el {:.0}, {}:", conflict.found_at, conflict.sign.words()))?;
    let starts = read.starts(id).await?;
    for (number, side) in (1..).zip(sides(&starts)) {
        let hints = &side.hints;
        let known = |text: &str| if text.is_empty() { "?".to_owned() } else { text.to_owned() };
        let (name, machine) = (known(&hints.hostname), known(&hints.machine_id));
        let hardware =
            [&hints.manufacturer, &hints.model, &hints.serial].map(|text| known(text)).join(" / ");
        let mut marks = Vec::new();
        if hints.machine_id == enrolled.machine_id && hints.serial == enrolled.serial {
            marks.push("coincide con el alta");
        }
        if conflict.kept == Some(side.id) {
            marks.push("se conserva");
        }
        print(&format!(
            "{number}\t{name}\t{}\tsistema {machine}\t{hardware}\tvista de {:.0} a {:.0}\t{}",
            side.address,
            side.first_seen_at,
            side.arrived_at,
            marks.join(", ")
        ))?;
    }
    Ok(())
}

/// Keeps one of them.
pub async fn release(
    store: &Store,
    bench: &Bench,
    id: &DeviceId,
    keep: Option<usize>,
    now: Timestamp,
) -> Result<()> {
    let kept = kept(store, id, keep).await?;
    settle_conflict(store, bench, id, kept, &Actor::Console, now).await?;
    print(
        "Listo: la que se conserva renueva su certificado al conectarse; la otra necesita un código nuevo.",
    )
}

/// Lists new devices that may be known ones.
pub async fn alike(store: &Store) -> Result<()> {
    let mut read = store.read().await?;
    for one in read.likenesses(None).await? {
        if one.decision != Decision::Proposed {
            continue;
        }
        let (device, known) = (read.device(&one.device).await?, read.device(&one.known).await?);
        let (Some(device), Some(known)) = (device, known) else { continue };
        let marks: Vec<&str> = one.marks.iter().map(|mark| mark.words()).collect();
        print(&format!(
            "{}\t{}\tparece {}\t{}\tpor {}",
            device.id,
            device.name,
            known.id,
            known.name,
            marks.join(" y ")
        ))?;
    }
    Ok(())
}

async fn kept(store: &Store, id: &DeviceId, keep: Option<usize>) -> Result<Option<u64>> {
    let Some(keep) = keep else { return Ok(None) };
    let starts = store.read().await?.starts(id).await?;
    let side = keep.checked_sub(1).and_then(|at| sides(&starts).get(at).map(|side| side.id));
    side.map(Some).ok_or_else(|| anyhow!("no hay una computadora {keep}; vea `device conflict`"))
}
