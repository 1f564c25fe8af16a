//! What whoever decides may do: policies of areas, people.

use super::Administrator;
use crate::actions::import_people::{self, Report};
use crate::actions::manage_person::{self, Decider, Wanted};
use crate::actions::secret::Secret;
use crate::actions::{manage_area, manage_mail};
use crate::domain::id::{AreaId, PersonId};
use crate::domain::notice::{NoticeKind, Text};
use crate::web::error::Error;

impl Administrator {
    /// Gives an area a policy on open ports, or takes it away.
    ///
    /// # Errors
    /// When there is no such area.
    pub async fn set_policy(
        &self,
        area: &AreaId,
        wanted: Option<manage_area::WantedPolicy>,
    ) -> Result<(), Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        manage_area::set_policy(web.store(), web.bench(), area, wanted, &self.0.actor, now).await?;
        self.0.web.streams().nudge();
        Ok(())
    }

    /// Adds a person.
    ///
    /// # Errors
    /// When what is said of them cannot be used, or they are to administer and who asks does not.
    pub async fn add_person(&self, login: &str, wanted: &Wanted) -> Result<PersonId, Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        Ok(manage_person::add_person(web.store(), login, wanted, &self.decider(), now).await?)
    }

    /// Changes what is said of a person.
    ///
    /// # Errors
    /// As [`Administrator::add_person`], and when nobody would be left who administers.
    pub async fn change_person(&self, id: &PersonId, wanted: &Wanted) -> Result<(), Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        Ok(manage_person::change_person(web.store(), id, wanted, &self.decider(), now).await?)
    }

    /// Shuts a person out, or lets them in again.
    ///
    /// # Errors
    /// For oneself, for the last who administers, and for who administers when who asks does not.
    pub async fn set_disabled(&self, id: &PersonId, disabled: bool) -> Result<(), Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        Ok(manage_person::set_disabled(web.store(), id, disabled, &self.decider(), now).await?)
    }

    /// Makes a one-time link for a person.
    ///
    /// # Errors
    /// For who was shut out, and for who administers when who asks does not.
    pub async fn recovery_link(&self, id: &PersonId, resets_totp: bool) -> Result<Secret, Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        let decider = self.decider();
        Ok(manage_person::recovery_link(web.store(), id, resets_totp, &decider, now).await?)
    }

    /// Takes a table of people in; `keep` false only tries it.
    ///
    /// # Errors
    /// When it is no table of people.
    pub async fn import_people(&self, bytes: &[u8], keep: bool) -> Result<Report, Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        Ok(import_people::import_people(web.store(), bytes, keep, &self.decider(), now).await?)
    }

    fn decider(&self) -> Decider {
        Decider { actor: self.0.actor.clone(), administrator: self.0.administrator }
    }

    /// Words a kind of notice; `None`: as shipped.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming what is wrong with it.
    pub async fn set_mail_text(&self, kind: NoticeKind, text: Option<Text>) -> Result<(), Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        manage_mail::set_text(web.store(), kind, text, &self.0.actor, now).await?;
        Ok(())
    }

    /// Sends a message again that failed.
    ///
    /// # Errors
    /// When there is none, or it did not fail.
    pub async fn send_mail_again(&self, id: &str) -> Result<(), Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        manage_mail::send_again(web.store(), id, &self.0.actor, now).await?;
        web.streams().nudge();
        Ok(())
    }

    /// Tries the server out.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the address is none, or there is no server.
    pub async fn queue_test_mail(&self, address: &str) -> Result<(), Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        manage_mail::queue_test(web.store(), address, &self.0.actor, now).await?;
        web.streams().nudge();
        Ok(())
    }
}
