//! How much room the disk has left, and which records are still taken: the least important are refused first,
//! before tickets and audit are in danger.

use std::path::Path;
use std::time::Duration;

use atalaya_proto::v1::RecordClass;
use tokio::sync::watch;

/// How often the disk is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Room beyond a bound before it is lifted again, as a share of the bound.
const SLACK: u64 = 10;

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
    fn accept(self, free: u64, before: RecordClass) -> RecordClass {
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

/// The least important class taken now.
pub fn now(folder: &Path, bounds: Bounds) -> RecordClass {
    free_bytes(folder).map_or(RecordClass::Metric, |free| bounds.accept(free, RecordClass::Metric))
}

/// Keeps looking until the future is dropped.
pub async fn watch(folder: &Path, bounds: Bounds, accepted: &watch::Sender<RecordClass>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(free) = free_bytes(folder) else { continue };
        metrics::gauge!("atalaya_data_free_bytes").set(free as f64);
        accepted.send_if_modified(|accepted| {
            let next = bounds.accept(free, *accepted);
            let changed = next != *accepted;
            if changed {
                tracing::warn!(free, accepts_up_to = next.as_str_name(), "room on the data disk");
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
        let mut accepted = RecordClass::Metric;
        let mut seen = Vec::new();
        for free in [2000, 999, 1050, 1101, 499, 540, 560, 1100] {
            accepted = bounds.accept(free, accepted);
            seen.push(accepted);
        }
        use RecordClass::{Metric, Security, State};
        assert_eq!(seen, [Metric, State, State, Metric, Security, Security, State, Metric]);
    }
}
