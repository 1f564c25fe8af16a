//! The identity of a simulated PC: the agent's own code enrols, keeps and renews it, in a folder of its own.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use atalaya_agent::identity::enrolment::{self, EnrolError};
use atalaya_agent::identity::renewal::{self, Age};
use atalaya_agent::identity::{Identity, IdentityError, Store, tls};
use atalaya_agent::machine::Hints;
use atalaya_agent::state::{StateDir, create_private_directory};
use jiff::Timestamp;
use tonic::transport::Channel;

use super::pc::Pc;

/// How long a busy collector is waited for.
const BUSY_ATTEMPTS: u32 = 120;
const BUSY_PAUSE: Duration = Duration::from_millis(500);

/// What an enrolled PC keeps.
pub struct Credentials {
    store: Store,
    identity: Identity,
}

impl Credentials {
    /// What was kept in that folder, or `None` if nothing was.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn load(folder: &Path) -> Result<Option<Credentials>> {
        let store = Store::new(&StateDir::new(folder));
        match store.current() {
            Ok(identity) => Ok(Some(Credentials { store, identity })),
            Err(IdentityError::Missing) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Spends a code and keeps the identity in that folder; waits where the collector is busy with others.
    ///
    /// # Errors
    /// When the code is no code, the collector refuses it, or the folder cannot be written.
    pub async fn enrol(folder: &Path, code: &str, pc: &Pc) -> Result<Credentials> {
        create_private_directory(folder)?;
        let store = Store::new(&StateDir::new(folder));
        for _ in 0..BUSY_ATTEMPTS {
            match enrolment::enrol(&store, code, hints(pc), false).await {
                Err(EnrolError::Busy(_)) => tokio::time::sleep(BUSY_PAUSE).await,
                other => return Ok(Credentials { identity: other?.identity, store }),
            }
        }
        bail!("the collector stayed busy")
    }

    /// Chosen by the collector, UUIDv7.
    pub fn device_id(&self) -> &str {
        &self.identity.device_id
    }

    /// Forgets the identity: the PC is enrolled anew the next time.
    ///
    /// # Errors
    /// When its files cannot be removed.
    pub fn forget(&self) -> Result<()> {
        for file in self.store.secret_files() {
            std::fs::remove_file(file)?;
        }
        Ok(())
    }

    /// Connects as this PC, with a fresh key first if one is due.
    ///
    /// # Errors
    /// When nobody listens or the certificate is not accepted.
    pub async fn connect(&mut self) -> Result<Channel> {
        if Age::of(&self.identity.validity()?, Timestamp::now()) != Age::Fresh {
            renewal::renew(&self.store, &self.identity, 0).await?;
        }
        if let Some(next) = self.store.next()? {
            renewal::confirm(&self.store, &next).await?;
            self.identity = self.store.current()?;
        }
        Ok(tls::connect(self.identity.peer()?).await?)
    }
}

fn hints(pc: &Pc) -> Hints {
    Hints {
        hostname: pc.hostname.clone(),
        os: pc.os().into(),
        machine_id: pc.machine_id(),
        manufacturer: pc.make.0.into(),
        model: pc.make.1.into(),
        serial: pc.serial.clone(),
    }
}
