//! Signatures of runs and what is said to whoever asked: as far as the run is theirs.

use super::Desk;
use crate::actions::portal;
use crate::actions::secret::Secret;
use crate::actions::sight;
use crate::actions::sign_step::{self, Given};
use crate::domain::id::RunId;
use crate::domain::run::Run;
use crate::domain::signature::SigningLink;
use crate::web::error::Error;

impl Desk {
    /// Makes a link by which the present step is signed.
    ///
    /// # Errors
    /// For a run that is not theirs, and when the step is not signed by link.
    pub async fn create_signing_link(&self, id: &RunId) -> Result<(Secret, SigningLink), Error> {
        let (web, actor, now) = (&self.0.web, &self.0.actor, self.0.web.now());
        sight::check_run(web.store(), web.library(), id, actor).await?;
        let made = sign_step::create_link(web.store(), web.bench(), id, actor, now).await?;
        web.streams().nudge();
        Ok(made)
    }

    /// Takes back the links of a run that nobody has signed by.
    ///
    /// # Errors
    /// For a run that is not theirs.
    pub async fn revoke_signing_links(&self, id: &RunId) -> Result<(), Error> {
        let (web, actor, now) = (&self.0.web, &self.0.actor, self.0.web.now());
        sight::check_run(web.store(), web.library(), id, actor).await?;
        sign_step::revoke_links(web.store(), id, actor, now).await?;
        web.streams().nudge();
        Ok(())
    }

    /// Signs the present step in person; `text_sha256` is of the text that was shown.
    ///
    /// # Errors
    /// When it is not their step, or what was given is no signature.
    pub async fn sign(
        &self,
        id: &RunId,
        given: (Given, &str),
        address: &str,
    ) -> Result<Run, Error> {
        let (web, by, now) = (&self.0.web, (&self.0.actor, address), self.0.web.now());
        sight::check_run(web.store(), web.library(), id, &self.0.actor).await?;
        let run = sign_step::sign_in_person(web.store(), web.bench(), id, given, by, now).await?;
        web.streams().nudge();
        Ok(run)
    }

    /// Says something to the requester of a run.
    ///
    /// # Errors
    /// For a run that is not theirs or was not asked for by the portal.
    pub async fn reply(&self, id: &RunId, text: &str) -> Result<(), Error> {
        let (web, actor, now) = (&self.0.web, &self.0.actor, self.0.web.now());
        sight::check_run(web.store(), web.library(), id, actor).await?;
        portal::reply(web.store(), web.bench(), id, text, actor, now).await?;
        web.streams().nudge();
        Ok(())
    }
}
