//! Sends the actions that wait in the store to the agents that are connected here.

use std::time::Duration;

use atalaya_proto::v1::{Action, ProbeNow, action::Kind};
use jiff::Timestamp;

use super::server::Shared;
use crate::actions::manage_device::PROBE_NOW;
use crate::actions::send_action;
use crate::domain::device::DeviceStatus;

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
    for action in waiting {
        let here = shared.sessions.has(&action.device)
            && shared.roster.status(&action.device) == Some(DeviceStatus::Approved);
        if !here || action.kind != PROBE_NOW {
            continue;
        }
        // Taken first: of two collectors one sends it, and an agent never gets it twice.
        match send_action::take(&shared.store, &action.id, now).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => return tracing::error!(%error, "an action could not be taken"),
        }
        let kind = Some(Kind::ProbeNow(ProbeNow { kinds: Vec::new() }));
        if !shared
            .sessions
            .send(&action.device, Action { id: action.id.to_string(), kind, ..Action::default() })
        {
            tracing::warn!(device = %action.device, action = %action.id, "the stream ended before the action was sent");
        }
    }
}
