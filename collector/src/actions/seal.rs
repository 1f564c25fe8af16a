//! The key secrets of second factors are sealed with: a file of the data folder, never in the database, so that a
//! stolen copy of the database opens nothing.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

/// Name of the file in the data folder.
pub const FILE: &str = "seal.key";
/// Bytes of the key.
const KEY: usize = 32;

/// Seals and opens.
pub struct Seal(LessSafeKey);

/// Why something could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key file cannot be used.
    #[error(
        "{file}: {cause}; tiene la llave de los segundos factores: devuélvala de su respaldo o, si se perdió, bórrela y que cada persona lo registre de nuevo"
    )]
    File {
        /// Path.
        file: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// It was sealed with another key, for somebody else, or changed.
    #[error("a sealed secret does not open with this key")]
    Foreign,
    /// The system gives no randomness.
    #[error("the system gives no random numbers")]
    NoRandomness,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(…)")
    }
}

impl Seal {
    /// Reads the key of a data folder; makes it when there is none.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds no key.
    pub fn open(folder: &Path) -> Result<Seal, Error> {
        let file = folder.join(FILE);
        let failed = |cause| Error::File { file: file.display().to_string(), cause };
        let bytes = match std::fs::read(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                make(&file, folder)?.map_err(failed)?;
                // Whoever was first made it; a second process reads that one's.
                std::fs::read(&file).map_err(failed)?
            }
            read => read.map_err(failed)?,
        };
        let damaged = || failed(std::io::Error::other("no es una llave"));
        if bytes.len() != KEY {
            return Err(damaged());
        }
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).map_err(|_| damaged())?;
        Ok(Seal(LessSafeKey::new(key)))
    }

    /// Seals a secret for somebody: it opens for the same `whose` only.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn seal(&self, whose: &str, secret: &[u8]) -> Result<String, Error> {
        let mut nonce = [0_u8; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| Error::NoRandomness)?;
        let mut sealed = secret.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(whose),
                &mut sealed,
            )
            .map_err(|_| Error::NoRandomness)?;
        Ok(BASE64URL_NOPAD.encode(&[&nonce[..], &sealed].concat()))
    }

    /// Opens what was sealed for `whose`.
    ///
    /// # Errors
    /// [`Error::Foreign`].
    pub fn unseal(&self, whose: &str, sealed: &str) -> Result<Vec<u8>, Error> {
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).map_err(|_| Error::Foreign)?;
        let (nonce, body) = bytes.split_at_checked(NONCE_LEN).ok_or(Error::Foreign)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Error::Foreign)?;
        let mut body = body.to_vec();
        let opened = self.0.open_in_place(nonce, Aad::from(whose), &mut body);
        opened.map(|secret| secret.to_vec()).map_err(|_| Error::Foreign)
    }
}

/// Puts a whole key in place, on disk, unless one is there already.
fn make(file: &Path, folder: &Path) -> Result<std::io::Result<()>, Error> {
    let mut key = [0_u8; KEY];
    SystemRandom::new().fill(&mut key).map_err(|_| Error::NoRandomness)?;
    let draft = file.with_extension(format!("new-{}", std::process::id()));
    let place = || {
        let mut open = std::fs::OpenOptions::new();
        let mut out = open.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        out.write_all(&key)?;
        out.sync_all()?;
        match std::fs::hard_link(&draft, file) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        std::fs::remove_file(&draft)?;
        std::fs::File::open(folder)?.sync_all()
    };
    Ok(place())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_sealed_opens_for_its_owner_with_the_same_key_only() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = Seal::open(folder.path()).unwrap().seal("ana", b"secreto").unwrap();
        let again = Seal::open(folder.path()).unwrap();
        assert_eq!(again.unseal("ana", &sealed).unwrap(), b"secreto");
        assert!(again.unseal("luis", &sealed).is_err());
        assert!(again.unseal("ana", "AAAA").is_err());
        let other = tempfile::tempdir().unwrap();
        assert!(Seal::open(other.path()).unwrap().unseal("ana", &sealed).is_err());
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!format!("{again:?}").contains("secreto"));
    }

    #[test]
    fn a_damaged_key_is_refused_with_the_remedy_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), b"corta").unwrap();
        let refused = Seal::open(folder.path()).unwrap_err().to_string();
        assert!(refused.contains(FILE) && refused.contains("respaldo"), "{refused}");
        assert_eq!(std::fs::read(folder.path().join(FILE)).unwrap(), b"corta");
    }
}
