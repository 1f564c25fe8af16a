//! The CA: made at the first start, read back later; issues device certificates and the listener's own.
//!
//! Validity of the CA and of the listener's certificate is not limited: agents know the CA by its key, and a
//! PC whose clock is years off must still be able to say so.

use std::path::Path;
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
use super::ring::{self, Ring};
use super::{Error, files, verifier};
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
    before: Option<Before>,
}

/// The CA that this one took the place of.
struct Before {
    certificate: CertificateDer<'static>,
    /// The present CA's key and name, signed by it.
    cross: CertificateDer<'static>,
    retired: bool,
}

/// Which CA issued a device's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The present one.
    Present,
    /// The one before it, which still counts: the certificate wants to be renewed soon.
    Former,
    /// The one before it, which counts no more.
    Retired,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// Reads the CA of a data folder, or makes it when there is none: `ca.key` (0600) and `ca.crt`; after a rotation the
    /// files that `ca.json` names.
    ///
    /// # Errors
    /// When a file cannot be read or written, a key is missing or is none of ours.
    pub fn open(folder: &Path) -> Result<Authority, Error> {
        let ring = Ring::read(folder)?;
        let key = match ring.before() {
            None => files::key_of(&ring::key_file(folder, ring.present))?,
            // Never made anew: no agent would know it.
            Some(_) => files::stored_key(&ring::key_file(folder, ring.present))?,
        };
        let pin = pin_of(&key);
        let params = authority_params();
        let file = ring::certificate_file(folder, ring.present);
        let certificate = files::certificate_of(&file, &key, || params.self_signed(&key))?;
        let before = match ring.before() {
            None => None,
            Some(before) => Some(Before {
                certificate: files::stored_certificate(&ring::certificate_file(folder, before))?,
                cross: files::stored_certificate(&ring::cross_file(folder, ring.present))?,
                retired: ring.retired.is_some(),
            }),
        };
        Ok(Authority { certificate, issuer: Issuer::new(params, key), pin, before })
    }

    /// SHA-256 of the CA's SubjectPublicKeyInfo: what enrolment codes carry.
    pub fn pin(&self) -> [u8; 32] {
        self.pin
    }

    /// The CA certificate, DER.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Which CA issued a certificate that the handshake let pass; `None`: neither did.
    pub fn standing(&self, leaf: &[u8]) -> Option<Standing> {
        if is_signed_by(leaf, &self.certificate) {
            return Some(Standing::Present);
        }
        let before = self.before.as_ref().filter(|one| is_signed_by(leaf, &one.certificate))?;
        Some(if before.retired { Standing::Retired } else { Standing::Former })
    }

    /// What the collector shows beside its leaf: whoever knows the present CA or the one before it finds it there.
    fn chain(&self) -> Vec<CertificateDer<'static>> {
        let before = self.before.iter();
        let before = before.flat_map(|one| [one.cross.clone(), one.certificate.clone()]);
        before.chain([self.certificate.clone()]).collect()
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

    /// A fresh leaf for the agent listener with what is shown beside it, and the leaf's key.
    pub(super) fn listener_chain(
        &self,
        names: &[String],
    ) -> Result<(Vec<CertificateDer<'static>>, KeyPair), Error> {
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
        Ok((std::iter::once(leaf.der().clone()).chain(self.chain()).collect(), key))
    }

    /// TLS settings of the agent listener, reachable under these names and addresses.
    ///
    /// # Errors
    /// When a name does not fit into a certificate.
    pub fn listener_tls(&self, names: &[String]) -> Result<rustls::ServerConfig, Error> {
        let (chain, key) = self.listener_chain(names)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let before = self.before.as_ref().map(|one| &one.certificate);
        // Also those of a CA that is retired: every call tells them what to do, and nothing else.
        let roots: Vec<_> = std::iter::once(&self.certificate).chain(before).cloned().collect();
        let clients = verifier::clients_of(&roots, &provider)?;
        let mut settings = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(clients)
            .with_single_cert(chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into())?;
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

/// Whether a certificate carries the signature of that CA.
fn is_signed_by(der: &[u8], authority: &[u8]) -> bool {
    let parse = |der| x509_parser::parse_x509_certificate(der).map(|(_, parsed)| parsed);
    let (Ok(leaf), Ok(authority)) = (parse(der), parse(authority)) else { return false };
    leaf.verify_signature(Some(authority.public_key())).is_ok()
}

/// SHA-256 of a key's SubjectPublicKeyInfo.
pub(super) fn pin_of(key: &KeyPair) -> [u8; 32] {
    Sha256::digest(key.subject_public_key_info()).into()
}

/// All CAs of a collector have one name, as for the rollover of a key in RFC 4210.
pub(super) fn authority_params() -> CertificateParams {
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
