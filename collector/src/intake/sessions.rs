//! The open streams: one per device, so that actions find their agent and a second stream ends the first.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use atalaya_proto::v1::Action;
use tokio::sync::{Notify, mpsc};

use crate::domain::id::{ActionId, DeviceId};

/// Actions that may wait in one stream: as many as may be open.
const ACTIONS: usize = crate::domain::action::OPEN;

/// The open streams. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    open: Arc<Mutex<HashMap<DeviceId, Open>>>,
    /// Told when a stream was opened: actions may wait for it.
    pub opened: Arc<Notify>,
}

#[derive(Debug)]
struct Open {
    serial: String,
    actions: mpsc::Sender<Action>,
    /// Ids of actions handed to this stream.
    handed: HashSet<String>,
    ended: Arc<Notify>,
}

/// A stream's own end; dropping it takes the stream off the list.
#[derive(Debug)]
pub struct Session {
    sessions: Sessions,
    device: DeviceId,
    /// Actions to be sent.
    pub actions: mpsc::Receiver<Action>,
    /// Told when the stream has to end because another took its place.
    pub ended: Arc<Notify>,
}

impl Sessions {
    /// Puts a stream on the list; one that the device had before is told to end.
    pub fn open(&self, device: &DeviceId, serial: &str) -> Session {
        let (actions, receiver) = mpsc::channel(ACTIONS);
        let ended = Arc::new(Notify::new());
        let (serial, handed) = (serial.to_owned(), HashSet::new());
        let open = Open { serial, actions, handed, ended: ended.clone() };
        if let Some(before) = self.lock().insert(device.clone(), open) {
            tracing::info!(%device, "a second stream of the device: the first is ended");
            before.ended.notify_one();
        }
        self.opened.notify_one();
        self.count();
        Session { sessions: self.clone(), device: device.clone(), actions: receiver, ended }
    }

    /// Whether a device has a stream here that was not handed this action yet.
    pub fn wants(&self, device: &DeviceId, action: &ActionId) -> bool {
        self.lock().get(device).is_some_and(|open| !open.handed.contains(action.as_str()))
    }

    /// Hands an action to a device's stream; false when there is none or it is full.
    pub fn send(&self, device: &DeviceId, action: Action) -> bool {
        let mut sessions = self.lock();
        let Some(open) = sessions.get_mut(device) else { return false };
        let id = action.id.clone();
        open.actions.try_send(action).is_ok() && open.handed.insert(id)
    }

    /// Ends the stream of a device unless it uses that certificate.
    pub fn end_others(&self, device: &DeviceId, serial: &str) {
        if let Some(open) = self.lock().get(device).filter(|open| open.serial != serial) {
            open.ended.notify_one();
        }
    }

    fn count(&self) {
        metrics::gauge!("atalaya_agent_streams").set(self.lock().len() as f64);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<DeviceId, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let mut open = self.sessions.lock();
        if open.get(&self.device).is_some_and(|open| Arc::ptr_eq(&open.ended, &self.ended)) {
            open.remove(&self.device);
        }
        drop(open);
        self.sessions.count();
    }
}
