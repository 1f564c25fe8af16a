//! Sends the actions that wait in the store to the agents that are connected here.

use std::time::Duration;

use atalaya_proto::limits;
use atalaya_proto::v1::Action;
use jiff::Timestamp;

use super::server::Shared;
use crate::actions::send_action;
use crate::domain::device::DeviceStatus;
use crate::domain::reading::bounds;

/// Streams that open at the same time are served together.
const GATHER: Duration = Duration::from_millis(200);

/// Keeps sending until the future is dropped.
pub async fn run(shared: &Shared) {
    let mut told = shared.live.subscribe();
    let mut seen = -1;
    loop {
        let now = told.borrow_and_update().of("action");
        if now != seen {
            seen = now;
            pass(shared).await;
        }
        tokio::select! {
            changed = told.changed() => if changed.is_err() { return },
            () = shared.sessions.opened.notified() => {
                tokio::time::sleep(GATHER).await;
                pass(shared).await;
            }
        }
    }
}

async fn pass(shared: &Shared) {
    let now = Timestamp::now();
    let waiting = match send_action::waiting(&shared.store, now).await {
        Ok(waiting) => waiting,
        Err(error) => return tracing::error!(%error, "waiting actions cannot be read"),
    };
    for record in waiting {
        let here = shared.sessions.wants(&record.device, &record.id)
            && shared.roster.status(&record.device) == Some(DeviceStatus::Approved);
        let Some(action) = record.action.as_ref().filter(|_| here) else { continue };
        match send_action::take(&shared.store, &record.id, now).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => return tracing::error!(%error, "an action could not be taken"),
        }
        let message = Action {
            id: record.id.to_string(),
            kind: Some(atalaya_proto::action_to_wire(action)),
            expires_at_us: record.expires_at.as_microsecond(),
            requested_by: bounds::text(&record.requested_by, limits::REQUESTED_BY),
        };
        if !shared.sessions.send(&record.device, message) {
            tracing::info!(device = %record.device, action = %record.id, "the stream ended before the action was sent: it goes out on the next");
        }
    }
}
