//! Random secrets for links, sessions and tokens. Only their hash is kept; the text is shown once.

use std::fmt;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

/// A secret as it is handed out. It is never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// The system gave no randomness.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the system gives no random numbers: nothing secret can be made")]
pub struct NoRandomness;

impl Secret {
    /// 256 random bits.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn fresh() -> Result<Secret, NoRandomness> {
        let mut bytes = [0_u8; 32];
        SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Secret(BASE64URL_NOPAD.encode(&bytes)))
    }

    /// A secret that somebody presents.
    pub fn presented(text: &str) -> Secret {
        Secret(text.to_owned())
    }

    /// The text to hand out.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it: SHA-256, lower-case hexadecimal. No salt: it has 256 bits of its own.
    pub fn hash(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.0.as_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed_and_its_hash_is_found_again() {
        let secret = Secret::fresh().unwrap();
        assert!(!format!("{secret:?}").contains(secret.expose()));
        assert_eq!(secret.hash(), Secret::presented(secret.expose()).hash());
        assert_ne!(secret, Secret::fresh().unwrap());
    }
}
