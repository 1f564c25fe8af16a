//! What each PC measures beside its own targets, in memory: open streams are told when it changes.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;

use crate::actions::watch_network;
use crate::domain::id::DeviceId;
use crate::domain::reading::TargetSpec;
use crate::live::Live;
use crate::store::Store;

/// Targets by the PC that measures them.
type ByWatcher = HashMap<DeviceId, Vec<TargetSpec>>;

/// The targets, kept current. Clones share them.
#[derive(Debug, Clone)]
pub struct Targets {
    targets: watch::Sender<Arc<ByWatcher>>,
}

impl Targets {
    /// Reads the targets.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn load(store: &Store) -> crate::actions::Result<Targets> {
        Ok(Targets { targets: watch::Sender::new(Arc::new(watch_network::targets(store).await?)) })
    }

    /// Being told when targets may have changed.
    pub fn subscribe(&self) -> Changes {
        Changes { targets: self.targets.subscribe(), told: Vec::new() }
    }

    /// Reads the targets again whenever one changed, until the future is dropped.
    pub async fn follow(&self, store: &Store, live: &Live) {
        let mut told = live.subscribe();
        // What changed between loading and subscribing is read once more.
        let mut seen = -1;
        loop {
            let now = told.borrow_and_update().of("target");
            if now != seen {
                match watch_network::targets(store).await {
                    Ok(targets) => {
                        self.targets.send_if_modified(|known| {
                            let changed = **known != targets;
                            *known = Arc::new(targets);
                            changed
                        });
                        seen = now;
                    }
                    Err(error) => tracing::error!(%error, "targets cannot be read"),
                }
            }
            if told.changed().await.is_err() {
                return;
            }
        }
    }
}

/// One stream's view of the targets.
#[derive(Debug)]
pub struct Changes {
    targets: watch::Receiver<Arc<ByWatcher>>,
    told: Vec<TargetSpec>,
}

impl Changes {
    /// Waits until something changed, perhaps for another PC.
    pub async fn changed(&mut self) {
        if self.targets.changed().await.is_err() {
            std::future::pending().await
        }
    }

    /// Takes the present targets of a PC as told; whether they are others than before.
    pub fn take(&mut self, watcher: &DeviceId) -> bool {
        let now = self.targets.borrow_and_update().get(watcher).cloned().unwrap_or_default();
        let news = now != self.told;
        self.told = now;
        news
    }

    /// The targets last taken.
    pub fn of_device(&self) -> &[TargetSpec] {
        &self.told
    }
}
