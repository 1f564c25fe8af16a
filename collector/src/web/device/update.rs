//! How a device's agent stands with its own updates, in words. A device that never asked for one says nothing.

use jiff::Timestamp;

use super::super::markup::Look;
use super::super::words;
use crate::domain::release::DeviceUpdate;

/// Updates of a device.
pub struct Update {
    /// The version it is offered.
    pub offered: Option<String>,
    /// How the last one ended.
    pub ended: Option<Ended>,
}

/// The end of an update.
pub struct Ended {
    pub look: Look,
    /// Empty: the manifest could not be read.
    pub version: String,
    pub detail: String,
    pub at: Timestamp,
}

/// What is shown of a device's updates; `None`: nothing to show.
pub fn of(known: Option<DeviceUpdate>) -> Option<Update> {
    let known = known?;
    let ended = known.ended.map(|ended| Ended {
        look: words::update(ended.outcome),
        version: ended.version,
        detail: ended.detail,
        at: ended.at,
    });
    (known.offered.is_some() || ended.is_some()).then_some(Update { offered: known.offered, ended })
}
