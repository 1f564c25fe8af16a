//! The collector looks at addresses itself: whether a web page answers, which hosts take a domain's mail. The only place
//! that sends requests out. What is asked for was written by people: nothing inside the house is asked for (no private
//! address, however its name leads there), and no answer is trusted in length, number or time.

mod guard;
mod mail;
mod page;
mod title;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ProtocolConfig, ResolverConfig,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::domain::address_check::{MailCheck, PageCheck, PageOutcome};

/// Most addresses of one request.
pub const ADDRESSES: usize = 5;
/// For one address, from its name to its last byte.
const PATIENCE: Duration = Duration::from_secs(10);
/// Addresses looked at at a time, of all runs together.
const AT_ONCE: usize = 10;

/// `[checks]` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Checks {
    /// Hosts of the institution's own website, which may stand in its own network.
    pub websites: Vec<String>,
    /// A file of certificates (PEM) that vouch for servers beside those the system trusts.
    pub certificates: Option<std::path::PathBuf>,
    /// A name server to ask in place of the system's.
    pub name_server: Option<SocketAddr>,
    /// Private addresses may be asked for: for a collector that is tried out.
    pub allow_private: bool,
}

/// What looks at addresses.
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

struct Inner {
    checks: Checks,
    tls: Arc<ClientConfig>,
    names: Result<TokioResolver, String>,
    turns: Semaphore,
    patience: Duration,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("checks", &self.inner.checks).finish_non_exhaustive()
    }
}

/// Why addresses cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file of certificates.
    #[error("checks.certificates: {file} no se puede leer como certificados PEM ({why})")]
    Certificates {
        /// Which.
        file: String,
        /// Why.
        why: String,
    },
    /// TLS itself.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
}

impl Verifier {
    /// For the settings.
    ///
    /// # Errors
    /// When the certificates named there cannot be read.
    pub fn new(checks: Checks) -> Result<Verifier, Error> {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(system.certs);
        if let Some(file) = &checks.certificates {
            let failed =
                |why: String| Error::Certificates { file: file.display().to_string(), why };
            let read =
                CertificateDer::pem_file_iter(file).map_err(|why| failed(why.to_string()))?;
            for certificate in read {
                let certificate = certificate.map_err(|why| failed(why.to_string()))?;
                roots.add(certificate).map_err(|why| failed(why.to_string()))?;
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let names = resolver(&checks);
        let turns = Semaphore::new(AT_ONCE);
        let (tls, patience) = (Arc::new(tls), PATIENCE);
        Ok(Verifier { inner: Arc::new(Inner { checks, tls, names, turns, patience }) })
    }

    /// Asks for pages, all at once; beyond [`ADDRESSES`] they are refused.
    pub async fn pages(&self, urls: &[String], now: Timestamp) -> Vec<PageCheck> {
        let asked = urls.iter().enumerate().map(|(place, url)| async move {
            let outcome = if place < ADDRESSES {
                self.page(url).await
            } else {
                let why = format!("sólo se miran {ADDRESSES} direcciones a la vez");
                PageOutcome::Refused { why }
            };
            PageCheck { url: url.clone(), checked_at: now, outcome }
        });
        futures_util::future::join_all(asked).await
    }

    async fn page(&self, url: &str) -> PageOutcome {
        let Inner { checks, tls, turns, patience, .. } = &*self.inner;
        let asked = async {
            let _turn = turns.acquire().await;
            page::look(url, checks, tls).await
        };
        tokio::time::timeout(*patience, asked).await.unwrap_or_else(|_| PageOutcome::Failed {
            why: format!("no contestó en {} s", patience.as_secs()),
        })
    }

    /// Looks up which hosts take the mail of a domain. The address itself is not asked for at any of them.
    pub async fn mail_domain(&self, domain: &str, now: Timestamp) -> MailCheck {
        let _turn = self.inner.turns.acquire().await;
        mail::look(domain, self.inner.names.as_ref(), self.inner.patience, now).await
    }
}

fn resolver(checks: &Checks) -> Result<TokioResolver, String> {
    let builder = match checks.name_server {
        None => TokioResolver::builder_tokio().map_err(|why| why.to_string())?,
        Some(server) => {
            let connections = [ProtocolConfig::Udp, ProtocolConfig::Tcp].map(|protocol| {
                let mut connection = ConnectionConfig::new(protocol);
                connection.port = server.port();
                connection
            });
            let server = NameServerConfig::new(server.ip(), true, connections.to_vec());
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    builder.build().map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests;
