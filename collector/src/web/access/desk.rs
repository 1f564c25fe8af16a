//! What may be done to runs, whoever's step it is: the procedure says who may.

use super::Desk;
use crate::actions::advance_run::advance_run;
use crate::actions::attach::{Incoming, attach};
use crate::actions::confirm_device::{Confirmed, confirm_device};
use crate::actions::hand_over::{assign_run, prioritise_run};
use crate::actions::open_run::{Opening, open_run};
use crate::actions::sight;
use crate::actions::verify_address::verify_addresses;
use crate::domain::id::{DeviceId, PersonId, RunId};
use crate::domain::run::{Event, Priority, Run};
use crate::web::error::Error;

impl Desk {
    /// Takes an event into a run.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody was faster, [`Error::Invalid`] when the procedure refuses.
    pub async fn advance(
        &self,
        id: &RunId,
        version: Option<u32>,
        event: Event,
    ) -> Result<Run, Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        let run =
            advance_run(web.store(), web.bench(), id, version, event, &self.0.actor, now).await?;
        web.streams().nudge();
        Ok(run)
    }

    /// Opens a run.
    ///
    /// # Errors
    /// [`Error::Invalid`] when what its first step asks for is missing.
    pub async fn open(&self, opening: Opening) -> Result<Run, Error> {
        let (web, actor, now) = (&self.0.web, &self.0.actor, self.0.web.now());
        let run = open_run(web.store(), web.bench(), opening, actor, now).await?;
        web.streams().nudge();
        Ok(run)
    }

    /// Adds a file that has come in to a run.
    ///
    /// # Errors
    /// For a run that is not theirs, and when the file is none that is taken.
    pub async fn attach(&self, id: &RunId, name: &str, incoming: Incoming) -> Result<(), Error> {
        let (web, actor, now) = (&self.0.web, &self.0.actor, self.0.web.now());
        sight::check_run(web.store(), web.library(), id, actor).await?;
        let examined = web.attachments().examine(web.store(), incoming, name, actor, now);
        attach(web.store(), web.bench(), id, examined.await?, actor, now).await?;
        web.streams().nudge();
        Ok(())
    }

    /// Gives a run to somebody, or to nobody.
    ///
    /// # Errors
    /// For whoever may not, when the person cannot take it, and when the run is over.
    pub async fn assign(&self, id: &RunId, to: Option<&PersonId>) -> Result<Run, Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        let run = assign_run(web.store(), web.bench(), id, to, &self.0.actor, now).await?;
        web.streams().nudge();
        Ok(run)
    }

    /// Changes how soon a run should be seen to.
    ///
    /// # Errors
    /// For whoever may not, and when the run is over.
    pub async fn prioritise(&self, id: &RunId, to: (Priority, String)) -> Result<Run, Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        let run = prioritise_run(web.store(), web.bench(), id, to, &self.0.actor, now).await?;
        web.streams().nudge();
        Ok(run)
    }

    /// Confirms for the present PC of a run what its readings propose.
    ///
    /// # Errors
    /// When the run does not stand at that PC, or a step is not theirs.
    pub async fn confirm_device(&self, id: &RunId, device: &DeviceId) -> Result<Confirmed, Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        sight::check_run(web.store(), web.library(), id, &self.0.actor).await?;
        let confirmed =
            confirm_device(web.store(), web.bench(), id, device, &self.0.actor, now).await?;
        web.streams().nudge();
        Ok(confirmed)
    }

    /// Has the collector look at the addresses written in a run.
    ///
    /// # Errors
    /// When there is no such run, it names no address, or they were looked at just now.
    pub async fn verify_addresses(&self, id: &RunId) -> Result<(), Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        sight::check_run(web.store(), web.library(), id, &self.0.actor).await?;
        verify_addresses(web.store(), web.bench(), web.verifier(), id, now).await?;
        web.streams().nudge();
        Ok(())
    }
}
