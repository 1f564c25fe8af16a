//! Which CA counts: the present one, and the one it took the place of. `ca.json` says so and is written last, so that a
//! rotation that was cut short did not happen. Never more than two; without the file there is the first and no other.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rcgen::{Issuer, KeyPair};
use serde::{Deserialize, Serialize};

use super::authority::{authority_params, pin_of};
use super::{Error, files};

/// The CAs of a data folder by number; the first is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ring {
    /// The one that issues.
    pub present: u32,
    /// The one before it, while its certificates still count.
    pub former: Option<u32>,
    /// The one before it, once they count no more.
    pub retired: Option<u32>,
}

impl Ring {
    /// The ring of a data folder.
    ///
    /// # Errors
    /// When `ca.json` is damaged, and when it is missing although there was a rotation.
    pub fn read(folder: &Path) -> Result<Ring, Error> {
        let file = ring_file(folder);
        let failed = |cause| Error::File { file: file.clone(), cause };
        match std::fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| failed(error.into())),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // The first key goes when it is retired: without it and the file, a new CA would be made in silence.
                if key_file(folder, 2).exists() && !key_file(folder, 1).exists() {
                    return Err(failed(error));
                }
                Ok(Ring { present: 1, former: None, retired: None })
            }
            Err(cause) => Err(failed(cause)),
        }
    }

    /// The CA before the present one, retired or not.
    pub fn before(&self) -> Option<u32> {
        self.former.or(self.retired)
    }

    fn write(self, folder: &Path) -> Result<(), Error> {
        let file = ring_file(folder);
        let text = serde_json::to_vec(&self)
            .map_err(|error| Error::File { file: file.clone(), cause: error.into() })?;
        files::replace(&file, &text)
    }

    /// SHA-256 of a CA's SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// When its key cannot be read; that of a retired one is gone.
    pub fn pin(folder: &Path, number: u32) -> Result<[u8; 32], Error> {
        Ok(pin_of(&files::stored_key(&key_file(folder, number))?))
    }

    /// Makes the next CA, certified by the present one, and puts it in its place.
    ///
    /// # Errors
    /// [`Error::Overlap`] while the last rotation has not ended, and when a file cannot be read or written.
    pub fn rotate(folder: &Path) -> Result<Ring, Error> {
        let ring = Ring::read(folder)?;
        if ring.former.is_some() {
            return Err(Error::Overlap);
        }
        let old = files::stored_key(&key_file(folder, ring.present))?;
        let present = ring.present + 1;
        let key = files::key_of(&key_file(folder, present))?;
        let params = authority_params();
        files::certificate_of(&certificate_file(folder, present), &key, || {
            params.self_signed(&key)
        })?;
        cross(folder, present, &key, old)?;
        let ring = Ring { present, former: Some(ring.present), retired: None };
        ring.write(folder)?;
        Ok(ring)
    }

    /// Ends the CA before the present one; its key goes. Safe to repeat.
    ///
    /// # Errors
    /// [`Error::NoOverlap`] when there is none, and when a file cannot be written.
    pub fn retire(folder: &Path) -> Result<Ring, Error> {
        let ring = Ring::read(folder)?;
        let before = ring.before().ok_or(Error::NoOverlap)?;
        let ring = Ring { former: None, retired: Some(before), ..ring };
        ring.write(folder)?;
        let file = key_file(folder, before);
        match std::fs::remove_file(&file) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => Err(Error::File { file, cause }),
            _ => Ok(ring),
        }
    }

    /// The files without which the CA is lost.
    pub fn files(self, folder: &Path) -> Vec<PathBuf> {
        let mut files = vec![key_file(folder, self.present)];
        files.extend(self.former.map(|former| key_file(folder, former)));
        if let Some(before) = self.before() {
            files.push(certificate_file(folder, before));
            files.push(cross_file(folder, self.present));
            files.push(ring_file(folder));
        }
        files
    }
}

/// Certifies the next CA by the present one.
fn cross(folder: &Path, present: u32, key: &KeyPair, old: KeyPair) -> Result<(), Error> {
    let params = authority_params();
    let issuer = Issuer::new(authority_params(), old);
    files::certificate_of(&cross_file(folder, present), key, || params.signed_by(key, &issuer))?;
    Ok(())
}

fn ring_file(folder: &Path) -> PathBuf {
    folder.join("ca.json")
}

/// Where the private key of a CA is.
pub(super) fn key_file(folder: &Path, number: u32) -> PathBuf {
    folder.join(name(number, "key"))
}

/// Where the certificate of a CA is that it signed itself.
pub(super) fn certificate_file(folder: &Path, number: u32) -> PathBuf {
    folder.join(name(number, "crt"))
}

/// Where the certificate of a CA is that the one before it signed.
pub(super) fn cross_file(folder: &Path, number: u32) -> PathBuf {
    folder.join(name(number, "cross.crt"))
}

fn name(number: u32, kind: &str) -> String {
    if number == 1 { format!("ca.{kind}") } else { format!("ca-{number}.{kind}") }
}

#[cfg(test)]
mod tests;
