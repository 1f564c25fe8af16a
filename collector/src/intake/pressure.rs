//! How much room the disk has left, and which records are still taken: the least important are refused first,
//! before tickets and audit are in danger, and nothing at all is taken on a disk that is full.

use std::path::Path;
use std::time::Duration;

use atalaya_proto::v1::RecordClass;
use tokio::sync::watch;

/// How often the disk is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Room beyond a bound before it is lifted again, as a share of the bound.
const SLACK: u64 = 10;

/// Room below which a transaction may not fit any more, bytes: unless the bounds are switched off.
const FULL: u64 = 16 * 1024 * 1024;

/// What is taken with the room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Least important class.
    pub least: RecordClass,
    /// Nothing fits: agents keep what they have.
    pub full: bool,
}

impl Accepted {
    /// Whether records of a class are taken.
    pub fn takes(self, class: RecordClass) -> bool {
        !self.full && class <= self.least
    }

    /// Whether everything is taken.
    pub fn takes_all(self) -> bool {
        self.takes(RecordClass::Metric)
    }
}

/// The bounds, in free bytes.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Below it measurements are refused.
    pub low: u64,
    /// Below it everything but security events is refused.
    pub scarce: u64,
}

impl Bounds {
    /// The least important class that is taken with so many bytes free, given what was taken before.
    fn accept(self, free: u64, before: Accepted) -> Accepted {
        let full = free < FULL.min(self.scarce);
        Accepted { least: self.least(free, before.least), full }
    }

    fn least(self, free: u64, before: RecordClass) -> RecordClass {
        // Once refused, a little more room is needed: no flapping at the bound.
        let lifted = |bound: u64| bound + bound / SLACK;
        let security_only =
            free < self.scarce || (before == RecordClass::Security && free < lifted(self.scarce));
        let no_metrics =
            free < self.low || (before != RecordClass::Metric && free < lifted(self.low));
        match (security_only, no_metrics) {
            (true, _) => RecordClass::Security,
            (false, true) => RecordClass::State,
            (false, false) => RecordClass::Metric,
        }
    }
}

/// What is taken now.
pub fn now(folder: &Path, bounds: Bounds) -> Accepted {
    let all = Accepted { least: RecordClass::Metric, full: false };
    free_bytes(folder).map_or(all, |free| bounds.accept(free, all))
}

/// Keeps looking until the future is dropped.
pub async fn watch(folder: &Path, bounds: Bounds, accepted: &watch::Sender<Accepted>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(free) = free_bytes(folder) else { continue };
        metrics::gauge!("atalaya_data_free_bytes").set(free as f64);
        accepted.send_if_modified(|accepted| {
            let next = bounds.accept(free, *accepted);
            let changed = next != *accepted;
            if changed {
                let least = next.least.as_str_name();
                tracing::warn!(
                    free,
                    least,
                    full = next.full,
                    "room on the data disk changes what is taken"
                );
            }
            *accepted = next;
            changed
        });
    }
}

fn free_bytes(folder: &Path) -> Option<u64> {
    let volume = rustix::fs::statvfs(folder)
        .inspect_err(|error| tracing::debug!(%error, "the data disk cannot be looked at"))
        .ok()?;
    Some(volume.f_bavail.saturating_mul(volume.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_are_refused_first_and_a_bound_is_lifted_with_some_slack() {
        let bounds = Bounds { low: 1000, scarce: 500 };
        let mut accepted = Accepted { least: RecordClass::Metric, full: false };
        let mut seen = Vec::new();
        for free in [2000, 999, 1050, 1101, 499, 540, 560, 1100] {
            accepted = bounds.accept(free, accepted);
            seen.push(accepted.least);
        }
        use RecordClass::{Metric, Security, State};
        assert_eq!(seen, [Metric, State, State, Metric, Security, Security, State, Metric]);
        assert!(accepted.takes_all());
        assert!(!bounds.accept(499, accepted).takes(Security), "a full disk takes nothing");
        let off = Bounds { low: 0, scarce: 0 };
        assert!(off.accept(0, accepted).takes_all());
    }
}
