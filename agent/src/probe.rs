//! The probes: what can be observed of a PC, one subject a file, and the runner that gives each its deadline and
//! keeps one that hangs or panics from costing more than its own reading.
//!
//! A new probe is one file and one line in [`ALL`]. A probe must not know the wire, the spool or the schedule.

pub mod accounts;
pub mod antivirus;
pub mod connectivity;
pub mod disk;
pub mod firewall;
#[cfg(any(target_os = "linux", test))]
mod lines;
pub mod program;
pub mod software;
pub mod system;
pub mod updates;

#[cfg(not(any(target_os = "linux", windows)))]
mod unsupported;
#[cfg(windows)]
pub(crate) mod windows;

use std::time::{Duration, Instant};

use atalaya_reading::{Cost, Section, SectionKind, Status};
use jiff::Timestamp;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::devices::Devices;
use crate::state::StateDir;
use crate::usage::Meter;
use program::Programs;

/// Every probe there is.
const ALL: [Entry; 8] = [
    Entry {
        kind: SectionKind::Antivirus,
        source: if cfg!(windows) { "services" } else { "clamav" },
        deadline: Duration::from_secs(10),
        make: |setup| Box::new(antivirus::Reader::new(&setup.config.antivirus)),
    },
    Entry {
        kind: SectionKind::Firewall,
        source: if cfg!(windows) { "INetFwPolicy2" } else { "nft" },
        deadline: Duration::from_secs(10),
        make: |setup| Box::new(firewall::Reader::new(&setup.config.firewall)),
    },
    Entry {
        kind: SectionKind::Disk,
        source: "volumes, smartctl",
        deadline: Duration::from_secs(40),
        make: |setup| Box::new(disk::Reader::new(&setup.config.disk, setup.state.as_ref())),
    },
    Entry {
        kind: SectionKind::Connectivity,
        source: "icmp, tcp, dns",
        deadline: Duration::from_secs(15),
        make: |setup| {
            let collector = setup.collector_address.clone();
            let (settings, devices) = (&setup.config.connectivity, setup.devices.clone());
            Box::new(connectivity::Reader::new(settings, collector, devices))
        },
    },
    Entry {
        kind: SectionKind::System,
        source: if cfg!(windows) { "winapi" } else { "sysinfo" },
        deadline: Duration::from_secs(5),
        make: |_| Box::new(system::Reader::new(&())),
    },
    Entry {
        kind: SectionKind::Updates,
        source: if cfg!(windows) { "Windows Update" } else { "apt, dnf" },
        deadline: Duration::from_secs(60),
        make: |_| Box::new(updates::Reader::new(&())),
    },
    Entry {
        kind: SectionKind::Software,
        source: if cfg!(windows) { "registry" } else { "dpkg, rpm" },
        deadline: Duration::from_secs(30),
        make: |_| Box::new(software::Reader::new(&())),
    },
    Entry {
        kind: SectionKind::Accounts,
        source: if cfg!(windows) { "NetUserEnum" } else { "passwd" },
        deadline: Duration::from_secs(10),
        make: |_| Box::new(accounts::Reader::new(&())),
    },
];

/// How long before its deadline a probe is told to come to an end, so that it still hands over what it has.
const MARGIN: Duration = Duration::from_secs(1);

struct Entry {
    kind: SectionKind,
    /// What a reading names as its source when the probe could not say it itself.
    source: &'static str,
    deadline: Duration,
    make: fn(&Setup) -> Box<dyn Probe>,
}

/// What probes are made from, again after one panicked.
struct Setup {
    config: Config,
    collector_address: Option<String>,
    devices: Devices,
    /// Where a probe may keep what it has to remember; `None`: nowhere.
    state: Option<StateDir>,
}

/// One subject's reader. It may keep what it read between readings.
pub trait Probe: Send {
    /// Reads the subject. Runs on a thread of its own and may block.
    ///
    /// # Errors
    /// When the subject as a whole cannot be read; a part that cannot is said within the section.
    fn read(&mut self, look: &Look) -> Result<Section, Unread>;
}

/// Why a subject could not be read; the text is Spanish, for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// There is nothing here that could be measured: not a failure.
    #[error("{0}")]
    NotApplicable(String),
    /// The system refuses to answer for want of privilege.
    #[error("{0}")]
    Denied(String),
    /// No answer in time.
    #[error("{0}")]
    Timeout(String),
    /// The answer was an error or could not be understood.
    #[error("{0}")]
    Failed(String),
}

impl Unread {
    /// The status of a reading that ended so.
    pub fn status(&self) -> Status {
        match self {
            Unread::NotApplicable(_) => Status::Unsupported,
            Unread::Denied(_) => Status::Denied,
            Unread::Timeout(_) => Status::Timeout,
            Unread::Failed(_) => Status::Error,
        }
    }

    /// A file or call of the system that failed, named.
    pub fn from_io(what: &str, error: &std::io::Error) -> Unread {
        match error.kind() {
            std::io::ErrorKind::PermissionDenied => {
                Unread::Denied(format!("sin permiso para leer {what}"))
            }
            std::io::ErrorKind::NotFound => Unread::NotApplicable(format!("no existe {what}")),
            _ => Unread::Failed(format!("{what}: {error}")),
        }
    }
}

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// An expensive half that is not yet due may be taken from the last reading.
    Routine,
    /// Everything is read now.
    Full,
}

/// What one reading may use.
pub struct Look {
    /// How much is to be read.
    pub depth: Depth,
    /// The time of the reading.
    pub now: Timestamp,
    /// When the probe should have handed over what it has.
    pub until: Instant,
    /// The external programs.
    pub programs: Programs,
    runtime: tokio::runtime::Handle,
}

impl Look {
    /// Whether something last read at `read_at` is to be read again.
    pub fn is_due(&self, read_at: Option<Instant>, every: Duration) -> bool {
        self.depth == Depth::Full || read_at.is_none_or(|at| at.elapsed() >= every)
    }

    /// Time left, at most `limit`.
    pub fn left(&self, limit: Duration) -> Duration {
        self.until.saturating_duration_since(Instant::now()).min(limit)
    }

    /// A look of a minute, with the programs of this machine.
    #[cfg(test)]
    pub(crate) fn for_tests(depth: Depth) -> Look {
        static HANDLE: std::sync::LazyLock<tokio::runtime::Handle> =
            std::sync::LazyLock::new(|| {
                let mut builder = tokio::runtime::Builder::new_current_thread();
                let runtime = builder.enable_all().build().unwrap();
                let handle = runtime.handle().clone();
                // As in the agent: a thread of its own drives it while the probe waits.
                std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
                handle
            });
        Look {
            depth,
            now: Timestamp::now(),
            until: Instant::now() + Duration::from_secs(60),
            programs: Programs::new(&program::Settings::default().path),
            runtime: HANDLE.clone(),
        }
    }

    /// Waits for something asynchronous.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

/// One reading and what it cost.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The reading with its cost; `unsupported`, `denied`, `timeout` or `error` when it could not be taken.
    pub section: Section,
    /// How long it took.
    pub took: Duration,
}

/// All probes of this PC.
pub struct Probes {
    setup: Setup,
    programs: Programs,
    slots: Vec<Slot>,
}

struct Slot {
    entry: &'static Entry,
    state: State,
}

enum State {
    Idle(Box<dyn Probe>),
    /// Reading; still so when a reading before passed its deadline.
    Busy(JoinHandle<Box<dyn Probe>>),
    /// Only while it is handed over.
    Gone,
}

impl Probes {
    /// The probes with these settings; `collector_address` is `host:port`, measured too when given.
    pub fn new(config: &Config, collector_address: Option<String>) -> Probes {
        Probes::with(Setup {
            config: config.clone(),
            collector_address,
            devices: Devices::default(),
            state: None,
        })
    }

    /// The probes of the service: they remember, and measure what the collector gave too.
    pub fn of_service(
        config: &Config,
        collector_address: String,
        state: &StateDir,
        devices: Devices,
    ) -> Probes {
        Probes::with(Setup {
            config: config.clone(),
            collector_address: Some(collector_address),
            devices,
            state: Some(state.clone()),
        })
    }

    fn with(setup: Setup) -> Probes {
        let slot = |entry: &'static Entry| Slot { entry, state: State::Idle((entry.make)(&setup)) };
        let slots = ALL.iter().map(slot).collect();
        Probes { programs: Programs::new(&setup.config.programs.path), slots, setup }
    }

    /// Looks for external programs on this path instead of the one of the settings.
    pub fn with_program_path(mut self, path: &str) -> Probes {
        self.programs = Programs::new(path);
        self
    }

    /// Reads one section. Never fails and never takes longer than the probe's deadline: what went wrong is said in
    /// the section.
    pub async fn read(&mut self, kind: SectionKind, depth: Depth) -> Outcome {
        let started = Instant::now();
        let now = Timestamp::now();
        let mut source = "";
        let mut cpu = None;
        let mut outcome = Err(Unread::NotApplicable("no hay sonda para esto".into()));
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.entry.kind == kind) {
            source = slot.entry.source;
            let look = Look {
                depth,
                now,
                until: started + slot.entry.deadline.saturating_sub(MARGIN),
                programs: self.programs.clone(),
                runtime: tokio::runtime::Handle::current(),
            };
            (outcome, cpu) = slot.read(&self.setup, look).await;
        }
        let section = outcome.unwrap_or_else(|unread| {
            Section::unknown(kind, unread.status(), unread.to_string(), source, now)
        });
        let took = started.elapsed();
        let cost = Cost { took_us: micros(took), cpu_us: cpu.map(micros) };
        Outcome { section: section.with_cost(Some(cost)), took }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Slot {
    /// The reading, and the processor time it took as far as that is known.
    async fn read(
        &mut self,
        setup: &Setup,
        look: Look,
    ) -> (Result<Section, Unread>, Option<Duration>) {
        let mut probe = match self.idle_probe(setup).await {
            Ok(probe) => probe,
            Err(unread) => return (Err(unread), None),
        };
        let (send, result) = tokio::sync::oneshot::channel();
        self.state = State::Busy(tokio::task::spawn_blocking(move || {
            let meter = Meter::start();
            let outcome = probe.read(&look);
            // Nobody listens any more when the deadline has passed.
            let _ = send.send((outcome, meter.stop()));
            probe
        }));
        tokio::select! {
            biased;
            ended = result => ended.unwrap_or_else(|_| {
                (Err(Unread::Failed("la sonda falló por un error interno".into())), None)
            }),
            () = awake(self.entry.deadline) => {
                let seconds = self.entry.deadline.as_secs();
                (Err(Unread::Timeout(format!("sin respuesta en {seconds} s"))), None)
            }
        }
    }

    /// The probe at rest. One that panicked is made anew; one still at work is left alone.
    async fn idle_probe(&mut self, setup: &Setup) -> Result<Box<dyn Probe>, Unread> {
        match std::mem::replace(&mut self.state, State::Gone) {
            State::Idle(probe) => Ok(probe),
            State::Gone => Ok((self.entry.make)(setup)),
            State::Busy(mut task) => {
                match tokio::time::timeout(Duration::from_millis(100), &mut task).await {
                    Ok(Ok(probe)) => Ok(probe),
                    Ok(Err(_)) => Ok((self.entry.make)(setup)),
                    Err(_) => {
                        self.state = State::Busy(task);
                        Err(Unread::Timeout("la lectura anterior aún no termina".into()))
                    }
                }
            }
        }
    }
}

/// Waits until this process could work for so long: a computer that was suspended, or a process that was stopped, did
/// not keep its probes from answering.
async fn awake(duration: Duration) {
    let mut left = duration;
    while !left.is_zero() {
        let step = left.min(Duration::from_secs(1));
        tokio::time::sleep(step).await;
        left -= step;
    }
}

#[cfg(test)]
mod tests;
