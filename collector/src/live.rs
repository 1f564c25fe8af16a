//! What changed, told to whoever watches: pages, open streams, timers. In this process at once, by commands
//! and by other collectors within half a second. It carries no data: whoever is told reads the store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::store::{self, Store};

/// How long a change made by another process may go unnoticed.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// Changes of this process are gathered this long, so that a busy writer does not wake everybody all the time.
const GATHER: Duration = Duration::from_millis(20);

/// The change counters at one moment, by subject: `device`, `alert`, `run`, `action`, `section` …
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    by_subject: BTreeMap<String, i64>,
    unreachable: bool,
}

impl Counters {
    /// The counter of a subject; 0 before its first change.
    pub fn of(&self, subject: &str) -> i64 {
        self.by_subject.get(subject).copied().unwrap_or(0)
    }

    /// Whether the database could be reached at the last look.
    pub fn is_reachable(&self) -> bool {
        !self.unreachable
    }
}

/// A handle to what changes. Clones share it.
#[derive(Debug, Clone)]
pub struct Live {
    counters: watch::Sender<Counters>,
    nudge: Arc<Notify>,
}

impl Live {
    /// A handle that knows the present counters.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn new(store: &Store) -> store::Result<Live> {
        let counters = watch::Sender::new(look(store).await?);
        Ok(Live { counters, nudge: Arc::default() })
    }

    /// The counters, and being told when they change.
    pub fn subscribe(&self) -> watch::Receiver<Counters> {
        self.counters.subscribe()
    }

    /// To be called after a commit: what it changed is noticed now instead of at the next look.
    pub fn nudge(&self) {
        self.nudge.notify_one();
    }

    /// Keeps looking until the future is dropped.
    pub async fn watch(&self, store: &Store) {
        loop {
            tokio::select! {
                () = self.nudge.notified() => tokio::time::sleep(GATHER).await,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let seen = look(store).await;
            if let Err(error) = &seen
                && self.counters.borrow().is_reachable()
            {
                tracing::error!(%error, "the database cannot be reached; trying again until it can");
            }
            self.counters.send_if_modified(|known| {
                let next = match seen {
                    Ok(counters) => counters,
                    Err(_) => Counters { unreachable: true, ..known.clone() },
                };
                if next.is_reachable() && !known.is_reachable() {
                    tracing::info!("the database can be reached again");
                }
                let changed = *known != next;
                *known = next;
                changed
            });
        }
    }
}

async fn look(store: &Store) -> store::Result<Counters> {
    let by_subject = store.read().await?.change_counters().await?.into_iter().collect();
    Ok(Counters { by_subject, unreachable: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Database;

    #[tokio::test]
    async fn a_change_by_another_process_and_one_of_our_own_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(folder.path().join("test.db"));
        let (ours, other) =
            (Store::open(&database).await.unwrap(), Store::open(&database).await.unwrap());
        let live = Live::new(&ours).await.unwrap();
        let mut told = live.subscribe();
        let watching = tokio::spawn({
            let (live, ours) = (live.clone(), ours.clone());
            async move { live.watch(&ours).await }
        });
        for (store, nudge) in [(&other, false), (&ours, true)] {
            let before = told.borrow_and_update().of("device");
            let mut write = store.write().await.unwrap();
            write.bump("device");
            write.commit().await.unwrap();
            if nudge {
                live.nudge();
            }
            told.changed().await.unwrap();
            assert_eq!(told.borrow().of("device"), before + 1);
        }
        watching.abort();
    }
}
