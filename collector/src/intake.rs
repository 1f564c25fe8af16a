//! The agent side: TLS listener and gRPC services for enrolment, renewal and the uplink.
//!
//! It speaks the wire and nothing else: what a message means is decided and stored by `actions`. It must not
//! open anything a web session could use, nor anything to a caller whose certificate was not checked.

mod decode;
mod dispatch;
mod enrolment;
mod listener;
mod nonces;
mod peer;
mod pressure;
mod queue;
mod rate;
mod release;
mod renewal;
mod roster;
mod server;
mod sessions;
mod stream;
mod targets;
mod uplink;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::actions::judge::Bench;
use crate::live::Live;
use crate::pki::Authority;
use crate::store::Store;

/// Bounds of the intake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time.
    pub connections: usize,
    /// For a whole TLS handshake.
    pub handshake: Duration,
    /// For which a connection without a certificate may last.
    pub stranger: Duration,
    /// Bytes of deliveries that may wait for the writer.
    pub queue_bytes: usize,
    /// Records in one commit, about.
    pub commit_records: usize,
    /// Below this many free bytes measurements are refused.
    pub low_disk: u64,
    /// Below this many free bytes everything but security events is refused.
    pub scarce_disk: u64,
}

/// What the intake is made of.
#[derive(Debug)]
pub struct Intake {
    /// Where deliveries go.
    pub store: Store,
    /// Who issues certificates.
    pub authority: Arc<Authority>,
    /// Who judges what is delivered.
    pub bench: Arc<Bench>,
    /// How changes are noticed.
    pub live: Live,
    /// Names and addresses in the listener's certificate.
    pub names: Vec<String>,
    /// Other addresses that agents are told of.
    pub announce: Vec<String>,
    /// Folder whose file system must not fill up.
    pub data_dir: std::path::PathBuf,
    /// Bounds.
    pub limits: Limits,
    /// Whether gRPC reflection answers.
    pub reflection: bool,
}

/// Why the intake ended. For whoever runs the collector.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A commit failed: whether it is durable cannot be told.
    #[error(
        "la base de datos no pudo asegurar una escritura ({0}); no se da acuse de nada más: revise el disco y \
         arranque de nuevo el colector; los agentes vuelven a entregar lo que no tiene acuse"
    )]
    Commit(String),
    /// The store refused at the start.
    #[error("la base de datos no contesta: {0}")]
    Start(#[from] crate::actions::Error),
    /// TLS could not be set up.
    #[error(transparent)]
    Authority(#[from] crate::pki::Error),
    /// The gRPC server failed.
    #[error("el servicio para agentes falló: {0}")]
    Server(String),
}

impl Intake {
    /// Serves agents until `ending` turns true or a commit fails.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn serve(
        self,
        listener: TcpListener,
        ending: watch::Receiver<bool>,
    ) -> Result<(), Error> {
        server::serve(self, listener, ending).await
    }
}

/// Where a caller comes from, without the port.
fn host(address: SocketAddr) -> std::net::IpAddr {
    address.ip().to_canonical()
}

#[cfg(test)]
mod tests;
