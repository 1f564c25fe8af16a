//! Someone removes the sample municipality with all it brought.

use jiff::Timestamp;

use crate::domain::access::Actor;
use crate::store::{self, AuditEntry, Store};

/// Removes sample devices, areas, sites and codes; returns how many devices there were.
///
/// # Errors
/// When the store refuses.
pub async fn remove_sample(store: &Store, actor: &Actor, now: Timestamp) -> store::Result<u64> {
    let mut write = store.write().await?;
    let witness = write.keep_hashes_of_sample().await?;
    let removed = write.remove_sample().await?;
    if let Some(witness) = witness {
        write.audit(actor, &witness, now).await?;
    }
    let entry = AuditEntry {
        act: "sample.remove",
        subject: "sample".into(),
        detail: format!("{removed} devices"),
    };
    write.audit(actor, &entry, now).await?;
    write.commit().await?;
    Ok(removed)
}
