//! Keys and certificates of the CA on the disk: whole files or none, whatever moment the process ends at.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use rcgen::{Certificate, KeyPair, PublicKeyData};
use rustls::pki_types::CertificateDer;

use super::Error;

/// The key in a file, made when there is none.
pub fn key_of(file: &Path) -> Result<KeyPair, Error> {
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
    parse_key(file, &pem)
}

/// The key in a file, which must be there.
pub fn stored_key(file: &Path) -> Result<KeyPair, Error> {
    let failed = |cause| Error::File { file: file.to_owned(), cause };
    parse_key(file, &std::fs::read_to_string(file).map_err(failed)?)
}

fn parse_key(file: &Path, pem: &str) -> Result<KeyPair, Error> {
    KeyPair::from_pem(pem).map_err(|cause| Error::Key { file: file.to_owned(), cause })
}

/// The certificate in a file, which must be there.
pub fn stored_certificate(file: &Path) -> Result<CertificateDer<'static>, Error> {
    let failed = |cause| Error::File { file: file.to_owned(), cause };
    let damaged = || failed(std::io::Error::other("no es un certificado"));
    read_certificate(&std::fs::read(file).map_err(failed)?).ok_or_else(damaged)
}

/// The certificate in a file; a missing or foreign one is made again, for only the key matters.
pub fn certificate_of(
    file: &Path,
    key: &KeyPair,
    make: impl FnOnce() -> Result<Certificate, rcgen::Error>,
) -> Result<CertificateDer<'static>, Error> {
    let found = match std::fs::read(file) {
        Ok(pem) => read_certificate(&pem).filter(|der| certifies(der, key)),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(cause) => return Err(Error::File { file: file.to_owned(), cause }),
    };
    if let Some(certificate) = found {
        return Ok(certificate);
    }
    let made = make()?;
    write_beside(file, made.pem().as_bytes(), 0o644)?;
    Ok(made.der().clone())
}

fn read_certificate(pem: &[u8]) -> Option<CertificateDer<'static>> {
    use rustls::pki_types::pem::PemObject;
    CertificateDer::from_pem_slice(pem).ok()
}

fn certifies(der: &CertificateDer<'_>, key: &KeyPair) -> bool {
    x509_parser::parse_x509_certificate(der)
        .is_ok_and(|(_, parsed)| parsed.public_key().raw == key.subject_public_key_info())
}

/// Puts a whole file in place of any other, on disk.
pub fn replace(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    let draft = file.with_extension(format!("new-{}", std::process::id()));
    let place = || -> std::io::Result<()> {
        let mut out = std::fs::File::create(&draft)?;
        out.write_all(bytes)?;
        out.sync_all()?;
        std::fs::rename(&draft, file)?;
        file.parent().map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all())
    };
    place().map_err(|cause| Error::File { file: file.to_owned(), cause })
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
