//! `atalaya-agent run`: works as a service until it is asked to stop.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::MakeWriterExt;

use crate::config::Config;
use crate::identity::Store;
use crate::limits;
use crate::recent_log::RecentLog;
use crate::service;
use crate::state::{StateDir, foreign_access, foreign_writer};

/// What may still run when the service has stopped, such as a probe that hangs, is left behind after this.
const LEFT_BEHIND: Duration = Duration::from_millis(500);

/// Works until it is asked to stop.
///
/// # Errors
/// When settings, identity or state folder cannot be used, or another service uses them.
pub fn run(config_file: Option<&Path>) -> anyhow::Result<()> {
    log_to_console();
    work(config_file, || {
        service::stop_requested().context("no se pueden atender señales del sistema")
    })
}

/// Messages go to the error output from now on.
pub fn log_to_console() {
    tracing_subscriber::fmt()
        .with_env_filter(wanted())
        .with_writer(std::io::stderr.and(|| RecentLog))
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}

/// Messages go to a log that notes the time itself.
#[cfg(windows)]
pub fn log_to(log: service::EventLog) {
    tracing_subscriber::fmt()
        .with_env_filter(wanted())
        .with_writer(log.and(|| RecentLog))
        .with_ansi(false)
        .without_time()
        .init();
}

fn wanted() -> EnvFilter {
    EnvFilter::try_from_env("ATALAYA_LOG").unwrap_or_else(|_| EnvFilter::new("info"))
}

/// Works until what `stop` gives comes to an end.
///
/// # Errors
/// When settings, identity or state folder cannot be used, or another service uses them.
pub fn work<S: Future<Output = ()>>(
    config_file: Option<&Path>,
    stop: impl FnOnce() -> anyhow::Result<S>,
) -> anyhow::Result<()> {
    let config = Config::load(config_file)?;
    refuse_foreign_settings(config_file)?;
    limits::confine(&config.limits);
    let state = StateDir::new(&config.state_dir);
    let _lock = state.lock()?;
    for file in Store::new(&state).secret_files() {
        if let Ok(Some(problem)) = foreign_access(&file) {
            tracing::warn!(file = %file.display(), problem, "a secret is open to others");
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        service::run(&config, &state, stop()?).await.map_err(anyhow::Error::from)
    });
    runtime.shutdown_timeout(LEFT_BEHIND);
    ended
}

/// Settings name the folder programs are looked for in: whoever can write them commands this agent.
pub(super) fn refuse_foreign_settings(config_file: Option<&Path>) -> anyhow::Result<()> {
    if let Some(file) = config_file
        && let Ok(Some(problem)) = foreign_writer(file)
    {
        bail!("otra cuenta podría cambiar la configuración {}: {problem}", file.display());
    }
    Ok(())
}
