//! `atalaya-agent seal [--discard]`: prepares a disk image. What makes this PC this one is taken away, program and settings
//! stay; each PC that starts from the image enrols as itself.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, bail};

use crate::config::Config;
use crate::report;
use crate::spool::{Class, Limits, Spool};
use crate::state::{StateDir, sync_directory};

/// Everything the agent keeps; what else lies there is not its own.
const KEPT: &[&str] = &[
    "identity.json",
    "identity-next.json",
    "enrolment.json",
    "last-start",
    "status.json",
    "targets.json",
    "drives.json",
    "update-trial.json",
    "update-end.json",
    "spool",
    "update",
];
/// Held while this works; goes last.
const LOCK: &str = "lock";

/// Seals it. Doing it twice changes nothing more.
///
/// # Errors
/// While the service works, while records wait to be delivered unless they may be lost, and when the system refuses.
pub fn run(config: Option<&Path>, discard: bool) -> anyhow::Result<()> {
    let config = Config::load(config)?;
    let state = StateDir::new(&config.state_dir);
    if !state.path().exists() {
        println!("No hay nada que quitar: {} no existe.", state.path().display());
        return Ok(());
    }
    let lock = state.lock()?;
    if !discard {
        refuse_undelivered(&config, &state)?;
    }
    let refused = |name: &str| format!("no se puede borrar {}", state.file(name).display());
    for name in KEPT {
        for file in [state.file(name), state.file(&format!("{name}.new"))] {
            remove(&file).with_context(|| refused(name))?;
        }
    }
    sync_directory(state.path()).with_context(|| refused(""))?;
    drop(lock);
    remove(&state.file(LOCK)).with_context(|| refused(LOCK))?;
    for left in fs::read_dir(state.path())?.flatten() {
        println!("Queda {}: no es del agente.", left.path().display());
    }
    println!(
        "Listo: este equipo ya no tiene identidad, y de la imagen saldrá un equipo distinto en cada arranque.\n\
         Cada uno necesita un código propio: «atalaya-agent enroll CÓDIGO», o el archivo de `code_file`.\n\
         Antes de capturar la imagen, vacíe /etc/machine-id en Linux o use sysprep en Windows."
    );
    Ok(())
}

fn refuse_undelivered(config: &Config, state: &StateDir) -> anyhow::Result<()> {
    let dir = state.file("spool");
    if !dir.exists() {
        return Ok(());
    }
    let limits = Limits::with_total(config.spool.max_mib << 20);
    let spool = Spool::open(&dir, limits, report::describe_loss)
        .with_context(|| format!("no se puede leer {}", dir.display()))?;
    let waiting: u64 = Class::ALL.into_iter().map(|class| spool.waiting(class)).sum();
    if waiting > 0 {
        bail!(
            "{waiting} registros esperan ser entregados y se perderían: deje que el servicio los entregue, o \
             repita la orden con --discard"
        );
    }
    Ok(())
}

fn remove(path: &Path) -> std::io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Err(error) => Err(error),
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
