//! Targets the collector gave this agent to measure: shared by who hears of them and who measures them, and kept in
//! the state folder, so that they are measured while the collector is out of reach and after a restart.
//!
//! It measures nothing and knows nothing of the wire.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use atalaya_reading::{TargetSpec, bounds};

use crate::state::{StateDir, write_atomically};

const FILE: &str = "targets.json";
/// More than this is not what was written here: 64 targets take half of it.
const LONGEST: u64 = 128 * 1024;

/// The targets of today. A clone means the same targets.
#[derive(Debug, Clone, Default)]
pub struct Devices {
    targets: Arc<Mutex<Arc<[TargetSpec]>>>,
    /// `None`: they are not kept.
    file: Option<PathBuf>,
}

impl Devices {
    /// The targets that were last kept in this folder; none if there are none that can be read.
    pub fn load(state: &StateDir) -> Devices {
        let file = state.file(FILE);
        let kept = read(&file).unwrap_or_else(|problem| {
            tracing::warn!(file = %file.display(), problem, "kept targets are given up");
            Vec::new()
        });
        Devices { targets: Arc::new(Mutex::new(kept.into())), file: Some(file) }
    }

    /// The targets now.
    pub fn targets(&self) -> Arc<[TargetSpec]> {
        Arc::clone(&self.targets.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes these in place of the present ones. They are written only when they differ; when the disk refuses they
    /// hold until the next start.
    pub fn replace(&self, targets: Vec<TargetSpec>) {
        if self.targets()[..] == targets[..] {
            return;
        }
        tracing::info!(count = targets.len(), "targets given by the collector");
        let text = serde_json::to_vec(&targets).unwrap_or_default();
        *self.targets.lock().unwrap_or_else(PoisonError::into_inner) = targets.into();
        let written = self.file.as_ref().map_or(Ok(()), |file| write_atomically(file, &text));
        if let Err(error) = written {
            tracing::warn!(%error, "targets given by the collector are not kept");
        }
    }
}

/// What was kept is held to the same rule as what is heard: the file may have been changed.
fn read(file: &Path) -> Result<Vec<TargetSpec>, String> {
    let mut text = Vec::new();
    match File::open(file) {
        Ok(opened) => {
            opened.take(LONGEST).read_to_end(&mut text).map_err(|error| error.to_string())?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.to_string()),
    }
    let kept: Vec<TargetSpec> = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    Ok(kept.into_iter().filter(|target| target.check().is_ok()).take(bounds::DEVICES).collect())
}

#[cfg(test)]
mod tests {
    use atalaya_reading::TargetKind;

    use super::*;

    fn printer(address: &str) -> TargetSpec {
        let (id, name) = ("t-1".into(), "impresora".into());
        TargetSpec { id, name, kind: TargetKind::Icmp, address: address.into() }
    }

    #[test]
    fn targets_are_there_again_after_a_restart_until_they_are_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path());
        Devices::load(&state).replace(vec![printer("192.0.2.7")]);
        let devices = Devices::load(&state);
        assert_eq!(devices.targets()[..], [printer("192.0.2.7")]);
        devices.clone().replace(Vec::new());
        assert!(devices.targets().is_empty() && Devices::load(&state).targets().is_empty());
    }

    #[test]
    fn a_file_that_is_rubbish_means_none_and_a_target_that_does_not_fit_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path());
        for rubbish in [&b"{"[..], b"\xff\xfe", b"[1]", &[b'['; 200_000]] {
            std::fs::write(state.file(FILE), rubbish).unwrap();
            assert!(Devices::load(&state).targets().is_empty());
        }
        let kept = serde_json::to_vec(&[printer("224.0.0.1"), printer("192.0.2.7")]).unwrap();
        std::fs::write(state.file(FILE), kept).unwrap();
        assert_eq!(Devices::load(&state).targets()[..], [printer("192.0.2.7")]);
    }
}
