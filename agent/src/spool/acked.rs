//! A note of what the collector has acknowledged, so that a restart without the collector counts what waits rightly.
//!
//! Only a note: losing it costs nothing, for the collector says at each connection what it has.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::epoch::Epoch;
use crate::state;

const FILE: &str = "acknowledged";

/// What was noted: epoch → sequence number. Anything that cannot be read is left out.
pub fn read(dir: &Path) -> BTreeMap<u64, u64> {
    let text = fs::read_to_string(dir.join(FILE)).unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let (epoch, seq) = line.split_once(' ')?;
            Some((u64::from_str_radix(epoch, 16).ok()?, seq.parse::<u64>().ok()?.min(1 << 62)))
        })
        .collect()
}

/// Notes it; a failure is no loss.
pub fn write<'a>(dir: &Path, epochs: impl Iterator<Item = &'a Epoch>) {
    let text: String = epochs.map(|epoch| format!("{:016x} {}\n", epoch.id, epoch.acked)).collect();
    if let Err(error) = state::replace(&dir.join(FILE), text.as_bytes()) {
        tracing::debug!(%error, "acknowledged position not noted");
    }
}
