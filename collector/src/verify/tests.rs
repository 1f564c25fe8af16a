//! Real servers on loopback: web servers good, slow, endless and hostile, certificates good and bad, a name server.

mod mail;
mod pages;

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

pub(super) fn now() -> Timestamp {
    "2026-11-23T18:00:00Z".parse().unwrap()
}

/// One that may look at loopback, and does not wait long.
pub(super) fn looks_at_home() -> Checks {
    Checks { allow_private: true, ..Checks::default() }
}

pub(super) async fn see(checks: Checks, url: &str) -> PageOutcome {
    let verifier = Verifier::new(checks).unwrap();
    verifier.pages(&[url.to_owned()], now()).await.remove(0).outcome
}

/// A web server that answers every connection with the same bytes; where it listens.
pub(super) async fn answers(bytes: impl Into<Vec<u8>>) -> SocketAddr {
    let bytes = bytes.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let bytes = bytes.clone();
            tokio::spawn(async move {
                let mut request = [0; 2_048];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    address
}
