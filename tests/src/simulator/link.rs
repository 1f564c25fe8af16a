//! A connection to the agent listener: TLS 1.3, the server known by its CA and nothing else.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use hyper_util::rt::TokioIo;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};
use x509_parser::prelude::{FromDer, X509Certificate};

/// How the server is known.
#[derive(Debug, Clone)]
pub enum Trust {
    /// By the SHA-256 of its CA's SubjectPublicKeyInfo, as an enrolment code says.
    Pin([u8; 32]),
    /// By its CA, as an enrolled PC keeps it, DER.
    Ca(Vec<u8>),
}

/// A client certificate and its key, DER.
pub type ClientCertificate = (Vec<u8>, Vec<u8>);

/// Opens a connection.
///
/// # Errors
/// When nobody listens, or the server is not the one trusted.
pub async fn connect(
    address: &str,
    trust: Trust,
    client: Option<ClientCertificate>,
) -> Result<Channel> {
    let (host, _) =
        address.rsplit_once(':').with_context(|| format!("«{address}» is not host:port"))?;
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_string())?;
    let tls = TlsConnector::from(Arc::new(configuration(trust, client)?));
    let to = address.to_string();
    let connector = tower::service_fn(move |_| {
        let (tls, name, to) = (tls.clone(), name.clone(), to.clone());
        async move {
            let stream = TcpStream::connect(&to).await?;
            stream.set_nodelay(true)?;
            tls.connect(name, stream).await.map(TokioIo::new)
        }
    });
    // The scheme says nothing here: the connector always speaks TLS.
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
    let channel = endpoint.connect_with_connector(connector).await;
    channel.with_context(|| format!("cannot connect to {address}"))
}

fn configuration(trust: Trust, client: Option<ClientCertificate>) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])?;
    let builder = match trust {
        Trust::Pin(pin) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Pinned { pin, provider: provider.clone() })),
        Trust::Ca(der) => builder.with_root_certificates(roots(der.into())?),
    };
    let mut configuration = match client {
        Some((certificate, key)) => {
            let key = PrivateKeyDer::try_from(key).map_err(anyhow::Error::msg)?;
            builder.with_client_auth_cert(vec![certificate.into()], key)?
        }
        None => builder.with_no_client_auth(),
    };
    configuration.alpn_protocols = vec![b"h2".to_vec()];
    Ok(configuration)
}

fn roots(ca: CertificateDer<'static>) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(ca)?;
    Ok(roots)
}

/// Accepts a server whose chain ends in the pinned CA.
#[derive(Debug)]
struct Pinned {
    pin: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    fn authority(&self, chain: &[CertificateDer<'_>]) -> Result<CertificateDer<'static>> {
        for certificate in chain {
            let (_, parsed) = X509Certificate::from_der(certificate)?;
            if Sha256::digest(parsed.tbs_certificate.subject_pki.raw)[..] == self.pin {
                return Ok(certificate.clone().into_owned());
            }
        }
        bail!("no certificate of the server has the pinned key")
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let general = |error: anyhow::Error| rustls::Error::General(error.to_string());
        let roots = roots(self.authority(chain).map_err(general)?).map_err(general)?;
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), self.provider.clone())
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?
            .verify_server_cert(leaf, chain, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("only TLS 1.3 is spoken here".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
