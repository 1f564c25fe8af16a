//! Reads the machine id of Linux; it is a hint, so a file that is not there is no failure.

/// The machine id.
pub fn machine_id() -> Option<String> {
    let text = std::fs::read_to_string("/etc/machine-id").ok()?;
    let id = text.trim();
    (!id.is_empty()).then(|| id.into())
}
