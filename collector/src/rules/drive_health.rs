//! What do the drives say of themselves?

use super::{Facts, Finding};
use crate::domain::reading::{Drive, DriveHealth, Status};

pub(super) fn ask(facts: &Facts) -> Finding {
    let Some(reading) = facts.disk() else { return Finding::unread(facts.disk()) };
    let disk = &reading.value;
    let of = |health| disk.drives.iter().filter(move |drive: &&Drive| drive.health == health);
    if let Some(drive) = of(DriveHealth::Failing).next() {
        return Finding::critical(describe("falla", drive));
    }
    if let Some(drive) = of(DriveHealth::Warning).next() {
        return Finding::warning(describe("da avisos", drive));
    }
    if disk.drives_status != Status::Ok {
        let why = disk.drives_detail.as_deref().unwrap_or("sin más detalle");
        return Finding::unknown(format!("No se pudo leer la salud de los discos: {why}."));
    }
    if disk.drives.is_empty() || of(DriveHealth::Unknown).next().is_some() {
        return Finding::unknown("No se conoce la salud de todos los discos.");
    }
    Finding::ok("Los discos no dan avisos.")
}

fn describe(what: &str, drive: &Drive) -> String {
    let name = drive.model.as_deref().unwrap_or(&drive.device);
    match drive.reasons.as_slice() {
        [] => format!("El disco {name} {what}."),
        reasons => format!("El disco {name} {what}: {}.", reasons.join("; ")),
    }
}
