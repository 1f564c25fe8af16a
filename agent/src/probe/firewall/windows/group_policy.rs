//! What group policy says of the firewall's profiles, from the registry, where policies are written.

use windows_registry::{Key, LOCAL_MACHINE};

use super::super::profiles::PolicyValues;

const PATH: &str = r"SOFTWARE\Policies\Microsoft\WindowsFirewall";
/// `ERROR_FILE_NOT_FOUND` as a result code: not configured.
const ABSENT: i32 = 0x8007_0002_u32 as i32;

/// Values for a profile, `domain`, `private` or `public`; `None`: they could not be read.
pub fn values(profile: &str) -> Option<PolicyValues> {
    // Before Windows Vista one profile stood for every network but the domain's; its key still counts.
    match profile {
        "domain" => of_key("DomainProfile"),
        "private" => Some(of_key("PrivateProfile")?.or(of_key("StandardProfile")?)),
        _ => Some(of_key("PublicProfile")?.or(of_key("StandardProfile")?)),
    }
}

fn of_key(name: &str) -> Option<PolicyValues> {
    match LOCAL_MACHINE.open(format!(r"{PATH}\{name}")) {
        Ok(key) => Some(PolicyValues {
            enabled: value(&key, "EnableFirewall")?,
            default_inbound: value(&key, "DefaultInboundAction")?,
            no_exceptions: value(&key, "DoNotAllowExceptions")?,
        }),
        Err(error) if error.code().0 == ABSENT => Some(PolicyValues::default()),
        Err(_) => None,
    }
}

/// `Some(None)`: not configured; `None`: it could not be read.
fn value(key: &Key, name: &str) -> Option<Option<u32>> {
    match key.get_u32(name) {
        Ok(value) => Some(Some(value)),
        Err(error) if error.code().0 == ABSENT => Some(None),
        Err(_) => None,
    }
}
