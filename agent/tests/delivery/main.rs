//! Enrolment and delivery of the agent against a collector's side of the protocol over real TLS, driven by hand.
//!
//! What the real collector does with it is seen in the end-to-end tests.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod collector;
mod enrolment;
mod renewal;
mod stream;

use std::time::Duration;

use atalaya_agent::devices::Devices;
use atalaya_agent::identity::enrolment::enrol;
use atalaya_agent::identity::{Identity, Store};
use atalaya_agent::machine::Hints;
use atalaya_agent::report::describe_loss;
use atalaya_agent::spool::{Class, Limits, Spool};
use atalaya_agent::state::StateDir;
use atalaya_agent::uplink::Outbox;

use collector::Collector;

/// How long a test waits for what must happen.
const SOON: Duration = Duration::from_secs(20);

async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    tokio::time::timeout(SOON, future).await.unwrap_or_else(|_| panic!("not in time: {what}"))
}

/// A PC with its state folder.
struct Pc {
    folder: tempfile::TempDir,
}

impl Pc {
    fn new() -> Pc {
        Pc { folder: tempfile::tempdir().unwrap() }
    }

    fn store(&self) -> Store {
        Store::new(&StateDir::new(self.folder.path()))
    }

    fn outbox(&self) -> Outbox {
        let limits = Limits::with_total(64 << 20);
        Outbox::new(Spool::open(&self.folder.path().join("spool"), limits, describe_loss).unwrap())
    }

    fn devices(&self) -> Devices {
        Devices::load(&StateDir::new(self.folder.path()))
    }

    async fn enrol(&self, collector: &Collector) -> Identity {
        let code = collector.code().encode();
        enrol(&self.store(), &code, Hints::default(), false).await.unwrap().identity
    }
}

fn append(outbox: &Outbox, class: Class, text: &str) {
    let body = text.as_bytes().to_vec();
    outbox.capture([atalaya_agent::report::Capture { class, body }]);
}
