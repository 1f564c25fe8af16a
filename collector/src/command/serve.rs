//! `serve`: binds the sockets, says where the pages are, and runs the collector until SIGTERM or Ctrl-C.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use sd_notify::NotifyState;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Place, explained, log_to_stderr, print};
use crate::collector::{self, Listeners};
use crate::config::Config;

/// Bounds of the buckets of commit times, seconds, and of commit sizes, records.
const SECONDS: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0];
const RECORDS: &[f64] = &[1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0];

/// Serves until told to stop.
///
/// # Errors
/// When it cannot start, and when it had to stop by itself.
pub fn run(place: &Place) -> Result<()> {
    let config = place.settings()?;
    log_to_stderr(&config.log)?;
    raise_open_files();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(serve(&config));
    runtime.shutdown_timeout(Duration::from_millis(200));
    outcome
}

async fn serve(config: &Config) -> Result<()> {
    // Asked for first, so that an early Ctrl-C also ends things in order.
    let shutdown = told_to_stop()?;
    let listeners = Listeners {
        web: bind(config.web.listen, "web.listen").await?,
        agents: bind(config.agent_listener.listen, "agent_listener.listen").await?,
    };
    let url = match (&config.web.public_url, listeners.web.local_addr()) {
        (None, Ok(address)) => format!("http://{address}"),
        _ => config.web_url(),
    };
    let metrics = record_metrics()?;
    let ready = || {
        // Whoever started it may not read any more: the collector works all the same.
        let _ = print(&format!("Atalaya atiende en {url}/"));
        tell_service_manager(NotifyState::Ready);
    };
    let shutdown = async {
        shutdown.await;
        tell_service_manager(NotifyState::Stopping);
    };
    collector::run(config, listeners, Some(metrics), ready, shutdown).await.map_err(explained)
}

/// Silent where nobody supervises.
fn tell_service_manager(news: NotifyState) {
    if let Err(error) = sd_notify::notify(&[news]) {
        tracing::warn!(%error, "the service manager was not told");
    }
}

async fn bind(address: SocketAddr, key: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow!(
            "el puerto {} ya está en uso en {}: detenga el programa que lo ocupa o cambie `{key}`",
            address.port(),
            address.ip()
        ),
        ErrorKind::PermissionDenied => anyhow!(
            "este usuario no puede abrir el puerto {}: use uno mayor que 1023 o cambie `{key}`",
            address.port()
        ),
        _ => anyhow!("no se puede atender en {address} (`{key}`): {error}"),
    })
}

fn told_to_stop() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn record_metrics() -> Result<PrometheusHandle> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_records".into()), RECORDS)?;
    builder.install_recorder().context("metrics")
}

/// Each agent is an open file: as many as the system lets us have.
fn raise_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the number of open files stays low");
    }
}
