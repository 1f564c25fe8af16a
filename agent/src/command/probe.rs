//! `atalaya-agent probe [NAME] [--json]`: takes the readings now, without a collector.

use std::path::Path;

use anyhow::Context;
use atalaya_reading::SectionKind;

use crate::config::Config;
use crate::probe::{Depth, Probes};

/// Reads one section or all of them and prints them.
///
/// # Errors
/// When the settings are wrong or the name is not that of a section.
pub fn run(config: Option<&Path>, name: Option<&str>, _json: bool) -> anyhow::Result<()> {
    let config = Config::load(config)?;
    let kinds = match name {
        None => SectionKind::ALL.to_vec(),
        Some(name) => vec![SectionKind::parse(name).context("no existe esa lectura")?],
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut probes = Probes::new(&config, None);
    let mut object = serde_json::Map::new();
    for kind in kinds {
        let outcome = runtime.block_on(probes.read(kind, Depth::Full));
        object.insert(kind.as_str().into(), outcome.section.to_json());
    }
    println!("{}", serde_json::to_string_pretty(&object)?);
    // A probe that hangs must not keep the program from ending.
    runtime.shutdown_background();
    Ok(())
}
