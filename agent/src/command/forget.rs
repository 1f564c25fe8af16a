//! `atalaya-agent forget [--discard]`: takes away what the agent keeps on this PC, as the removal of its package does.
//!
//! Records that nobody else has are lost only when that is asked for; else everything stays, and a note says why.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use crate::config::Config;
use crate::identity::{IdentityError, Store};
use crate::report;
use crate::spool::{Class, Limits, Spool};
use crate::state::{StateDir, default_dir, foreign_access};

/// In the state folder that a removal left behind, for whoever finds it.
const NOTE: &str = "LEEME.txt";

/// Takes away identity, spool and the folder they are in.
///
/// # Errors
/// When records wait to be delivered and are not to be lost, a service still works, or the system refuses.
pub fn run(config: Option<&Path>, discard: bool) -> anyhow::Result<()> {
    let config = Config::load(config)?;
    let state = StateDir::new(&config.state_dir);
    let dir = &config.state_dir;
    let shown = dir.display();
    if !dir.exists() {
        return Ok(super::print("No hay nada que borrar.\n")?);
    }
    if state.is_locked() {
        bail!("el servicio está en marcha: deténgalo primero");
    }
    // A folder that somebody chose may hold more than the agent's files; one that others may enter is none it made.
    if *dir != default_dir()
        && let Some(problem) = foreign_access(dir).context("no se sabe de quién es la carpeta")?
    {
        bail!("{shown} no parece ser solo del agente ({problem}); bórrela a mano si lo es");
    }
    if !discard && let Some(waiting) = undelivered(&config, &state) {
        let kept = format!(
            "{waiting} registros esperan ser entregados al colector y se conservan en {shown}, junto con la identidad \
             de este equipo"
        );
        let note = format!(
            "{kept}.\r\nPara entregarlos, instale otra vez el agente de Atalaya con el colector al alcance.\r\n\
             Para perderlos, borre esta carpeta.\r\n"
        );
        // The note is a courtesy; what it speaks of stays in any case.
        let _ = fs::write(state.file(NOTE), note);
        bail!("{kept}; para perderlos: atalaya-agent forget --discard");
    }
    fs::remove_dir_all(dir).with_context(|| format!("no se pudo borrar {shown}"))?;
    Ok(super::print(&format!("Borrado: {shown}\n"))?)
}

/// The agent is installed again: what the note said is no longer true.
pub fn take_note_away(state_dir: &Path) {
    let _ = fs::remove_file(state_dir.join(NOTE));
}

/// How many records only this PC has, in words that go before «registros»; `None`: none.
fn undelivered(config: &Config, state: &StateDir) -> Option<String> {
    // Nobody waits for what a PC without identity has.
    if matches!(Store::new(state).current(), Err(IdentityError::Missing)) {
        return None;
    }
    let dir = state.file("spool");
    if !dir.exists() {
        return None;
    }
    // The spool itself, not the status file: a service that was killed had no time to write it.
    let limits = Limits::with_total(config.spool.max_mib << 20);
    let Ok(spool) = Spool::open(&dir, limits, report::describe_loss) else {
        return Some("un número desconocido de".into());
    };
    let classes = [Class::Security, Class::State, Class::Metric];
    let waiting: u64 = classes.into_iter().map(|class| spool.waiting(class)).sum();
    (waiting > 0).then(|| waiting.to_string())
}
