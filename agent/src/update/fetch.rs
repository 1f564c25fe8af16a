//! One attempt at an update: ask, judge, download into the state folder, have it put in place.

use std::io::{self, Write};
use std::time::Duration;

use atalaya_proto::release::{Manifest, Version};
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};

use super::home::Home;
use super::install::{self, InstallError, Stage, free_bytes, stage_file};
use super::judge::{Measure, Refusal, judge};
use super::trial::Trial;
use super::{Settings, capture};
use crate::identity::Store;
use crate::report::UpdateEnd;
use crate::state::{StateDir, create_private_directory};
use crate::uplink::Outbox;
use crate::uplink::release::{Offer, ReleaseError, Releases};
use crate::version::{TARGET, version};

/// What an update must leave free on the disk.
const MARGIN: u64 = 32 * 1024 * 1024;
/// After a failure; up to twice as long, so that a fleet does not come back at once.
const AFTER_FAILURE: Duration = Duration::from_secs(300);
/// After «come later», likewise.
const AFTER_BUSY: Duration = Duration::from_secs(20);

/// Attempts at an update, one after the other.
pub struct Attempt<'a> {
    settings: &'a Settings,
    state: &'a StateDir,
    outbox: &'a Outbox,
    store: &'a Store,
    home: &'a Home,
    /// What was told last, so that the same is not told every hour.
    told: Option<(String, UpdateEnd, String)>,
}

/// Why there is no update now.
enum Not {
    /// Nothing is offered.
    Offered,
    /// Not connected, or the collector serves others.
    Yet(Duration),
    /// The release is none for us, or could not be had: told to the collector.
    Told(UpdateEnd, String, String),
}

impl<'a> Attempt<'a> {
    /// Attempts for a program.
    pub fn new(
        settings: &'a Settings,
        state: &'a StateDir,
        outbox: &'a Outbox,
        store: &'a Store,
        home: &'a Home,
    ) -> Attempt<'a> {
        Attempt { settings, state, outbox, store, home, told: None }
    }

    /// The version that was put in place; `None`: there is none to put there.
    ///
    /// # Errors
    /// How long to wait before the next attempt.
    pub async fn make(&mut self) -> Result<Option<Version>, Duration> {
        let stage = Stage::of(self.state);
        let outcome = self.update(&stage).await;
        stage.clear();
        match outcome {
            Ok(version) => Ok(Some(version)),
            Err(Not::Offered) => Ok(None),
            Err(Not::Yet(pause)) => Err(spread(pause)),
            Err(Not::Told(end, version, detail)) => {
                tracing::warn!(version, reason = detail, "no update");
                let now = Some((version, end, detail));
                if self.told != now {
                    if let Some((version, end, detail)) = &now {
                        capture(self.outbox, version, *end, detail);
                    }
                    self.told = now;
                }
                if end == UpdateEnd::Refused { Ok(None) } else { Err(spread(AFTER_FAILURE)) }
            }
        }
    }

    async fn update(&self, stage: &Stage) -> Result<Version, Not> {
        let connected = {
            let health = self.outbox.health.borrow();
            health.connected && health.approved == Some(true)
        };
        if !connected {
            return Err(Not::Yet(AFTER_FAILURE));
        }
        let lost = |error: ReleaseError| match error {
            ReleaseError::Busy => Not::Yet(AFTER_BUSY),
            ReleaseError::Said(why) => {
                tracing::info!(why, "the collector could not be asked for a release");
                Not::Yet(AFTER_FAILURE)
            }
        };
        let mut releases = Releases::connect(self.store).await.map_err(lost)?;
        let Some(offer) = releases.offered(TARGET, version()).await.map_err(lost)? else {
            return Err(Not::Offered);
        };
        let manifest = self.judged(&offer)?;
        let name = manifest.version.to_string();
        let failed = |why: String| Not::Told(UpdateEnd::Failed, name.clone(), why);
        tracing::info!(version = name, "a release is fetched");
        let staged = self.fetch(&mut releases, stage, &offer, &manifest).await;
        staged.map_err(|error| match error {
            Fetch::Releases(ReleaseError::Busy) => Not::Yet(AFTER_BUSY),
            Fetch::Releases(ReleaseError::Said(why)) | Fetch::Room(why) => failed(why),
            Fetch::Disk(cause) => failed(format!("no se puede escribir lo descargado: {cause}")),
        })?;
        drop(releases);
        // Before the exchange: a power cut in between leaves a trial of a version that does not run, which is forgotten.
        Trial::of(manifest.version, version()).write(self.state);
        let put = install::put(self.home, self.state, &self.settings.trusted(), self.now()).await;
        put.map_err(|error| {
            Trial::forget(self.state);
            let refused = matches!(error, InstallError::Refused(_) | InstallError::Program(_));
            let end = if refused { UpdateEnd::Refused } else { UpdateEnd::Failed };
            Not::Told(end, name, error.to_string())
        })
    }

    fn judged(&self, offer: &Offer) -> Result<Manifest, Not> {
        let (keys, ledger) = (self.settings.trusted(), self.home.ledger());
        let running = Version::parse(version());
        let measure = Measure { keys: &keys, target: TARGET, running, ledger: &ledger };
        let judged = judge(&offer.manifest, &offer.signature, &measure, self.now());
        judged.map_err(|refusal| match refusal {
            // That was told when it was taken back.
            Refusal::TakenBack => Not::Offered,
            refusal => {
                // Not believed, but which version it claims to be helps people.
                let claimed = Manifest::parse(&offer.manifest).map(|it| it.version.to_string());
                Not::Told(UpdateEnd::Refused, claimed.unwrap_or_default(), refusal.to_string())
            }
        })
    }

    async fn fetch(
        &self,
        releases: &mut Releases,
        stage: &Stage,
        offer: &Offer,
        manifest: &Manifest,
    ) -> Result<(), Fetch> {
        create_private_directory(stage.folder())?;
        for folder in [stage.folder(), self.home.folder()] {
            // Both may be on one file system.
            let need = 2 * manifest.size + MARGIN;
            if let Some(free) = free_bytes(folder).filter(|free| *free < need) {
                let (free, need, shown) = (free >> 20, need >> 20, folder.display());
                return Err(Fetch::Room(format!(
                    "faltan bytes libres en {shown}: hay {free} MiB y hacen falta {need}"
                )));
            }
        }
        stage_file(&stage.manifest())?.write_all(&offer.manifest)?;
        stage_file(&stage.signature())?.write_all(offer.signature.as_bytes())?;
        let mut program = stage_file(&stage.program())?;
        let mut left = manifest.size;
        let outcome = releases
            .download(&manifest.sha256, |piece| {
                // Never more than was signed for, whatever is sent.
                left = left.checked_sub(piece.len() as u64).ok_or(io::ErrorKind::FileTooLarge)?;
                program.write_all(piece)
            })
            .await;
        outcome?.map_err(Fetch::Disk)
    }

    /// The collector's time, which only an authenticated collector told.
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.checked_add(self.outbox.health.borrow().clock_offset).unwrap_or(now)
    }
}

enum Fetch {
    Releases(ReleaseError),
    Disk(io::Error),
    Room(String),
}

impl From<io::Error> for Fetch {
    fn from(cause: io::Error) -> Self {
        Fetch::Disk(cause)
    }
}

impl From<ReleaseError> for Fetch {
    fn from(error: ReleaseError) -> Self {
        Fetch::Releases(error)
    }
}

/// A pause of once to twice that long.
fn spread(pause: Duration) -> Duration {
    let mut random = [0; 2];
    // Without randomness all wait the same.
    let _ = SystemRandom::new().fill(&mut random);
    pause + pause.mul_f64(f64::from(u16::from_be_bytes(random)) / f64::from(u16::MAX))
}
