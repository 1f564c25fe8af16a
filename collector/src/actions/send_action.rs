//! Actions that people ordered are taken from the store to be sent to their agents.

use jiff::{SignedDuration, Timestamp};

use crate::domain::id::ActionId;
use crate::store::{self, ActionRecord, Store};

/// How long an action waits for its agent to connect.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// Actions not sent yet whose time has not run out, oldest first.
///
/// # Errors
/// When the store refuses.
pub async fn waiting(store: &Store, now: Timestamp) -> store::Result<Vec<ActionRecord>> {
    store.read().await?.actions_waiting(now - PATIENCE).await
}

/// Takes an action for sending; false when another collector took it first.
///
/// # Errors
/// When the store refuses.
pub async fn take(store: &Store, id: &ActionId, now: Timestamp) -> store::Result<bool> {
    let mut write = store.write().await?;
    let ours = write.set_action_sent(id, now).await?;
    write.commit().await?;
    Ok(ours)
}
