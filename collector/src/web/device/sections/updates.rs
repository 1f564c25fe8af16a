//! Updates that wait, on the sheet.

use crate::domain::reading::Updates;
use crate::web::markup::Look;
use crate::web::words;

/// Updates as shown.
pub struct UpdatesView {
    /// What was read.
    pub updates: Updates,
    /// How many wait.
    pub pending: Look,
    /// Those that are counted and not listed.
    pub unlisted: u32,
}

impl UpdatesView {
    pub(super) fn new(updates: Updates) -> Self {
        let listed = u32::try_from(updates.waiting.len()).unwrap_or(u32::MAX);
        UpdatesView {
            pending: words::pending_updates(updates.pending, updates.security),
            unlisted: updates.pending.unwrap_or(0).saturating_sub(listed),
            updates,
        }
    }
}
