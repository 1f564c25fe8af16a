//! The service: looks on schedule, captures what is news, delivers, and stops when asked, with everything on disk.
//!
//! One thread runs it all; only probes use others. It does not know the wire nor what a reading means.

cfg_select! {
    target_os = "linux" => {
        mod linux;
        pub use linux::{install, stop_requested, uninstall};
    }
    windows => {
        mod windows;
        pub use self::windows::{EventLog, Stop, dispatch, install, start, stop_requested, uninstall};
    }
    _ => {
        mod other;
        pub use other::stop_requested;
    }
}

mod first_code;
mod supervisor;
mod upkeep;

use std::cell::RefCell;
use std::time::Duration;

use atalaya_reading::SectionKind;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::action::{About, Ended, Orders};
use crate::config::Config;
use crate::devices::Devices;
use crate::identity::{Identity, IdentityError, Lineage, Store};
use crate::machine;
use crate::probe::{Depth, Probes};
use crate::report::{self, Reporter};
use crate::schedule::Schedule;
use crate::spool::{Class, Limits, Spool};
use crate::state::StateDir;
use crate::status::{Status, Work};
use crate::update::{Exchanged, Updater};
use crate::uplink::{Outbox, Request, Uplink};
use supervisor::Supervisor;
use upkeep::Upkeep;

/// What the service is called where services have names.
#[cfg(windows)]
pub const NAME: &str = "AtalayaAgent";

/// How often the status file may be written.
const STATUS_EVERY: Duration = Duration::from_secs(5);
/// Requests of the collector that may wait for a probe to end.
const REQUESTS: usize = 16;

/// Why the service ended by itself; the text is Spanish, for people.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Without an identity there is nobody to report as.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The spool cannot be used.
    #[error(
        "no se puede abrir lo que espera entrega en {0}: {1}; revise los permisos y el espacio de la carpeta de estado"
    )]
    Spool(String, std::io::Error),
    /// Another version is to be started in this one's place.
    #[error(transparent)]
    Exchanged(#[from] Exchanged),
    /// It takes more memory than it may.
    #[error(
        "el agente ocupa {0} KiB de memoria, más de `limits.memory_mib`: termina en orden para que el sistema lo inicie de nuevo"
    )]
    Memory(u64),
}

/// Works until `stop` comes to an end.
///
/// # Errors
/// When the identity or the spool cannot be used.
pub async fn run(
    config: &Config,
    state: &StateDir,
    stop: impl Future<Output = ()>,
) -> Result<(), ServiceError> {
    let store = Store::new(state);
    let supervisor = Supervisor::of_this_process();
    tokio::pin!(stop);
    let identity = tokio::select! {
        () = &mut stop => return Ok(()),
        identity = identity_of(config, &store, &supervisor) => identity?,
    };
    let dir = state.file("spool");
    let limits = Limits::with_total(config.spool.max_mib << 20);
    let unusable = |error| ServiceError::Spool(dir.display().to_string(), error);
    let mut spool = Spool::open(&dir, limits, report::describe_loss).map_err(unusable)?;
    let lineage = Lineage::begin(state, &identity.device_id);
    if lineage.of_other_device {
        spool.begin_anew().map_err(unusable)?;
    }
    let outbox = Outbox::new(spool);
    let devices = Devices::load(state);
    let collector = identity.collector.clone();
    let mut probes = Probes::of_service(config, collector.clone(), state, devices.clone());
    let hints = machine::hints(&mut probes).await;
    let (send, requests) = mpsc::channel(REQUESTS);
    let updater = Updater::new(config, state, &outbox, store.clone());
    let os = hints.os.clone();
    let uplink = Uplink::new(&outbox, store, hints, send).with_devices(devices).of_start(lineage);
    let interval = Duration::from_secs(config.interval_s);
    let work = RefCell::new(Work::default());
    let upkeep = Upkeep::new(&config.limits, Duration::from_secs(config.lists.every_s), &work);
    let started_at = Timestamp::now();
    let about = About { os: &os, started_at, work: &work };
    let (orders, ended) = Orders::open(&outbox, config, state, Some(collector), about);
    let observer = Observer::new(&outbox, probes, interval, &supervisor, upkeep, orders);
    tracing::info!(version = crate::version::version(), "the agent works");
    supervisor.ready();
    let ended = tokio::select! {
        () = &mut stop => {
            updater.stopped_in_order();
            Ok(())
        }
        ended = uplink.run() => ended.map_err(ServiceError::from),
        exchanged = updater.run() => Err(exchanged.into()),
        ended = observer.run(requests, ended) => ended,
        () = keep_status(&outbox, &work, state, started_at) => Ok(()),
    };
    supervisor.stopping();
    let mut spool = outbox.spool.borrow_mut();
    spool.sync();
    spool.note_acknowledged();
    let mut health = outbox.health.borrow().clone();
    health.connected = false;
    Status::of(&mut spool, &health, &work.borrow(), started_at).write(state);
    tracing::info!("the agent stops");
    ended
}

/// Who this agent is; without an identity it waits for a code, where the settings say that one will come.
async fn identity_of(
    config: &Config,
    store: &Store,
    supervisor: &Supervisor,
) -> Result<Identity, IdentityError> {
    match (store.current(), &config.code_file) {
        (Err(IdentityError::Missing), Some(file)) => {
            supervisor.ready();
            tokio::select! {
                () = supervisor.keeps_alive() => Err(IdentityError::Missing),
                identity = first_code::enrolled(config, store, file) => Ok(identity),
            }
        }
        (known, _) => known,
    }
}

/// Writes the status file whenever something in it changed, and not often.
async fn keep_status(
    outbox: &Outbox,
    work: &RefCell<Work>,
    state: &StateDir,
    started_at: Timestamp,
) {
    let mut last = None;
    loop {
        let status = {
            let (mut spool, health) = (outbox.spool.borrow_mut(), outbox.health.borrow());
            Status::of(&mut spool, &health, &work.borrow(), started_at)
        };
        if last.as_ref() != Some(&status) {
            status.write(state);
            outbox.spool.borrow().note_acknowledged();
            last = Some(status);
        }
        tokio::time::sleep(STATUS_EVERY).await;
    }
}

/// Looks, and captures what is news.
struct Observer<'a> {
    outbox: &'a Outbox,
    probes: Probes,
    reporter: Reporter,
    interval: Duration,
    supervisor: &'a Supervisor,
    upkeep: Upkeep<'a>,
    orders: Orders<'a>,
    started: Instant,
    /// State records lost so far: what they said is said again.
    lost_state: u64,
}

impl<'a> Observer<'a> {
    fn new(
        outbox: &'a Outbox,
        probes: Probes,
        interval: Duration,
        supervisor: &'a Supervisor,
        upkeep: Upkeep<'a>,
        orders: Orders<'a>,
    ) -> Observer<'a> {
        let lost_state = outbox.spool.borrow().lost(Class::State);
        let (reporter, started) = (Reporter::default(), Instant::now());
        Observer {
            outbox,
            probes,
            reporter,
            interval,
            supervisor,
            upkeep,
            orders,
            started,
            lost_state,
        }
    }

    async fn run(
        mut self,
        mut requests: mpsc::Receiver<Request>,
        mut ended: mpsc::Receiver<Ended>,
    ) -> Result<(), ServiceError> {
        let mut seed = [0; 8];
        // Without randomness the agents of a fleet merely look at the same moments.
        let _ = SystemRandom::new().fill(&mut seed);
        let seed = u64::from_be_bytes(seed);
        let mut schedule =
            Schedule::new(self.interval, self.upkeep.lists_every, seed, Duration::ZERO);
        loop {
            self.supervisor.alive();
            if let Some(round) = schedule.due(self.started.elapsed()) {
                self.say_again_what_was_lost();
                for kind in round.kinds {
                    self.look(kind, round.depth).await;
                    while let Ok(request) = requests.try_recv() {
                        self.answer(request).await;
                    }
                }
                let report = self.reporter.report(self.started.elapsed(), Timestamp::now());
                self.outbox.capture([report]);
                if let Some(list) = round.list {
                    // A package manager need not be asked again while nothing of its own changed.
                    self.look(list, Depth::Routine).await;
                }
                let stretch = self.upkeep.after_round(self.started.elapsed())?;
                schedule.set_interval(self.interval * stretch);
            }
            let undo_due = self.orders.undo_due();
            tokio::select! {
                () = tokio::time::sleep_until(self.started + schedule.next()) => {}
                () = until(undo_due) => self.orders.undo_what_is_due(),
                Some(ended) = ended.recv() => self.finish(&ended).await,
                () = self.supervisor.sign_is_due() => {}
                request = requests.recv() => match request {
                    Some(request) => self.answer(request).await,
                    None => return Ok(()),
                },
            }
        }
    }

    async fn look(&mut self, kind: SectionKind, depth: Depth) {
        let outcome = self.probes.read(kind, depth).await;
        // A probe that hangs has cost its deadline and no more: the loop goes on, and says so.
        self.supervisor.alive();
        tracing::debug!(kind = kind.as_str(), status = outcome.section.status().as_str(), took = ?outcome.took, "looked");
        self.upkeep.work.borrow_mut().note(kind, outcome.section.cost());
        let news = self.reporter.take(outcome.section, self.started.elapsed(), Timestamp::now());
        self.outbox.capture(news);
    }

    async fn answer(&mut self, request: Request) {
        match request {
            Request::AllSections => {
                let all = self.reporter.all(self.started.elapsed(), Timestamp::now());
                self.outbox.capture(all);
            }
            Request::Order(order) => {
                if let Some(look) = self.orders.take(order) {
                    self.look_again(&look.sections).await;
                    self.orders.looked(&look);
                }
            }
        }
    }

    /// An order came to its end: what it may have changed is looked at, so that the readings say so too.
    async fn finish(&mut self, ended: &Ended) {
        let changed = self.orders.finish(ended);
        self.look_again(&changed).await;
    }

    async fn look_again(&mut self, sections: &[SectionKind]) {
        for kind in sections {
            self.reporter.forget_sent_of(*kind);
            self.look(*kind, Depth::Full).await;
        }
    }

    /// A state record that had to be dropped is made good by the section's next reading.
    fn say_again_what_was_lost(&mut self) {
        let lost = self.outbox.spool.borrow().lost(Class::State);
        if lost != self.lost_state {
            self.lost_state = lost;
            self.reporter.forget_sent();
        }
    }
}

/// Comes at that time; never, without one.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
