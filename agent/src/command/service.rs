//! `atalaya-agent service install|start|uninstall|run`: the agent as a service of Windows. There is no such order on other
//! systems, where a package brings the unit.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::forget;
use crate::config::Config;
use crate::identity::IdentityError;
use crate::service::{self, EventLog};
use crate::state::{create_private_directory, make_private};
use crate::update::home::Home;
use crate::version::version;

/// Makes the agent a service that starts with Windows. It is not started yet.
///
/// # Errors
/// When the settings are wrong or the system refuses.
pub fn install(config_file: Option<&Path>, self_update: bool) -> anyhow::Result<()> {
    super::run::log_to_console();
    let config = Config::load(config_file)?;
    let dir = &config.state_dir;
    create_private_directory(dir)
        .and_then(|()| make_private(dir))
        .with_context(|| format!("no se puede preparar la carpeta de estado {}", dir.display()))?;
    forget::take_note_away(dir);
    let mut program = std::env::current_exe().context("no se sabe dónde está el programa")?;
    if self_update {
        program = own_home(dir, &program)
            .with_context(|| format!("no se puede poner el programa en {}", dir.display()))?;
    }
    let mut arguments = vec!["service".into(), "run".into()];
    if let Some(file) = config_file {
        let file = std::path::absolute(file).context("no se sabe dónde está la configuración")?;
        arguments.extend(["--config".into(), file.into_os_string()]);
    }
    service::install(&program, arguments)
        .context("no se pudo instalar el servicio; ejecute esta orden como administrador")?;
    println!("Servicio {} instalado. Para iniciarlo: net start {}", service::NAME, service::NAME);
    Ok(())
}

/// Puts the program within the state folder, where the service is let in to exchange it; its new path.
fn own_home(state_dir: &Path, program: &Path) -> std::io::Result<PathBuf> {
    let folder = state_dir.join("program");
    create_private_directory(&folder)?;
    let own = folder.join("atalaya-agent.exe");
    Ok(Home::establish(&own, program, version())?.program().into())
}

/// Starts the service.
///
/// # Errors
/// When it is not installed or the system refuses.
pub fn start() -> anyhow::Result<()> {
    service::start().context(
        "no se pudo iniciar el servicio; ¿está instalado, y es administrador quien da la orden?",
    )
}

/// Stops the service and takes it away; identity and what waits to be delivered stay.
///
/// # Errors
/// When the system refuses.
pub fn uninstall() -> anyhow::Result<()> {
    let was_there = service::uninstall()
        .context("no se pudo quitar el servicio; ejecute esta orden como administrador")?;
    println!(
        "{}",
        if was_there { "Servicio quitado." } else { "El servicio no estaba instalado." }
    );
    Ok(())
}

/// Works under the service manager, which alone may give this order.
///
/// # Errors
/// When a person gives it.
pub fn run(config_file: Option<&Path>) -> anyhow::Result<()> {
    if let Ok(log) = EventLog::open() {
        super::run::log_to(log);
    }
    let config_file = config_file.map(Path::to_path_buf);
    let work = move |stop: service::Stop| {
        match super::run::work(config_file.as_deref(), || Ok(stop.requested())) {
            // An error would make the manager start it again and again, until somebody enrols the PC.
            Err(error) if is_not_enrolled(&error) => {
                tracing::warn!("{error:#}; después: net start {}", service::NAME);
                Ok(())
            }
            ended => ended,
        }
    };
    service::dispatch(Box::new(work))
        .context("esta orden la da el administrador de servicios; para trabajar en la consola: atalaya-agent run")
}

fn is_not_enrolled(error: &anyhow::Error) -> bool {
    let is_missing = |cause: &IdentityError| matches!(cause, IdentityError::Missing);
    match error.downcast_ref::<service::ServiceError>() {
        Some(service::ServiceError::Identity(cause)) => is_missing(cause),
        _ => error.downcast_ref::<IdentityError>().is_some_and(is_missing),
    }
}
