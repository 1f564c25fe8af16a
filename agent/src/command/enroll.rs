//! `atalaya-agent enroll`.

use std::path::Path;

/// Not written yet; says so.
///
/// # Errors
/// Always.
pub fn run(_config: Option<&Path>, _code: &str) -> anyhow::Result<()> {
    anyhow::bail!("esta orden aún no está lista")
}
