//! What judging devices last came to, in memory: a measurement that cannot change it is not judged. Pure.

use std::collections::HashMap;

use crate::domain::id::DeviceId;

/// Where a device stood after it was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// Verdicts that rest on a measurement alone; none when it was judged without one.
    pub signature: Option<u32>,
    /// A change is being counted.
    pub unsettled: bool,
}

/// Where devices stood.
#[derive(Debug, Default)]
pub(super) struct Judged {
    standings: HashMap<DeviceId, Standing>,
}

impl Judged {
    /// Whether a measurement of that signature has to be judged.
    pub fn asks_for(&self, device: &DeviceId, signature: Option<u32>) -> bool {
        match (self.standings.get(device), signature) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(known), Some(_)) => known.unsettled || known.signature != signature,
        }
    }

    /// Takes in what judging came to, after it was committed.
    pub fn remember(&mut self, standings: Vec<(DeviceId, Standing)>) {
        self.standings.extend(standings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_measurement_that_may_change_something_is_judged() {
        let device = DeviceId::new("d");
        let mut judged = Judged::default();
        assert!(judged.asks_for(&device, Some(1)), "a device nobody judged yet");
        let settled = Standing { signature: Some(1), unsettled: false };
        judged.remember(vec![(device.clone(), settled)]);
        assert!(!judged.asks_for(&device, Some(1)));
        assert!(judged.asks_for(&device, Some(2)));
        judged.remember(vec![(device.clone(), Standing { unsettled: true, ..settled })]);
        assert!(judged.asks_for(&device, Some(1)));
        assert!(!judged.asks_for(&device, None));
    }
}
