//! Who this agent is: its key, its certificate, the collector it belongs to, and where they are kept.
//!
//! The key never leaves this PC and is never logged. Enrolment makes an identity, renewal replaces its key.

pub mod enrolment;
mod lineage;
pub mod renewal;
pub mod tls;

use std::fs;
use std::io;
use std::path::PathBuf;

use atalaya_proto::limits;
use data_encoding::{BASE64, HEXLOWER};
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::state::{StateDir, write_atomically};
pub use lineage::Lineage;
use tls::{Peer, pin_of};

/// What every certificate of a device is named by.
const DEVICE_URI: &str = "urn:atalaya:device:";

/// An identity: one file, so that key and certificate are never of different generations.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// UUID the collector chose.
    pub device_id: String,
    /// `host:port` of the collector.
    pub collector: String,
    /// Where else the collector says it answers; tried when `collector` does not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// SHA-256 of the CA's SubjectPublicKeyInfo, hexadecimal.
    pub ca_pin: String,
    /// The CA, DER in base64.
    ca: String,
    /// Our certificate, DER in base64.
    certificate: String,
    /// PKCS#8, PEM.
    key: String,
    /// Counts renewals; enrolment is 1.
    pub generation: u32,
    /// SHA-256 of the code's secret, hexadecimal: tells the same code from another without keeping it.
    pub code_hash: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("device_id", &self.device_id)
            .field("collector", &self.collector)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// What is wrong with an identity; the text is Spanish, for people.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// This PC was never enrolled.
    #[error("este equipo no está dado de alta: ejecute «atalaya-agent enroll CÓDIGO»")]
    Missing,
    /// The file is there and cannot be read.
    #[error("no se puede leer {file}: {cause}; ejecute como administrador o revise los permisos")]
    Unreadable {
        /// Its path.
        file: String,
        /// Why.
        cause: io::Error,
    },
    /// The file could not be written.
    #[error(
        "no se puede escribir {file}: {cause}; revise el espacio y los permisos de la carpeta de estado"
    )]
    Unwritable {
        /// Its path.
        file: String,
        /// Why.
        cause: io::Error,
    },
    /// The file is damaged, or the collector sent what does not fit our key.
    #[error(
        "{what}: {why}; dé de alta el equipo otra vez con «atalaya-agent enroll --force CÓDIGO»"
    )]
    Damaged {
        /// The file or message.
        what: String,
        /// What is wrong.
        why: String,
    },
}

/// When a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// From here.
    pub from: Timestamp,
    /// To here.
    pub to: Timestamp,
}

impl Validity {
    /// When a fresh key is due.
    pub fn half_life(&self) -> Timestamp {
        let half = SignedDuration::from_secs((self.to.as_second() - self.from.as_second()) / 2);
        self.from.checked_add(half).unwrap_or(self.from)
    }
}

impl Identity {
    fn certificate_der(&self) -> Result<CertificateDer<'static>, IdentityError> {
        let der = BASE64.decode(self.certificate.as_bytes());
        Ok(der.map_err(|error| damaged("el certificado", error))?.into())
    }

    /// When the certificate is valid.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn validity(&self) -> Result<Validity, IdentityError> {
        let der = self.certificate_der()?;
        let (_, parsed) =
            X509Certificate::from_der(&der).map_err(|error| damaged("el certificado", error))?;
        let instant = |seconds| {
            Timestamp::from_second(seconds).map_err(|error| damaged("el certificado", error))
        };
        let validity = parsed.validity();
        Ok(Validity {
            from: instant(validity.not_before.timestamp())?,
            to: instant(validity.not_after.timestamp())?,
        })
    }

    /// The collector, with this identity as the caller.
    ///
    /// # Errors
    /// When the identity is damaged.
    pub fn peer(&self) -> Result<Peer<'_>, IdentityError> {
        let pin = HEXLOWER.decode(self.ca_pin.as_bytes()).ok().and_then(|pin| pin.try_into().ok());
        let ca =
            BASE64.decode(self.ca.as_bytes()).map_err(|error| damaged("la autoridad", error))?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes())
            .map_err(|error| damaged("la llave", error))?;
        Ok(Peer {
            address: &self.collector,
            ca_pin: pin.ok_or_else(|| damaged("la huella de la autoridad", "no es una huella"))?,
            ca: Some(ca.into()),
            client: Some((self.certificate_der()?, key)),
        })
    }

    /// This identity with each address it may reach the collector at, the one that worked last first.
    pub fn at_each_address(&self) -> Vec<Identity> {
        let all = std::iter::once(&self.collector).chain(&self.others);
        all.map(|address| Identity {
            collector: address.clone(),
            others: std::iter::once(&self.collector)
                .chain(&self.others)
                .filter(|other| *other != address)
                .cloned()
                .collect(),
            ..self.clone()
        })
        .collect()
    }

    /// This identity after a collector that answered at `address` told of these: what answered is known, what it no longer
    /// tells of is forgotten. Nonsense is passed over; told of nothing, nothing is forgotten.
    pub fn with_addresses(&self, address: &str, told: &[String]) -> Identity {
        let before = std::iter::once(&self.collector).chain(&self.others).cloned();
        let told: Vec<String> =
            told.iter().filter(|one| is_address(one)).take(limits::ADDRESSES).cloned().collect();
        let others: Vec<String> = if told.is_empty() { before.collect() } else { told };
        let others = others.into_iter().filter(|other| other != address).collect();
        Identity { collector: address.to_owned(), others, ..self.clone() }
    }

    /// Sees that a certificate the collector sent is for our key and device, and that its CA is one.
    fn check(&self) -> Result<(), IdentityError> {
        let what = "la respuesta del colector";
        let peer = self.peer()?;
        if peer.ca.as_ref().and_then(pin_of) != Some(peer.ca_pin) {
            return Err(damaged(what, "su autoridad no es un certificado"));
        }
        let der = self.certificate_der()?;
        let (_, leaf) = X509Certificate::from_der(&der).map_err(|error| damaged(what, error))?;
        let key =
            rcgen::KeyPair::from_pem(&self.key).map_err(|error| damaged("la llave", error))?;
        if leaf.public_key().subject_public_key.data.as_ref() != key.public_key_raw() {
            return Err(damaged(what, "el certificado no es de nuestra llave"));
        }
        let expected = format!("{DEVICE_URI}{}", self.device_id);
        let names = leaf.subject_alternative_name().ok().flatten();
        let named = names.is_some_and(|names| {
            names
                .value
                .general_names
                .iter()
                .any(|name| matches!(name, GeneralName::URI(uri) if *uri == expected))
        });
        if named { Ok(()) } else { Err(damaged(what, "el certificado no nombra a este equipo")) }
    }

    /// This identity with a fresh certificate and its key.
    fn renewed(&self, certificate: &[u8], ca: &[u8], key: String, generation: u32) -> Identity {
        let ca_pin = told_pin(ca, &self.ca_pin);
        let (certificate, ca) = (BASE64.encode(certificate), BASE64.encode(ca));
        Identity { certificate, ca, ca_pin, key, generation, ..self.clone() }
    }
}

/// The pin of a CA that the collector told of over a connection verified by `known`; what is no certificate has none, and
/// [`Identity::check`] refuses it.
fn told_pin(ca: &[u8], known: &str) -> String {
    let told = pin_of(&CertificateDer::from(ca)).map(|pin| HEXLOWER.encode(&pin));
    if told.as_ref().is_some_and(|told| told != known) {
        tracing::info!("the collector has a new certificate authority");
    }
    told.unwrap_or_else(|| known.to_owned())
}

fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let plain = host.chars().all(|one| one.is_ascii_alphanumeric() || ".-:[]".contains(one));
    !host.is_empty()
        && plain
        && text.len() <= limits::ADDRESS
        && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn damaged(what: &str, why: impl ToString) -> IdentityError {
    IdentityError::Damaged { what: what.into(), why: why.to_string() }
}

/// The files an identity is kept in.
#[derive(Debug, Clone)]
pub struct Store {
    state: StateDir,
}

impl Store {
    /// The identity in this folder, if there is one.
    pub fn new(state: &StateDir) -> Store {
        Store { state: state.clone() }
    }

    /// The identity in use.
    ///
    /// # Errors
    /// [`IdentityError::Missing`] before enrolment; else when it cannot be read.
    pub fn current(&self) -> Result<Identity, IdentityError> {
        self.read("identity.json")?.ok_or(IdentityError::Missing)
    }

    /// The next generation, between its issue and its confirmation.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn next(&self) -> Result<Option<Identity>, IdentityError> {
        self.read("identity-next.json")
    }

    /// Puts an identity in use in the place of any other.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn put_current(&self, identity: &Identity) -> Result<(), IdentityError> {
        self.discard_next()?;
        self.write("identity.json", identity)
    }

    /// Notes where the collector answers; the rest of the identity in use stays as it is.
    ///
    /// # Errors
    /// When there is none, or the disk refuses.
    pub fn note_addresses(&self, address: &str, told: &[String]) -> Result<(), IdentityError> {
        let current = self.current()?;
        let noted = current.with_addresses(address, told);
        if noted == current {
            return Ok(());
        }
        tracing::info!(collector = noted.collector, others = ?noted.others, "addresses of the collector");
        self.write("identity.json", &noted)
    }

    /// Keeps the next generation beside the one in use.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn put_next(&self, identity: &Identity) -> Result<(), IdentityError> {
        self.write("identity-next.json", identity)
    }

    /// The next generation takes the place of the one in use, in one step.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn promote_next(&self) -> Result<(), IdentityError> {
        let (next, current) =
            (self.state.file("identity-next.json"), self.state.file("identity.json"));
        fs::rename(&next, &current)
            .and_then(|()| crate::state::sync_directory(self.state.path()))
            .map_err(|cause| IdentityError::Unwritable {
                file: current.display().to_string(),
                cause,
            })
    }

    /// Gives the next generation up.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn discard_next(&self) -> Result<(), IdentityError> {
        self.remove("identity-next.json")
    }

    /// Paths of the files that are there and hold secrets.
    pub fn secret_files(&self) -> Vec<PathBuf> {
        let names = ["identity.json", "identity-next.json", "enrolment.json"];
        names.into_iter().map(|name| self.state.file(name)).filter(|file| file.exists()).collect()
    }

    fn remove(&self, name: &str) -> Result<(), IdentityError> {
        let file = self.state.file(name);
        match fs::remove_file(&file) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                Err(IdentityError::Unwritable { file: file.display().to_string(), cause })
            }
            _ => Ok(()),
        }
    }

    fn read<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Result<Option<T>, IdentityError> {
        let path = self.state.file(name);
        let file = path.display().to_string();
        let text = match fs::read_to_string(path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(IdentityError::Unreadable { file, cause }),
            Ok(text) => text,
        };
        // The parser's own message could quote the key.
        serde_json::from_str(&text).map(Some).map_err(|error| {
            damaged(&file, format!("contenido dañado en la línea {}", error.line()))
        })
    }

    fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<(), IdentityError> {
        let path = self.state.file(name);
        let text = serde_json::to_string_pretty(value).map_err(|error| damaged(name, error))?;
        crate::state::create_private_directory(self.state.path())
            .and_then(|()| write_atomically(&path, text.as_bytes()))
            .map_err(|cause| IdentityError::Unwritable { file: path.display().to_string(), cause })
    }
}
