//! Questions to WMI. It can hang for minutes, so each question has a thread of its own and a time limit, and while one
//! hangs no other is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use wmi::{WMIConnection, WMIError};

use super::com::unread;
use crate::probe::Unread;

/// More objects than this are not looked at.
const OBJECTS: usize = 256;

/// Asks WMI; the one who asks waits only as long as it says.
#[derive(Default)]
pub struct Wmi {
    busy: Arc<AtomicBool>,
}

impl Wmi {
    /// The objects each query finds in a namespace, as JSON, all within `limit`.
    pub fn ask(
        &self,
        namespace: &'static str,
        queries: &'static [&'static str],
        limit: Duration,
    ) -> Result<Vec<Vec<Value>>, Unread> {
        if self.busy.swap(true, Ordering::AcqRel) {
            return Err(Unread::Timeout("la consulta anterior a WMI aún no termina".into()));
        }
        let (send, answer) = mpsc::channel();
        let busy = Arc::clone(&self.busy);
        let asking = std::thread::Builder::new().name("wmi".into()).spawn(move || {
            let found = objects(namespace, queries);
            busy.store(false, Ordering::Release);
            // Nobody waits any more when the limit has passed.
            let _ = send.send(found);
        });
        if let Err(error) = asking {
            self.busy.store(false, Ordering::Release);
            return Err(Unread::Failed(format!("WMI: {error}")));
        }
        match answer.recv_timeout(limit) {
            Ok(found) => found,
            Err(_) => Err(Unread::Timeout(format!("WMI no respondió en {} s", limit.as_secs()))),
        }
    }
}

fn objects(namespace: &str, queries: &[&str]) -> Result<Vec<Vec<Value>>, Unread> {
    let connection =
        WMIConnection::with_namespace_path(namespace).map_err(|error| refused(namespace, error))?;
    let ask = |query: &&str| {
        let found = connection.exec_query(query).map_err(|error| refused(query, error))?;
        found
            .take(OBJECTS)
            .map(|object| {
                let object = object.map_err(|error| refused(query, error))?;
                serde_json::to_value(object)
                    .map_err(|error| Unread::Failed(format!("WMI: {error}")))
            })
            .collect()
    };
    queries.iter().map(ask).collect()
}

/// Codes of `wbemcli.h` for a namespace or class that is not there.
const ABSENT: [u32; 3] = [0x8004_100E, 0x8004_1010, 0x8004_1002];
const ACCESS_DENIED: u32 = 0x8004_1003;

fn refused(what: &str, error: WMIError) -> Unread {
    let WMIError::HResultError { hres } = error else {
        return Unread::Failed(format!("WMI: {error}"));
    };
    match hres as u32 {
        code if ABSENT.contains(&code) => Unread::NotApplicable(format!("WMI no conoce {what}")),
        ACCESS_DENIED => Unread::Denied(format!("sin permiso para consultar {what} en WMI")),
        _ => unread("WMI", &windows::core::HRESULT(hres).into()),
    }
}
