//! The collector's own certificate authority: it names agents to the collector and the collector to agents.
//!
//! It opens nothing on the web side. The CA's private key never leaves the data folder and is never logged.

mod authority;
mod credential;
mod request;
mod verifier;

pub use authority::{Authority, CERTIFICATE_DAYS};
pub use credential::{Credential, is_too_late};
pub use request::{Request, RequestError};
pub use verifier::LATE_DAYS;

use std::path::PathBuf;

/// Why the certificate authority cannot be used. For whoever starts the collector.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the data folder.
    #[error("{}: {cause}", .file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why, by the system.
        cause: std::io::Error,
    },
    /// The stored key is not one of ours.
    #[error(
        "{} no es la clave de la autoridad de Atalaya ({cause}); recupérela del respaldo: con otra \
         clave, ningún equipo dado de alta reconocería al colector",
        .file.display()
    )]
    Key {
        /// The file.
        file: PathBuf,
        /// What the parser said.
        cause: rcgen::Error,
    },
    /// A name agents should know the collector by is no name.
    #[error("«{name}» no es un nombre ni una dirección que quepa en un certificado")]
    Name {
        /// The name.
        name: String,
    },
    /// Signing failed.
    #[error("certificado: {0}")]
    Signing(#[from] rcgen::Error),
    /// The TLS library refused what we made.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The verifier of client certificates could not be built.
    #[error("TLS: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}
