//! The account that Windows gives a service of its own, `NT SERVICE\NAME`, computed as Windows does. Pure.

/// Its SID.
pub fn service_sid(service: &str) -> String {
    let name: Vec<u8> = service.to_uppercase().encode_utf16().flat_map(u16::to_le_bytes).collect();
    // Not a matter of secrecy: the form of the SID demands this hash.
    let hash = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, &name);
    let number = |bytes: &[u8]| {
        let number = bytes.iter().rev().fold(0u32, |number, byte| number << 8 | u32::from(*byte));
        format!("-{number}")
    };
    "S-1-5-80".to_string() + &hash.as_ref().chunks(4).map(number).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_installer_of_windows_has_the_sid_everybody_knows() {
        let known = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";
        assert_eq!(service_sid("TrustedInstaller"), known);
        assert_eq!(service_sid("trustedinstaller"), known);
    }
}
