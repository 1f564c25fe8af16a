//! The machine id of Windows, made at its installation; it is a hint, so one that is not there is no failure.

use windows_registry::LOCAL_MACHINE;

/// The machine id.
pub fn machine_id() -> Option<String> {
    let id = LOCAL_MACHINE.open(r"SOFTWARE\Microsoft\Cryptography").ok()?.get_string("MachineGuid").ok()?;
    Some(id.trim().to_lowercase()).filter(|id| !id.is_empty())
}
