//! Enrolment codes for simulated PCs, asked of the collector's own command as a technician would.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use super::municipality::Area;

/// The collector's command, and codes it gave that are not spent yet.
pub struct Codes {
    command: Vec<String>,
    unspent: HashMap<&'static str, Vec<String>>,
}

impl Codes {
    /// `command`: the program and its options, e.g. `atalaya-collector --data-dir DIR`.
    pub fn new(command: Vec<String>) -> Codes {
        Codes { command, unspent: HashMap::new() }
    }

    /// A code for a sample PC of that area; `wanted` are fetched together when there is none left.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn take(&mut self, area: Area, wanted: u32) -> Result<String> {
        if let Some(code) = self.unspent.get_mut(area.name).and_then(Vec::pop) {
            return Ok(code);
        }
        let mut codes = self.create(area, wanted).await?;
        let code = codes.pop().context("`code create` printed no code")?;
        self.unspent.insert(area.name, codes);
        Ok(code)
    }

    async fn create(&self, area: Area, wanted: u32) -> Result<Vec<String>> {
        let (program, options) = self.command.split_first().context("no collector command")?;
        let output = Command::new(program)
            .args(options)
            .args(["code", "create", "--approve", "--sample", "--area", area.name])
            .args(["--site", area.site.name, "--count", &wanted.clamp(1, 1_000).to_string()])
            .output()
            .await
            .with_context(|| format!("{program}: cannot be run"))?;
        if !output.status.success() {
            bail!("{program} code create: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).split_whitespace().map(String::from).collect())
    }
}
