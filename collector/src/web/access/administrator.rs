//! What whoever decides may do: policies of areas, people.

use super::Administrator;
use crate::actions::manage_area;
use crate::domain::id::AreaId;
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
}
