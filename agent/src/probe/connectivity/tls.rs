//! A TLS handshake with a web server, checked against the certificates the system trusts: a portal that answers in a
//! server's place is not that server. Prepared at the first `https` target, as the certificates cost memory.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Made when first needed.
#[derive(Default)]
pub struct Connector(OnceLock<Option<Ready>>);

/// A connector with its certificates.
#[derive(Clone)]
pub struct Ready(TlsConnector);

impl Connector {
    /// `None`: this system trusts no certificates, so that nobody's name can be checked.
    pub fn ready(&self) -> Option<Ready> {
        self.0.get_or_init(make).clone()
    }
}

fn make() -> Option<Ready> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return None;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = versions.ok()?.with_root_certificates(roots).with_no_client_auth();
    Some(Ready(TlsConnector::from(Arc::new(config))))
}

impl Ready {
    /// Connects and shakes hands.
    pub async fn handshake(&self, address: SocketAddr, host: String) -> std::io::Result<()> {
        let name = ServerName::try_from(host).map_err(std::io::Error::other)?;
        let stream = TcpStream::connect(address).await?;
        self.0.connect(name, stream).await.map(|_| ())
    }
}
