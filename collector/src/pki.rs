//! The collector's own certificate authority: it names agents to the collector and the collector to agents.
//!
//! It opens nothing on the web side. The CA's private key never leaves the data folder and is never logged.

mod authority;
mod credential;
mod files;
mod request;
mod ring;
mod verifier;

pub use authority::{Authority, CERTIFICATE_DAYS, Standing};
pub use credential::{Credential, is_too_late};
pub use request::{Request, RequestError};
pub use ring::Ring;
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
    /// A rotation has not ended.
    #[error(
        "el relevo anterior no ha terminado: espere a que los equipos renueven y ejecute antes \
         `ca retire`"
    )]
    Overlap,
    /// There is no CA to retire.
    #[error("no hay autoridad anterior que retirar: `ca rotate` empieza un relevo")]
    NoOverlap,
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
