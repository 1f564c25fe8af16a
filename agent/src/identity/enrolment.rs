//! Enrolment: spends a code and brings back an identity.
//!
//! The key is kept before the code is spent, so that a lost answer costs nothing: the same code with the same key
//! brings the same certificate.

use atalaya_proto::code::{BadCode, EnrolmentCode};
use atalaya_proto::v1::enrolment_client::EnrolmentClient;
use atalaya_proto::v1::{ChallengeRequest, DeviceHints, EnrolRequest};
use atalaya_proto::{PROTOCOL_MAX, PROTOCOL_MIN, limits};
use atalaya_reading::bounds;
use data_encoding::{BASE64, HEXLOWER};
use rcgen::{CertificateParams, KeyPair, SigningKey};
use ring::digest;
use serde::{Deserialize, Serialize};
use tonic::{Code, Status};

use super::tls::{self, ConnectError, Peer};
use super::{Identity, IdentityError, Store};
use crate::machine::Hints;

const PENDING: &str = "enrolment.json";

/// How it went.
#[derive(Debug)]
pub struct Enrolled {
    /// The identity, already kept.
    pub identity: Identity,
    /// Whether a technician has approved it; `None` when this PC was enrolled with this code already.
    pub approved: Option<bool>,
}

/// Why there is no identity; the text is Spanish, for the person enrolling.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is what its message says")]
pub enum EnrolError {
    #[error(transparent)]
    Code(#[from] BadCode),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(
        "este equipo ya está dado de alta en {collector} como {device_id}; para darlo de alta de nuevo use «enroll --force CÓDIGO»"
    )]
    Already { collector: String, device_id: String },
    #[error("el colector rechazó el código: {0}")]
    Spent(String),
    #[error(
        "el colector habla otra versión del protocolo ({0}); actualice el agente o el colector"
    )]
    Protocol(String),
    #[error("el colector está ocupado ({0}); intente de nuevo en un minuto con el mismo código")]
    Busy(String),
    #[error(
        "el colector no completó el alta ({0}); intente de nuevo con el mismo código en los próximos 10 minutos"
    )]
    Failed(String),
    #[error("no se pudo preparar la llave: {0}")]
    Key(String),
}

/// The key of an enrolment that has not been answered yet.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pending {
    code_hash: String,
    key: String,
}

/// Enrols. `force`: also when this PC has an identity, which is replaced only once the new one is there.
///
/// # Errors
/// One variant per cause. The secret is not sent unless the collector proved to be the code's.
pub async fn enrol(
    store: &Store,
    code: &str,
    hints: Hints,
    force: bool,
) -> Result<Enrolled, EnrolError> {
    let code = EnrolmentCode::parse(code)?;
    let code_hash = HEXLOWER.encode(sha256(&code.secret).as_ref());
    match store.current() {
        Ok(identity) if !force && identity.code_hash != code_hash => {
            let Identity { collector, device_id, .. } = identity;
            return Err(EnrolError::Already { collector, device_id });
        }
        Ok(identity) if identity.code_hash == code_hash => {
            return Ok(Enrolled { identity, approved: None });
        }
        Err(error @ IdentityError::Unreadable { .. }) => return Err(error.into()),
        Err(error) if !force && !matches!(error, IdentityError::Missing) => {
            return Err(error.into());
        }
        _ => {}
    }
    let key = store.enrolment_key(&code_hash)?;
    let peer = Peer { address: &code.address, ca_pin: code.ca_pin, ca: None, client: None };
    let mut client = EnrolmentClient::new(tls::connect(peer).await?)
        .max_decoding_message_size(limits::MESSAGE_BYTES);
    let versions = ChallengeRequest { protocol_min: PROTOCOL_MIN, protocol_max: PROTOCOL_MAX };
    let nonce = client.challenge(versions).await.map_err(challenge_refused)?.into_inner().nonce;
    let request = request(&code, &key, nonce, hints)?;
    let reply = client.enrol(request).await.map_err(enrol_refused)?.into_inner();
    let identity = Identity {
        device_id: bounds::text(&reply.device_id, limits::VERSION),
        collector: code.address,
        others: Vec::new(),
        ca_pin: super::told_pin(&reply.ca_certificate, &HEXLOWER.encode(&code.ca_pin)),
        ca: BASE64.encode(&reply.ca_certificate),
        certificate: BASE64.encode(&reply.certificate),
        key: key.serialize_pem(),
        generation: 1,
        code_hash,
    };
    identity.check()?;
    store.put_current(&identity)?;
    store.remove(PENDING)?;
    Ok(Enrolled { identity, approved: Some(reply.approved) })
}

impl Store {
    /// The key to enrol with: the one already used with this code, else a new one, kept first.
    fn enrolment_key(&self, code_hash: &str) -> Result<KeyPair, EnrolError> {
        let pending: Option<Pending> = self.read(PENDING).unwrap_or_else(|error| {
            tracing::warn!(%error, "a damaged enrolment attempt is given up");
            None
        });
        if let Some(pending) = pending.filter(|pending| pending.code_hash == code_hash)
            && let Ok(key) = KeyPair::from_pem(&pending.key)
        {
            return Ok(key);
        }
        let key = KeyPair::generate().map_err(|error| EnrolError::Key(error.to_string()))?;
        self.write(PENDING, &Pending { code_hash: code_hash.into(), key: key.serialize_pem() })?;
        Ok(key)
    }
}

fn request(
    code: &EnrolmentCode,
    key: &KeyPair,
    nonce: Vec<u8>,
    hints: Hints,
) -> Result<EnrolRequest, EnrolError> {
    let csr = csr(key).map_err(|error| EnrolError::Key(error.to_string()))?;
    let mut signed = nonce.clone();
    signed.extend_from_slice(sha256(&csr).as_ref());
    let proof = key.sign(&signed).map_err(|error| EnrolError::Key(error.to_string()))?;
    let hint = |text: &str| bounds::text(text, limits::HINT);
    let hints = DeviceHints {
        hostname: bounds::text(&hints.hostname, limits::HOSTNAME),
        os: hint(&hints.os),
        machine_id: bounds::text(&hints.machine_id, 128),
        manufacturer: hint(&hints.manufacturer),
        model: hint(&hints.model),
        serial: hint(&hints.serial),
        agent_version: crate::version::version().into(),
    };
    Ok(EnrolRequest { secret: code.secret.to_vec(), csr, nonce, proof, hints: Some(hints) })
}

/// A certificate request for a key; the collector chooses all names.
pub(super) fn csr(key: &KeyPair) -> Result<Vec<u8>, rcgen::Error> {
    Ok(CertificateParams::default().serialize_request(key)?.der().to_vec())
}

fn sha256(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA256, bytes)
}

fn challenge_refused(status: Status) -> EnrolError {
    match status.code() {
        Code::FailedPrecondition | Code::Unimplemented | Code::OutOfRange => {
            EnrolError::Protocol(said(&status))
        }
        _ => enrol_refused(status),
    }
}

fn enrol_refused(status: Status) -> EnrolError {
    let said = said(&status);
    match status.code() {
        Code::PermissionDenied | Code::Unauthenticated | Code::NotFound | Code::AlreadyExists => {
            EnrolError::Spent(said)
        }
        Code::ResourceExhausted => EnrolError::Busy(said),
        _ => EnrolError::Failed(said),
    }
}

/// The collector's own words, bounded; else the name of the code.
fn said(status: &Status) -> String {
    let message = bounds::text(status.message(), 300);
    if message.is_empty() { status.code().description().into() } else { message }
}
