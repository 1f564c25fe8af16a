//! `atalaya-agent check`.

use std::path::Path;

/// Not written yet; says so.
///
/// # Errors
/// Always.
pub fn run(_config: Option<&Path>) -> anyhow::Result<()> {
    anyhow::bail!("esta orden aún no está lista")
}
