//! Which client certificates pass the TLS handshake: those of our CA, expired ones too, so that whoever holds one can be
//! told what to do. An expired one opens nothing but a renewal, and that for 90 days: every call checks it.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme,
};

use super::Error;

/// How long after it expired a certificate may still be renewed, days.
pub const LATE_DAYS: u64 = 90;

/// The verifier for clients of these CAs. A client without a certificate passes too: it may only enrol.
pub(super) fn clients_of(
    authorities: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority.clone())?;
    }
    let strict = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .allow_unauthenticated()
        .build()?;
    Ok(Arc::new(Lenient { strict }))
}

#[derive(Debug)]
struct Lenient {
    strict: Arc<dyn ClientCertVerifier>,
}

impl ClientCertVerifier for Lenient {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.strict.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        // A CA signs a device's certificate itself: what the client shows beside it counts for nothing.
        match self.strict.verify_client_cert(leaf, &[], now) {
            Err(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext {
                not_after,
                ..
            })) => self.strict.verify_client_cert(leaf, &[], not_after),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.strict.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.strict.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.strict.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use rcgen::{CertificateParams, KeyPair};

    use super::*;
    use crate::domain::id::DeviceId;
    use crate::pki::{Authority, Request};

    fn verdict(authority: &Authority, issued_by: &Authority, days_ago: i64) -> bool {
        let key = KeyPair::generate().unwrap();
        let csr = CertificateParams::default().serialize_request(&key).unwrap();
        let request = Request::parse(csr.der()).unwrap();
        let device = DeviceId::new(uuid::Uuid::now_v7().to_string());
        let issued_at = Timestamp::now() - SignedDuration::from_hours(24 * days_ago);
        let leaf = issued_by.issue(&device, 1, &request, issued_at).unwrap().der;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let clients = clients_of(std::slice::from_ref(authority.certificate()), &provider).unwrap();
        clients.verify_client_cert(&leaf.into(), &[], UnixTime::now()).is_ok()
    }

    #[test]
    fn an_expired_certificate_passes_the_handshake_and_one_of_another_ca_never() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let ours = Authority::open(folders[0].path()).unwrap();
        let other = Authority::open(folders[1].path()).unwrap();
        assert!(verdict(&ours, &ours, 0));
        assert!(verdict(&ours, &ours, 14 + 89));
        assert!(verdict(&ours, &ours, 14 + 91));
        assert!(!verdict(&ours, &other, 0));
        assert!(!verdict(&ours, &other, 20));
    }
}
