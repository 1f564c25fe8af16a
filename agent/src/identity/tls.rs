//! TLS 1.3 to a collector that is known by the pin of its CA, and the gRPC channel on top of it.
//!
//! Nothing is sent before the pin is seen to be right. The public roots of the system play no part here.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use ring::digest;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, CryptoProvider};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};
use x509_parser::prelude::{FromDer, X509Certificate};

/// How long name, TCP and TLS may take together.
const CONNECT: Duration = Duration::from_secs(15);
/// A dead network is noticed after this long without an answer to a ping, sent after this long without hearing anything.
/// Longer than the minute between two reports: their acknowledgements say that the network lives, and a ping beside them
/// would only be paid for.
const PING_EVERY: Duration = Duration::from_secs(75);
const PING_ANSWER: Duration = Duration::from_secs(15);

/// Why there is no connection; the text is Spanish, for people.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No TCP connection.
    #[error(
        "no se puede llegar al colector {address}: {cause}; revise la red, la dirección y que el puerto esté abierto"
    )]
    Unreachable {
        /// `host:port`.
        address: String,
        /// Why.
        cause: String,
    },
    /// Whoever answers is not the collector this agent was told of.
    #[error(
        "quien responde en {address} no es el colector esperado: su autoridad certificadora no coincide; no se envió nada. \
         Verifique la dirección y pida un código nuevo"
    )]
    NotPinned {
        /// `host:port`.
        address: String,
    },
    /// Something answers, but not as it should.
    #[error(
        "no se pudo cifrar la conexión con {address}: {cause}; verifique que ahí escuche el colector de Atalaya"
    )]
    Tls {
        /// `host:port`.
        address: String,
        /// Why.
        cause: String,
    },
}

/// Which collector, and who is calling.
pub struct Peer<'a> {
    /// `host:port`.
    pub address: &'a str,
    /// SHA-256 of the CA's SubjectPublicKeyInfo.
    pub ca_pin: [u8; 32],
    /// The CA, once it is known; before, the collector shows it.
    pub ca: Option<CertificateDer<'static>>,
    /// Our certificate and key; `None` before enrolment.
    pub client: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
}

/// SHA-256 of a certificate's SubjectPublicKeyInfo; `None` if it is no certificate.
pub fn pin_of(certificate: &CertificateDer) -> Option<[u8; 32]> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    digest::digest(&digest::SHA256, parsed.public_key().raw).as_ref().try_into().ok()
}

/// Connects. The channel is for this one connection: when that breaks, so does the channel.
///
/// # Errors
/// One variant per cause.
pub async fn connect(peer: Peer<'_>) -> Result<Channel, ConnectError> {
    let address = peer.address.to_owned();
    let bad = |cause: String| ConnectError::Tls { address: address.clone(), cause };
    let host = peer.address.rsplit_once(':').map_or(peer.address, |(host, _)| host);
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
        .map_err(|_| bad(format!("«{host}» no es nombre ni dirección")))?;
    let config = client_config(peer).map_err(|error| bad(error.to_string()))?;
    let dial = async {
        let unreachable = |error: io::Error| ConnectError::Unreachable {
            address: address.clone(),
            cause: error.to_string(),
        };
        let tcp = TcpStream::connect(&address).await.map_err(unreachable)?;
        tcp.set_nodelay(true).map_err(unreachable)?;
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name, tcp).await.map_err(|error| tls_error(&address, &error))
    };
    let stream = tokio::time::timeout(CONNECT, dial).await.map_err(|_| {
        let cause = format!("sin respuesta en {} s", CONNECT.as_secs());
        ConnectError::Unreachable { address: address.clone(), cause }
    })??;
    let mut stream = Some(TokioIo::new(stream));
    let once = tower::service_fn(move |_| {
        let stream = stream.take().ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected));
        std::future::ready(stream)
    });
    Endpoint::from_static("http://collector")
        .http2_keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_ANSWER)
        .keep_alive_while_idle(true)
        .connect_with_connector(once)
        .await
        .map_err(|error| bad(error.to_string()))
}

fn tls_error(address: &str, error: &io::Error) -> ConnectError {
    let address = address.to_owned();
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(
            CertificateError::ApplicationVerificationFailure | CertificateError::UnknownIssuer,
        )) => ConnectError::NotPinned { address },
        _ => ConnectError::Tls { address, cause: error.to_string() },
    }
}

fn client_config(peer: Peer) -> Result<ClientConfig, Error> {
    let provider = Arc::new(crypto::ring::default_provider());
    let verifier = Pinned { pin: peer.ca_pin, ca: peer.ca, provider: provider.clone() };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match peer.client {
        Some((certificate, key)) => builder.with_client_auth_cert(vec![certificate], key)?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// Accepts a server certificate only from the CA with the pin.
#[derive(Debug)]
struct Pinned {
    pin: [u8; 32],
    ca: Option<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        shown: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let ca = shown.iter().chain(&self.ca).find(|ca| pin_of(ca) == Some(self.pin));
        let ca = ca.ok_or(CertificateError::ApplicationVerificationFailure)?;
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone().into_owned())?;
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), self.provider.clone())
                .build()
                .map_err(|error| Error::General(error.to_string()))?;
        let verify = |at| verifier.verify_server_cert(leaf, shown, name, ocsp, at);
        match verify(now) {
            // A PC whose clock battery is dead must still be able to say so: the pin, not the date, tells whom it talks to.
            Err(Error::InvalidCertificate(
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. },
            )) => verify(inside_validity(leaf).ok_or(CertificateError::BadEncoding)?),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 only".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// An instant at which the certificate is valid.
fn inside_validity(certificate: &CertificateDer) -> Option<UnixTime> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let (from, to) =
        (parsed.validity().not_before.timestamp(), parsed.validity().not_after.timestamp());
    let middle = u64::try_from(from.midpoint(to)).ok()?;
    Some(UnixTime::since_unix_epoch(Duration::from_secs(middle)))
}
