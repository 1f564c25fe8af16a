//! Every device's status, in memory: what each call and each open stream is checked against.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;

use crate::actions::{self, admit};
use crate::domain::device::DeviceStatus;
use crate::domain::id::DeviceId;
use crate::live::Live;
use crate::store::Store;

/// Statuses by device.
type Statuses = HashMap<DeviceId, DeviceStatus>;

/// The statuses, kept current. Clones share them.
#[derive(Debug, Clone)]
pub struct Roster {
    statuses: watch::Sender<Arc<Statuses>>,
}

impl Roster {
    /// Reads the statuses.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn load(store: &Store) -> actions::Result<Roster> {
        let statuses = watch::Sender::new(Arc::new(admit::statuses(store).await?));
        Ok(Roster { statuses })
    }

    /// The status of a device; none when there is no such device.
    pub fn status(&self, device: &DeviceId) -> Option<DeviceStatus> {
        self.statuses.borrow().get(device).copied()
    }

    /// Being told when a status may have changed.
    pub fn subscribe(&self) -> Changes {
        Changes { statuses: self.statuses.subscribe() }
    }

    /// Reads the statuses again whenever a device changed, until the future is dropped.
    pub async fn follow(&self, store: &Store, live: &Live) {
        let mut told = live.subscribe();
        // What changed between loading and subscribing is read once more.
        let mut seen = -1;
        loop {
            let now = told.borrow_and_update().of("device");
            if now != seen {
                match admit::statuses(store).await {
                    Ok(statuses) => {
                        self.statuses.send_replace(Arc::new(statuses));
                        seen = now;
                    }
                    Err(error) => tracing::error!(%error, "statuses of devices cannot be read"),
                }
            }
            if told.changed().await.is_err() {
                return;
            }
        }
    }
}

/// One listener's view of the statuses.
#[derive(Debug)]
pub struct Changes {
    statuses: watch::Receiver<Arc<Statuses>>,
}

impl Changes {
    /// Waits until something changed, then says how the device stands.
    pub async fn next(&mut self, device: &DeviceId) -> Option<DeviceStatus> {
        if self.statuses.changed().await.is_err() {
            return None;
        }
        self.statuses.borrow_and_update().get(device).copied()
    }
}
