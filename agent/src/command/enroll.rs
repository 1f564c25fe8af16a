//! `atalaya-agent enroll CODE [--force|--if-needed]`: spends a code and keeps the identity it brings.

use std::path::Path;

use crate::config::Config;
use crate::identity::Store;
use crate::identity::enrolment::enrol;
use crate::machine;
use crate::probe::Probes;
use crate::state::StateDir;

/// What happens to a PC that is enrolled already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfEnrolled {
    /// It is an error.
    Refuse,
    /// The new identity takes the place of the old one.
    Replace,
    /// Nothing, and the code is not spent: what an installer wants that runs again with every version.
    Keep,
}

/// Enrols this PC.
///
/// # Errors
/// One clear text per cause; nothing changes then, and the same code may be tried again unless it was spent.
pub fn run(config: Option<&Path>, code: &str, if_enrolled: IfEnrolled) -> anyhow::Result<()> {
    let config = Config::load(config)?;
    let state = StateDir::new(&config.state_dir);
    if if_enrolled == IfEnrolled::Keep && Store::new(&state).current().is_ok() {
        return Ok(super::print("Este equipo ya estaba dado de alta.\n")?);
    }
    let force = if_enrolled == IfEnrolled::Replace;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let enrolled = runtime.block_on(async {
        let hints = machine::hints(&mut Probes::new(&config, None)).await;
        enrol(&Store::new(&state), code, hints, force).await
    });
    runtime.shutdown_background();
    let enrolled = enrolled?;
    let identity = &enrolled.identity;
    match enrolled.approved {
        Some(true) => println!("Equipo dado de alta en {}.", identity.collector),
        Some(false) => println!(
            "Equipo dado de alta en {}. Falta que un técnico lo apruebe en el colector; mientras, el agente espera.",
            identity.collector
        ),
        None => println!(
            "Este equipo ya estaba dado de alta con este código en {}.",
            identity.collector
        ),
    }
    println!("Identificador: {}", identity.device_id);
    if state.is_locked() {
        println!("El servicio está en marcha con la identidad anterior: reinícielo.");
    }
    Ok(())
}
