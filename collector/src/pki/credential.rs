//! What a verified client certificate says.

use data_encoding::HEXLOWER;
use jiff::{SignedDuration, Timestamp};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::verifier::LATE_DAYS;
use super::{Authority, Standing};
use crate::domain::id::DeviceId;

/// The names in a device's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Whose.
    pub device: DeviceId,
    /// Serial number, lower-case hexadecimal.
    pub serial: String,
    /// End of validity; it may be in the past.
    pub not_after: Timestamp,
    /// Which CA issued it.
    pub standing: Standing,
}

impl Credential {
    /// Reads a certificate that the TLS handshake has verified; `None` when it names no device or is of no CA of ours.
    pub fn read(der: &[u8], authority: &Authority) -> Option<Credential> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let names = certificate.subject_alternative_name().ok()??;
        let device = names.value.general_names.iter().find_map(|name| match name {
            GeneralName::URI(uri) => super::authority::device_of(uri),
            _ => None,
        })?;
        let not_after = certificate.validity().not_after.timestamp();
        Some(Credential {
            device,
            serial: HEXLOWER.encode(&serial_bytes(certificate.raw_serial())?),
            not_after: Timestamp::from_second(not_after).ok()?,
            standing: authority.standing(der)?,
        })
    }
}

/// Whether a certificate expired too long ago even for a renewal.
pub fn is_too_late(not_after: Timestamp, now: Timestamp) -> bool {
    let late = i64::try_from(LATE_DAYS).unwrap_or(0);
    not_after + SignedDuration::from_hours(24 * late) < now
}

/// The 16 bytes we gave; DER drops leading zeros and adds one before a high bit.
fn serial_bytes(raw: &[u8]) -> Option<[u8; 16]> {
    let digits = raw.iter().position(|byte| *byte != 0).map_or(&raw[..0], |first| &raw[first..]);
    let mut bytes = [0; 16];
    bytes.get_mut(16_usize.checked_sub(digits.len())?..)?.copy_from_slice(digits);
    Some(bytes)
}
