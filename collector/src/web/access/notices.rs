//! What everybody decides about the notices they get by e-mail.

use super::Desk;
use crate::actions::manage_mail::set_muted;
use crate::domain::notice::NoticeKind;
use crate::web::error::Error;

impl Desk {
    /// Says which notices they do without.
    ///
    /// # Errors
    /// For a program, which gets none.
    pub async fn mute_notices(&self, kinds: &[NoticeKind]) -> Result<(), Error> {
        let Some(person) = self.0.actor.person() else {
            return Err(Error::Forbidden("Los avisos son de personas.".to_owned()));
        };
        set_muted(self.0.web.store(), person, kinds).await?;
        Ok(())
    }
}
