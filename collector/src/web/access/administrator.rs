//! What whoever decides may do: policies of areas, people.

use super::Administrator;
use crate::actions::{manage_area, manage_mail};
use crate::domain::id::AreaId;
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
