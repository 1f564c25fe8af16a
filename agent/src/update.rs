//! Self-update, for agents that no package brought: asks the collector for a release, takes it only if a key of its own
//! configuration signed it, puts it in the place of the program and sees that it works, or brings the old one back.
//!
//! Off unless the configuration has a key and the program lies where it was put to update itself. No path of the
//! collector is used, and nothing is run that is not signed.

mod fetch;
pub mod home;
pub mod install;
pub mod judge;
pub mod trial;

cfg_select! {
    target_os = "linux" => {
        pub mod linux;
        use linux as platform;
    }
    windows => {
        mod windows;
        use self::windows as platform;
    }
    _ => {
        mod other;
        use other as platform;
    }
}

use std::time::Duration;

use atalaya_proto::release::{KEYS, Keys, Version};
use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::timeout;

use crate::config::{Config, Invalid};
use crate::identity::Store;
use crate::report::{self, Capture, UpdateEnd};
use crate::spool::Class;
use crate::state::StateDir;
use crate::uplink::Outbox;
use crate::version::version;
use fetch::Attempt;
use home::Home;
use trial::{End, Trial};

/// Settings of self-update.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Public keys of minisign a release may be signed by; none: the agent never updates itself.
    pub keys: Vec<String>,
    /// Something else updates this program: it leaves itself alone.
    pub managed: bool,
    /// Seconds between two questions to the collector; it is also asked after each connection.
    pub ask_every_s: u64,
    /// Seconds a new version has to be welcomed by the collector before the old one comes back.
    pub welcome_within_s: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { keys: Vec::new(), managed: false, ask_every_s: 3600, welcome_within_s: 600 }
    }
}

impl Settings {
    /// Whether the values can be used.
    ///
    /// # Errors
    /// The first one that cannot.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.keys.len() > KEYS {
            let remedy = format!("deje a lo más {KEYS} llaves: la que se usa y la siguiente");
            return Err(Invalid::new("update.keys", self.keys.len(), remedy));
        }
        Keys::parse(&self.keys).map_err(|key| {
            Invalid::new("update.keys", key, "copie la llave pública que imprime minisign (RW…)")
        })?;
        Invalid::unless_within("update.ask_every_s", self.ask_every_s, 1..=604_800)?;
        Invalid::unless_within("update.welcome_within_s", self.welcome_within_s, 5..=86_400)
    }

    /// The keys; none when they cannot be read, which [`Settings::check`] has ruled out.
    pub fn trusted(&self) -> Keys {
        Keys::parse(&self.keys).unwrap_or_default()
    }
}

/// Why an agent does not update itself; Spanish, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Off {
    /// The settings say so.
    #[error("no: otro medio lo actualiza (`update.managed`)")]
    Managed,
    /// A package brought it, or a person put it there.
    #[error("no: se actualiza por la vía por la que se instaló (paquete o a mano)")]
    Installed,
    /// No key is trusted.
    #[error("no: no hay llaves en `update.keys`")]
    NoKeys,
}

/// Where the program updates itself, or why it does not.
///
/// # Errors
/// The reason it does not.
pub fn home(settings: &Settings) -> Result<Home, Off> {
    if settings.managed {
        return Err(Off::Managed);
    }
    let home = Home::of_this_program().ok_or(Off::Installed)?;
    if settings.keys.is_empty() { Err(Off::NoKeys) } else { Ok(home) }
}

/// The program was exchanged: this process has to end so that the other one is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Exchanged {
    /// By a newer one.
    #[error("se instaló la versión {0}: el servicio se reinicia con ella")]
    Installed(Version),
    /// By the one before.
    #[error(
        "la versión {0} no logró conectarse: vuelve la anterior, el servicio se reinicia con ella"
    )]
    Restored(Version),
}

/// Updates the program for as long as it is polled.
pub struct Updater<'a> {
    settings: &'a Settings,
    state: &'a StateDir,
    outbox: &'a Outbox,
    store: Store,
    home: Result<Home, Off>,
}

impl<'a> Updater<'a> {
    /// An updater of this program, or one that does nothing. To be made before the program can have been exchanged.
    pub fn new(config: &'a Config, state: &'a StateDir, outbox: &'a Outbox, store: Store) -> Self {
        let (settings, home) = (&config.update, home(&config.update));
        Updater { settings, state, outbox, store, home }
    }

    /// Sees a new version through its trial, then asks for releases; comes back only when the program was exchanged.
    pub async fn run(&self) -> Exchanged {
        self.tell_what_ended();
        let Ok(home) = &self.home else { return std::future::pending().await };
        home.tidy();
        if let Some(back) = self.try_out(home).await {
            return back;
        }
        let mut attempt = Attempt::new(self.settings, self.state, self.outbox, &self.store, home);
        loop {
            let wait = match attempt.make().await {
                Ok(Some(version)) => return Exchanged::Installed(version),
                Ok(None) => Duration::from_secs(self.settings.ask_every_s),
                Err(pause) => pause,
            };
            // A connection that came back asks at once; it does not matter which of the two it was.
            let _ = timeout(wait, self.outbox.welcomed()).await;
        }
    }

    /// The service was asked to stop: a start that ended in order is none that failed.
    pub fn stopped_in_order(&self) {
        if let Some(trial) = Trial::read(self.state).filter(|trial| trial.is_of(version())) {
            trial.forgive_start().write(self.state);
        }
    }

    /// An update that ended outside of the service, or just before its end, is told now.
    fn tell_what_ended(&self) {
        if let Some(end) = End::read(self.state) {
            capture(self.outbox, &end.version, end.outcome, &end.detail);
            End::forget(self.state);
        }
    }

    /// If this version is on trial: waits for its welcome, and brings the old one back when there is none in time.
    async fn try_out(&self, home: &Home) -> Option<Exchanged> {
        let trial = Trial::read(self.state)?;
        if !trial.is_of(version()) {
            // The exchange did not come about, or was taken back.
            Trial::forget(self.state);
            return None;
        }
        let trial = trial.started();
        trial.write(self.state);
        let patience = Duration::from_secs(self.settings.welcome_within_s);
        let welcomed =
            !trial.has_failed() && timeout(patience, self.outbox.welcomed()).await.is_ok();
        if welcomed {
            let detail = format!("antes: {}", trial.before);
            capture(self.outbox, &trial.version, UpdateEnd::Installed, &detail);
            Trial::forget(self.state);
            tracing::info!(version = trial.version, before = trial.before, "the new version works");
            return None;
        }
        match install::take_back(home, self.state, &trial).await {
            Ok(version) => Some(Exchanged::Restored(version)),
            Err(error) => {
                // Better a version that is not welcomed than none.
                tracing::error!(%error, "the version before cannot be brought back");
                None
            }
        }
    }
}

/// Captures how an update ended.
fn capture(outbox: &Outbox, version: &str, end: UpdateEnd, detail: &str) {
    let body = report::update_result(version, end, detail, Timestamp::now());
    outbox.capture([Capture { class: Class::Security, body }]);
}
