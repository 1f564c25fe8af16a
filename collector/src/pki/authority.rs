//! The CA: made at the first start, read back later; issues device certificates and the listener's own.
//!
//! Validity of the CA and of the listener's certificate is not limited: agents know the CA by its key, and a
//! PC whose clock is years off must still be able to say so.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SanType, SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};

use super::request::Request;
use super::{Error, verifier};
use crate::domain::device::{Certificate, CertificateState};
use crate::domain::id::DeviceId;

/// How long a device certificate is valid, days.
pub const CERTIFICATE_DAYS: i64 = 14;
/// What precedes the device's id in its certificate.
const DEVICE_URN: &str = "urn:atalaya:device:";
/// Clocks of collectors that share a database may differ a little.
const BACKDATED: SignedDuration = SignedDuration::from_mins(5);

/// The certificate authority.
pub struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    pin: [u8; 32],
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// Reads the CA of a data folder, or makes it when there is none: `ca.key` (0600) and `ca.crt`.
    ///
    /// # Errors
    /// When a file cannot be read or written, or the key is none of ours.
    pub fn open(folder: &Path) -> Result<Authority, Error> {
        let key = key_of(&folder.join("ca.key"))?;
        let pin = Sha256::digest(key.subject_public_key_info()).into();
        let params = authority_params();
        let file = folder.join("ca.crt");
        let certificate = match std::fs::read(&file) {
            Ok(pem) => read_certificate(&pem).filter(|der| certifies(der, &key)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(cause) => return Err(Error::File { file, cause }),
        };
        // Only the key matters: a missing or foreign certificate is made again from it.
        let certificate = match certificate {
            Some(certificate) => certificate,
            None => {
                let made = params.self_signed(&key)?;
                write_beside(&file, made.pem().as_bytes(), 0o644)?;
                made.der().clone()
            }
        };
        Ok(Authority { certificate, issuer: Issuer::new(params, key), pin })
    }

    /// SHA-256 of the CA's SubjectPublicKeyInfo: what enrolment codes carry.
    pub fn pin(&self) -> [u8; 32] {
        self.pin
    }

    /// The CA certificate, DER.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Issues a device's certificate: client only, the device in a URI.
    ///
    /// # Errors
    /// When signing fails.
    pub fn issue(
        &self,
        device: &DeviceId,
        generation: u32,
        request: &Request,
        now: Timestamp,
    ) -> Result<Certificate, Error> {
        let not_after = now + SignedDuration::from_hours(24 * CERTIFICATE_DAYS);
        let serial: [u8; 16] = uuid::Uuid::now_v7().into_bytes();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, device.as_str());
        params.not_before = date_time_ymd(1970, 1, 1) + since_1970(now - BACKDATED);
        params.not_after = date_time_ymd(1970, 1, 1) + since_1970(not_after);
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.subject_alt_names =
            vec![SanType::URI(format!("{DEVICE_URN}{device}").as_str().try_into()?)];
        let certificate = params.signed_by(request.key(), &self.issuer)?;
        Ok(Certificate {
            serial: HEXLOWER.encode(&serial),
            device: device.clone(),
            generation,
            key_hash: request.key_hash().to_owned(),
            state: CertificateState::Active,
            not_after,
            der: certificate.der().to_vec(),
        })
    }

    /// TLS settings of the agent listener, reachable under these names and addresses.
    ///
    /// # Errors
    /// When a name does not fit into a certificate.
    pub fn listener_tls(&self, names: &[String]) -> Result<rustls::ServerConfig, Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        for name in names {
            params.subject_alt_names.push(alternative_name(name)?);
        }
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "Atalaya");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = params.signed_by(&key, &self.issuer)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let clients = verifier::clients_of(&self.certificate, &provider)?;
        let mut settings = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(clients)
            .with_single_cert(
                vec![leaf.der().clone(), self.certificate.clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )?;
        settings.alpn_protocols = vec![b"h2".to_vec()];
        // Every connection proves its key anew; streams live for days, tickets would gain nothing.
        settings.send_tls13_tickets = 0;
        Ok(settings)
    }
}

/// The device a client certificate of ours names.
pub(super) fn device_of(uri: &str) -> Option<DeviceId> {
    let id = uri.strip_prefix(DEVICE_URN)?;
    uuid::Uuid::try_parse(id).ok().map(|id| DeviceId::new(id.to_string()))
}

fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Atalaya: autoridad de equipos");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn alternative_name(name: &str) -> Result<SanType, Error> {
    if let Ok(address) = name.parse() {
        return Ok(SanType::IpAddress(address));
    }
    let fits = !name.is_empty() && rustls::pki_types::ServerName::try_from(name).is_ok();
    let refused = || Error::Name { name: name.to_owned() };
    if !fits {
        return Err(refused());
    }
    Ok(SanType::DnsName(name.try_into().map_err(|_| refused())?))
}

fn since_1970(at: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(at.as_second()).unwrap_or(0))
}

fn key_of(file: &Path) -> Result<KeyPair, Error> {
    let failed = |cause| Error::File { file: file.to_owned(), cause };
    let pem = match std::fs::read_to_string(file) {
        Ok(pem) => pem,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let made = KeyPair::generate()?.serialize_pem();
            // Whoever is first wins; a second process started at the same time reads that one's key.
            write_beside(file, made.as_bytes(), 0o600)?;
            std::fs::read_to_string(file).map_err(failed)?
        }
        Err(cause) => return Err(failed(cause)),
    };
    KeyPair::from_pem(&pem).map_err(|cause| Error::Key { file: file.to_owned(), cause })
}

fn read_certificate(pem: &[u8]) -> Option<CertificateDer<'static>> {
    use rustls::pki_types::pem::PemObject;
    CertificateDer::from_pem_slice(pem).ok()
}

fn certifies(der: &CertificateDer<'_>, key: &KeyPair) -> bool {
    x509_parser::parse_x509_certificate(der)
        .is_ok_and(|(_, parsed)| parsed.public_key().raw == key.subject_public_key_info())
}

/// Puts a whole file in place, on disk, unless one is there already.
fn write_beside(file: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    use std::os::unix::fs::OpenOptionsExt;
    let draft: PathBuf = file.with_extension(format!("new-{}", std::process::id()));
    let place = || -> std::io::Result<()> {
        let mut open = std::fs::OpenOptions::new();
        let mut out = open.write(true).create(true).truncate(true).mode(mode).open(&draft)?;
        out.write_all(bytes)?;
        out.sync_all()?;
        match std::fs::hard_link(&draft, file) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        std::fs::remove_file(&draft)?;
        if let Some(folder) = file.parent() {
            std::fs::File::open(folder)?.sync_all()?;
        }
        Ok(())
    };
    place().map_err(|cause| Error::File { file: file.to_owned(), cause })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_second_start_finds_the_authority_of_the_first_and_its_key_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let first = Authority::open(folder.path()).unwrap();
        let second = Authority::open(folder.path()).unwrap();
        assert_eq!(first.pin(), second.pin());
        assert_eq!(first.certificate(), second.certificate());
        let mode = std::fs::metadata(folder.path().join("ca.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_lost_certificate_is_made_again_from_the_key_and_a_damaged_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let first = Authority::open(folder.path()).unwrap();
        std::fs::remove_file(folder.path().join("ca.crt")).unwrap();
        assert_eq!(Authority::open(folder.path()).unwrap().pin(), first.pin());
        std::fs::write(folder.path().join("ca.key"), "nothing").unwrap();
        let error = Authority::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("ca.key"), "{error}");
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::open(folder.path()).unwrap();
        assert!(authority.listener_tls(&["10.0.0.1".into(), "atalaya.local".into()]).is_ok());
        let error = authority.listener_tls(&["dos palabras".into()]).unwrap_err().to_string();
        assert!(error.contains("dos palabras"), "{error}");
    }
}
