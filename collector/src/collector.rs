//! The collector as a whole: opens what it is made of and runs its parts until it is told to stop. The only wiring.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::actions::attach::{Attachments, Scanner};
use crate::actions::export_head::{export_heads, export_last_head};
use crate::actions::judge::Bench;
use crate::actions::manage_edition::{self, open_library, refresh_library};
use crate::actions::seal::{self, Seal};
use crate::config::Config;
use crate::intake::{self, Intake, Limits};
use crate::live::Live;
use crate::pki::{self, Authority};
use crate::procedure::Library;
use crate::store::{self, Database, Store};
use crate::verify::{self, Verifier};
use crate::{config, mail, timers, web};

/// For everything to end once the collector is told to stop.
const FAREWELL: Duration = Duration::from_millis(4_500);
/// How often recorded metrics are folded.
const UPKEEP: Duration = Duration::from_secs(5);
/// For a TLS handshake of an agent, however slow its network.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// For an enrolment, however slow the network.
const STRANGER: Duration = Duration::from_secs(60);
/// How often files that no run knows are looked for.
const SWEEP: Duration = Duration::from_hours(6);
const MIB: u64 = 1024 * 1024;

/// Sockets that are bound already.
#[derive(Debug)]
pub struct Listeners {
    /// For people.
    pub web: TcpListener,
    /// For agents.
    pub agents: TcpListener,
}

/// Why the collector cannot start, or stopped. For whoever started it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data folder.
    #[error(
        "la carpeta de datos {folder} no se puede usar ({cause}); revise que exista, que haya espacio y que \
         este usuario pueda escribir en ella (`data_dir` o --data-dir)"
    )]
    Folder {
        /// Which.
        folder: String,
        /// Why, by the system.
        cause: std::io::Error,
    },
    /// The database.
    #[error("no se puede abrir la base de datos ({database}): {cause}")]
    Database {
        /// Which, without a password.
        database: String,
        /// Why.
        cause: store::Error,
    },
    /// The certificate authority.
    #[error(transparent)]
    Authority(#[from] pki::Error),
    /// The key of the second factors.
    #[error(transparent)]
    Seal(#[from] seal::Error),
    /// The written procedures cannot be read.
    #[error("procedimientos: {0}")]
    Procedure(#[from] manage_edition::Error),
    /// The agent side ended.
    #[error(transparent)]
    Intake(#[from] intake::Error),
    /// The server notices are sent by cannot be used.
    #[error("correo: {0}")]
    Mail(#[from] mail::SetUp),
    /// Addresses cannot be looked at.
    #[error(transparent)]
    Verify(#[from] verify::Error),
    /// The web side ended.
    #[error("web: {0}")]
    Web(std::io::Error),
}

/// Opens the database of the settings; the data folder is made when missing.
///
/// # Errors
/// When the folder cannot be used or the database not be opened.
pub async fn open_store(config: &Config) -> Result<Store, Error> {
    prepare(&config.data_dir)?;
    let database = config.database();
    let opened = async {
        let store = Store::open(&database).await?;
        let mut write = store.write().await?;
        write.fold_people().await?;
        write.commit().await?;
        Ok(store)
    };
    opened.await.map_err(|cause| Error::Database {
        database: match &database {
            Database::Sqlite(file) => format!("SQLite, {}", file.display()),
            Database::Postgres(_) => "PostgreSQL".into(),
        },
        cause,
    })
}

/// Reads the certificate authority of the settings, or makes it.
///
/// # Errors
/// When the folder cannot be used or the key is none of ours.
pub fn open_authority(config: &Config) -> Result<Authority, Error> {
    prepare(&config.data_dir)?;
    Ok(Authority::open(&config.data_dir)?)
}

/// What devices are judged by.
///
/// # Errors
/// When an embedded procedure is wrong or the store refuses.
pub async fn open_bench(config: &Config, store: &Store) -> Result<Bench, Error> {
    Ok(Bench {
        thresholds: config.rules.clone(),
        library: open_library(store, Timestamp::now()).await?,
        hours: config.working_hours.clone(),
    })
}

fn prepare(folder: &Path) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt;
    let failed = |cause| Error::Folder { folder: folder.display().to_string(), cause };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    try_writing(folder).map_err(failed)
}

/// Whether something can be written there.
fn try_writing(folder: &Path) -> std::io::Result<()> {
    let file = folder.join(format!(".probe-{}", std::process::id()));
    std::fs::write(&file, b"atalaya")?;
    std::fs::remove_file(&file)
}

/// Runs the collector until `shutdown` resolves or a part of it fails. `ready` is called when it serves.
///
/// # Errors
/// See [`Error`].
pub async fn run(
    config: &Config,
    listeners: Listeners,
    metrics: Option<PrometheusHandle>,
    ready: impl FnOnce(),
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let store = open_store(config).await?;
    let live = Live::new(&store).await.map_err(intake_start)?;
    let now = jiff::Timestamp::now();
    mail::announce(&store, &config.mail, &config.web_url(), now).await.map_err(intake_start)?;
    let bench = Arc::new(open_bench(config, &store).await?);
    let (end, ending) = watch::channel(false);
    let parts = parts(config, listeners, (&store, &bench), &live, metrics.clone(), ending)?;
    let swept = sweep(store.clone(), attachments(config));
    let followed = follow(&store, &live, &bench.library);
    let exports = config.exports();
    let exported = export_heads(&store, &exports);
    let beside =
        async { tokio::join!(live.watch(&store), followed, upkeep(metrics), swept, exported) };
    ready();
    tokio::pin!(parts, beside);
    let outcome = tokio::select! {
        done = &mut parts => done,
        _ = &mut beside => Ok(()),
        () = shutdown => {
            tracing::info!("stopping");
            let _ = end.send(true);
            tokio::time::timeout(FAREWELL, parts).await.unwrap_or_else(|_| {
                tracing::warn!("some connections had to be cut");
                Ok(())
            })
        }
    };
    if outcome.is_ok() {
        export_last_head(&store, &exports).await;
        store.close().await;
    }
    outcome
}

/// Intake, pages and clock, until `ending` turns true or one of them fails.
fn parts(
    config: &Config,
    listeners: Listeners,
    (store, bench): (&Store, &Arc<Bench>),
    live: &Live,
    metrics: Option<PrometheusHandle>,
    ending: watch::Receiver<bool>,
) -> Result<impl Future<Output = Result<(), Error>> + use<>, Error> {
    let address = listeners.agents.local_addr().unwrap_or(config.agent_listener.listen);
    let intake = Intake {
        store: store.clone(),
        authority: Arc::new(open_authority(config)?),
        bench: bench.clone(),
        live: live.clone(),
        names: config.agent_names(address),
        announce: config.agent_listener.announce.clone(),
        data_dir: config.data_dir.clone(),
        limits: limits(config),
        reflection: config.agent_listener.reflection,
    };
    let (bench_of_pages, live) = (bench.clone(), live.clone());
    let settings = web::Settings {
        store: store.clone(),
        bench: bench_of_pages,
        live,
        attachments: attachments(config),
        verifier: Verifier::new(config.checks.clone())?,
        web_url: config.web_url(),
        privacy_notice: config.portal.open.then(|| config.portal.privacy_notice.clone()),
        metrics,
        seal: Seal::open(&config.data_dir)?,
        totp: config.sign_in.second_factor,
    };
    let agents = intake.serve(listeners.agents, ending.clone());
    let pages = web::serve(listeners.web, settings, ended(ending.clone()));
    let post = post(config, store, ended(ending.clone()))?;
    let clock =
        timers::run(store.clone(), bench.clone(), config.working_hours.clone(), ended(ending));
    Ok(async {
        tokio::try_join!(
            async { agents.await.map_err(Error::from) },
            async { pages.await.map_err(Error::Web) },
            async {
                tokio::join!(clock, post);
                Ok(())
            },
        )
        .map(drop)
    })
}

/// Sends what is queued; without a server, nothing.
fn post<E: Future<Output = ()>>(
    config: &Config,
    store: &Store,
    ending: E,
) -> Result<impl Future<Output = ()> + use<E>, Error> {
    let patience = mail::Patience::default();
    let server = match config.mail.server {
        Some(_) => Some(mail::Server::new(&config.mail, &config::host_name(), patience)?),
        None => None,
    };
    let (store, per_minute) = (store.clone(), config.mail.per_minute);
    Ok(async move {
        match server {
            Some(server) => mail::run(store, server, per_minute, ending).await,
            None => ending.await,
        }
    })
}

/// Where files of runs are kept, and who looks at them.
pub fn attachments(config: &Config) -> Attachments {
    Attachments::new(config.attachments_folder(), Scanner::new(&config.attachments.clamd))
}

fn intake_start(error: store::Error) -> Error {
    intake::Error::Start(error.into()).into()
}

fn limits(config: &Config) -> Limits {
    Limits {
        connections: config.agent_listener.connections,
        handshake: HANDSHAKE,
        stranger: STRANGER,
        queue_bytes: config.intake.queue_mib * 1024 * 1024,
        commit_records: config.intake.commit_records,
        low_disk: config.intake.low_disk_mib * MIB,
        scarce_disk: config.intake.scarce_disk_mib * MIB,
    }
}

async fn ended(mut ending: watch::Receiver<bool>) {
    let _ = ending.wait_for(|ending| *ending).await;
}

/// Removes files that no run knows any more. Every collector may: what is in use stays.
async fn sweep(store: Store, attachments: Attachments) {
    loop {
        tokio::time::sleep(SWEEP).await;
        match attachments.sweep(&store).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "files that no run knows were removed"),
            Err(error) => tracing::error!(%error, "files that no run knows could not be removed"),
        }
    }
}

/// Takes editions in that a command or another collector added.
async fn follow(store: &Store, live: &Live, library: &Library) {
    let mut told = live.subscribe();
    let mut known = told.borrow().of("procedure");
    while told.changed().await.is_ok() {
        let counter = told.borrow_and_update().of("procedure");
        if counter == known {
            continue;
        }
        match refresh_library(store, library).await {
            Ok(()) => known = counter,
            Err(error) => {
                tracing::error!(%error, "procedures: editions could not be read, the next change tries again")
            }
        }
    }
}

async fn upkeep(metrics: Option<PrometheusHandle>) {
    let Some(metrics) = metrics else { return std::future::pending().await };
    loop {
        tokio::time::sleep(UPKEEP).await;
        metrics.run_upkeep();
    }
}
