//! Did the system stop writing to a volume after an error? Nothing saved there is kept.

use super::{Facts, Finding};

pub(super) fn ask(facts: &Facts) -> Finding {
    let Some(disk) = facts.disk().and_then(|reading| reading.known()) else {
        return Finding::unread(facts.disk());
    };
    let volumes = &disk.volumes;
    if let Some(volume) = volumes.iter().find(|volume| volume.remounted_read_only == Some(true)) {
        let mount = &volume.mount;
        return Finding::critical(format!(
            "El volumen {mount} quedó en solo lectura después de un error: nada se guarda en él."
        ));
    }
    if volumes.iter().all(|volume| volume.remounted_read_only.is_none()) {
        return Finding::unknown("No se sabe si algún volumen quedó en solo lectura.");
    }
    Finding::ok("Ningún volumen quedó en solo lectura por un error.")
}
