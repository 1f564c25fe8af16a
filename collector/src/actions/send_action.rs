//! Actions that people ordered are taken from the store to be sent to their agents.
//!
//! One is sent again on every new stream until it has an outcome: the stream may have broken before it arrived. The agent
//! begins it once.

use jiff::Timestamp;

use crate::domain::id::ActionId;
use crate::store::{self, ActionRecord, Store};

/// Actions without an outcome whose time has not run out, oldest first.
///
/// # Errors
/// When the store refuses.
pub async fn waiting(store: &Store, now: Timestamp) -> store::Result<Vec<ActionRecord>> {
    store.read().await?.actions_waiting(now).await
}

/// Notes that an action is being sent; false when it has an outcome meanwhile.
///
/// # Errors
/// When the store refuses.
pub async fn take(store: &Store, id: &ActionId, now: Timestamp) -> store::Result<bool> {
    let mut write = store.write().await?;
    let open = write.set_action_sent(id, now).await?;
    write.commit().await?;
    Ok(open)
}
