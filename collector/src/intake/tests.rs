//! The agent side over real TLS and gRPC, into a real SQLite store, with a client that may misbehave.

mod certificates;
mod client;
mod deliveries;
mod enrolment;
mod floods;
mod protocol;
mod releases;
mod streams;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::client::{Identity, Uplink};
use super::{Error, Intake, Limits};
use crate::actions::create_code::{Wanted, create_codes};
use crate::actions::judge::Bench;
use crate::domain::access::Actor;
use crate::domain::id::DeviceId;
use crate::live::Live;
use crate::pki::Authority;
use crate::procedure::Library;
use crate::rules::Thresholds;
use crate::store::{Database, Store};

/// An intake at work, and a look behind it.
struct Bed {
    store: Store,
    authority: Arc<Authority>,
    address: SocketAddr,
    database: PathBuf,
    end: watch::Sender<bool>,
    serving: JoinHandle<Result<(), Error>>,
    watching: JoinHandle<()>,
    folder: tempfile::TempDir,
}

fn limits() -> Limits {
    Limits {
        connections: 64,
        handshake: Duration::from_millis(500),
        stranger: Duration::from_secs(60),
        queue_bytes: 1 << 20,
        commit_records: 512,
        low_disk: 0,
        scarce_disk: 0,
    }
}

impl Bed {
    async fn new() -> Bed {
        Bed::with(limits(), tempfile::tempdir().unwrap()).await
    }

    async fn reflecting(reflection: bool) -> Bed {
        Bed::start(limits(), tempfile::tempdir().unwrap(), reflection).await
    }

    async fn with(limits: Limits, folder: tempfile::TempDir) -> Bed {
        Bed::start(limits, folder, false).await
    }

    async fn start(limits: Limits, folder: tempfile::TempDir, reflection: bool) -> Bed {
        let database = folder.path().join("test.db");
        let store = Store::open(&Database::Sqlite(database.clone())).await.unwrap();
        let authority = Arc::new(Authority::open(folder.path()).unwrap());
        let live = Live::new(&store).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let library = Library::embedded().unwrap();
        let intake = Intake {
            store: store.clone(),
            authority: authority.clone(),
            bench: Arc::new(Bench {
                thresholds: Thresholds::default(),
                library,
                hours: Default::default(),
            }),
            live: live.clone(),
            names: vec!["127.0.0.1".into()],
            announce: Vec::new(),
            data_dir: folder.path().to_owned(),
            limits,
            reflection,
        };
        let (end, ending) = watch::channel(false);
        let serving = tokio::spawn(intake.serve(listener, ending));
        let watching = tokio::spawn({
            let store = store.clone();
            async move { live.watch(&store).await }
        });
        Bed { store, authority, address, database, end, serving, watching, folder }
    }

    /// Stops the intake and begins anew with what it stored.
    async fn restart(self) -> Bed {
        self.end.send_replace(true);
        self.serving.await.unwrap().unwrap();
        self.watching.abort();
        self.store.close().await;
        Bed::with(limits(), self.folder).await
    }

    async fn code(&self, wanted: Wanted) -> [u8; 32] {
        let wanted = Wanted { count: 1, ..wanted };
        let codes = create_codes(&self.store, &Actor::Console, &wanted, Timestamp::now()).await;
        codes.unwrap()[0]
    }

    /// A PC that was let in and approved.
    async fn identity(&self) -> Identity {
        let code = self.code(Wanted { approve: true, ..Wanted::default() }).await;
        Identity::enrol(self.address, &self.authority, &code).await.unwrap()
    }

    /// An approved PC with an open stream.
    async fn uplink(&self) -> (Identity, Uplink) {
        let identity = self.identity().await;
        let uplink = Uplink::open(self, &identity, 7).await;
        (identity, uplink)
    }

    async fn number(&self, device: &DeviceId) -> i64 {
        self.store.read().await.unwrap().device(device).await.unwrap().unwrap().number
    }

    /// How many measurements of a device are stored.
    async fn samples(&self, device: &DeviceId) -> usize {
        let number = self.number(device).await;
        let mut read = self.store.read().await.unwrap();
        read.samples(number, Timestamp::UNIX_EPOCH, 10_000).await.unwrap().len()
    }

    /// Another handle on the same database, as a command has.
    async fn other_process(&self) -> Store {
        Store::open(&Database::Sqlite(self.database.clone())).await.unwrap()
    }
}

/// Waits until `look` gives something; fails with `what` when it never does.
async fn assert_eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let patience = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(tokio::time::Instant::now() < patience, "never came: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
