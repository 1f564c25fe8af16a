//! The enrolment code: one string that carries the collector's address, the pin of its CA and a secret.
//!
//! `atl1.` followed by base64url of: length of the address, the address, pin, secret, CRC32C of all before.
//! The checksum tells a mistyped code from a foreign one before anything is sent.

use data_encoding::BASE64URL_NOPAD;

const PREFIX: &str = "atl1.";

/// What an enrolment code says. `Debug` hides the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode {
    /// `host:port` of the agent listener, at most 255 bytes.
    pub address: String,
    /// SHA-256 of the CA's SubjectPublicKeyInfo.
    pub ca_pin: [u8; 32],
    /// Spent on first use.
    pub secret: [u8; 32],
}

impl std::fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnrolmentCode").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Why a text is not an enrolment code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCode {
    /// It does not begin as codes do.
    #[error("no es un código de alta: debe empezar con «atl1.»")]
    Prefix,
    /// It was cut, or a character was mistyped.
    #[error("el código de alta está incompleto o mal copiado: cópielo entero, sin espacios")]
    Damaged,
}

impl EnrolmentCode {
    /// Reads a code as typed or pasted; white space around it is forgiven.
    ///
    /// # Errors
    /// [`BadCode`] says whether it is something else or damaged.
    pub fn parse(text: &str) -> Result<Self, BadCode> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(BadCode::Prefix)?;
        let bytes = BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| BadCode::Damaged)?;
        let (payload, checksum) = bytes.split_last_chunk::<4>().ok_or(BadCode::Damaged)?;
        if crc32c::crc32c(payload).to_be_bytes() != *checksum {
            return Err(BadCode::Damaged);
        }
        let (length, rest) = payload.split_first().ok_or(BadCode::Damaged)?;
        let (address, rest) =
            rest.split_at_checked(usize::from(*length)).ok_or(BadCode::Damaged)?;
        let (pin, secret) = rest.split_first_chunk::<32>().ok_or(BadCode::Damaged)?;
        Ok(EnrolmentCode {
            address: String::from_utf8(address.to_vec()).map_err(|_| BadCode::Damaged)?,
            ca_pin: *pin,
            secret: secret.try_into().map_err(|_| BadCode::Damaged)?,
        })
    }

    /// The string a technician hands over.
    pub fn encode(&self) -> String {
        let address = &self.address.as_bytes()[..self.address.len().min(255)];
        let mut payload = vec![u8::try_from(address.len()).unwrap_or(u8::MAX)];
        payload.extend_from_slice(address);
        payload.extend_from_slice(&self.ca_pin);
        payload.extend_from_slice(&self.secret);
        payload.extend_from_slice(&crc32c::crc32c(&payload).to_be_bytes());
        format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&payload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> EnrolmentCode {
        EnrolmentCode { address: "127.0.0.1:7443".into(), ca_pin: [7; 32], secret: [9; 32] }
    }

    #[test]
    fn a_code_reads_back_what_was_written() {
        let text = code().encode();
        assert_eq!(EnrolmentCode::parse(&format!("  {text}\n")), Ok(code()));
    }

    #[test]
    fn a_mistyped_a_cut_and_a_foreign_code_are_told_apart() {
        let text = code().encode();
        let mut mistyped = text.clone().into_bytes();
        mistyped[20] = if mistyped[20] == b'A' { b'B' } else { b'A' };
        let mistyped = String::from_utf8(mistyped).unwrap();
        assert_eq!(EnrolmentCode::parse(&mistyped), Err(BadCode::Damaged));
        assert_eq!(EnrolmentCode::parse(&text[..text.len() - 4]), Err(BadCode::Damaged));
        assert_eq!(EnrolmentCode::parse("hola"), Err(BadCode::Prefix));
        assert_eq!(EnrolmentCode::parse("atl1."), Err(BadCode::Damaged));
    }

    #[test]
    fn the_secret_does_not_show_in_debug_output() {
        assert!(!format!("{:?}", code()).contains("9, 9"));
    }
}
