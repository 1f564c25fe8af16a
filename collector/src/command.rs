//! One file per subcommand, and what they share: settings, log, runtime, store. All but `serve` also work while
//! the collector runs.

pub mod action;
pub mod admin;
pub mod area;
pub mod audit;
pub mod backup;
pub mod ca;
pub mod check;
pub mod code;
pub mod device;
pub mod mail;
pub mod network;
pub mod person;
pub mod procedure;
pub mod release;
pub mod sample;
pub mod serve;
pub mod target;
pub mod token;

use std::future::Future;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

use crate::collector::{Error, open_store};
use crate::config::{Config, DEFAULT, Hidden};
use crate::store::Store;

/// Where the settings come from.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The settings file.
    pub config: Option<PathBuf>,
    /// In place of the configured data folder.
    pub data_dir: Option<PathBuf>,
    /// In place of the configured database. May hold a password.
    pub database: Option<String>,
}

impl Place {
    /// The settings with the flags taken in.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn settings(&self) -> Result<Config> {
        let mut config = Config::load(self.config.as_deref())?;
        if let Some(folder) = &self.data_dir {
            config.data_dir.clone_from(folder);
        }
        if let Some(database) = &self.database {
            config.database = Some(Hidden(database.clone()));
        }
        Ok(config)
    }
}

/// Prints the settings as shipped.
///
/// # Errors
/// When nobody reads what is printed.
pub fn default_config() -> Result<()> {
    print(DEFAULT.trim_end())
}

/// Prints lines, minding that a reader may be gone.
fn print(text: &str) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{text}").context("no se pudo escribir la respuesta")
}

/// Writes the log to standard error; `RUST_LOG` before `level`.
fn log_to_stderr(level: &str) -> Result<()> {
    let filter = match std::env::var("RUST_LOG") {
        Ok(filter) if !filter.is_empty() => EnvFilter::try_new(&filter),
        _ => EnvFilter::try_new(level),
    };
    let filter = filter.with_context(|| format!("`log = {level}` no es un nivel: use info"))?;
    let logger = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A second logger in one process would only be a test's.
    let _ = logger.try_init();
    Ok(())
}

/// Runs a command that needs the store.
fn with_store<F: Future<Output = Result<()>>>(
    place: &Place,
    work: impl FnOnce(Config, Store) -> F,
) -> Result<()> {
    let config = place.settings()?;
    log_to_stderr("warn")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = open_store(&config).await.map_err(explained)?;
        let outcome = work(config, store.clone()).await;
        store.close().await;
        outcome
    })
}

/// What went wrong at the start, with what to do about it.
fn explained(error: Error) -> anyhow::Error {
    let remedy = match &error {
        Error::Database { database, .. } if database == "PostgreSQL" => {
            "revise que PostgreSQL esté en marcha y que dirección, usuario y contraseña sean correctos"
        }
        Error::Database { .. } => "revise el espacio libre y los permisos del archivo y su carpeta",
        Error::Folder { .. }
        | Error::Authority(_)
        | Error::Seal(_)
        | Error::Procedure(_)
        | Error::Intake(_)
        | Error::Mail(_)
        | Error::Verify(_)
        | Error::Web(_) => return error.into(),
    };
    anyhow::anyhow!("{error}; {remedy}")
}
