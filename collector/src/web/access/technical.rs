//! What whoever looks after PCs may do to PCs and network devices.

use super::Technical;
use crate::actions::accept_administrator::accept_administrator;
use crate::actions::manage_device;
use crate::actions::manage_network::{self, Wanted};
use crate::actions::merge_device::{merge_device, tell_apart};
use crate::actions::order_action::{Order, order_action};
use crate::actions::order_from_run::{order_from_run, test_network};
use crate::actions::settle_conflict::settle_conflict;
use crate::domain::action::Ordering;
use crate::domain::id::{ActionId, DeviceId, RunId};
use crate::web::error::Error;

impl Technical {
    /// Accepts a device that waits.
    ///
    /// # Errors
    /// When the device does not wait.
    pub async fn approve(&self, id: &DeviceId) -> Result<(), Error> {
        manage_device::approve_device(self.0.web.store(), id, &self.0.actor, self.0.web.now())
            .await?;
        self.0.web.streams().nudge();
        Ok(())
    }

    /// Shuts a device out.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn revoke(&self, id: &DeviceId) -> Result<(), Error> {
        manage_device::revoke_device(self.0.web.store(), id, &self.0.actor, self.0.web.now())
            .await?;
        self.0.web.streams().nudge();
        Ok(())
    }

    /// Decides which of two PCs keeps a device's identity.
    ///
    /// # Errors
    /// When there is no such conflict or side.
    pub async fn settle(&self, id: &DeviceId, kept: Option<u64>) -> Result<(), Error> {
        let (store, bench, now) = (self.0.web.store(), self.0.web.bench(), self.0.web.now());
        settle_conflict(store, bench, id, kept, &self.0.actor, now).await?;
        self.0.web.streams().nudge();
        Ok(())
    }

    /// Says that a new device is a known one, installed again.
    ///
    /// # Errors
    /// When that was not proposed.
    pub async fn merge(&self, device: &DeviceId, known: &DeviceId) -> Result<(), Error> {
        let (store, bench, now) = (self.0.web.store(), self.0.web.bench(), self.0.web.now());
        merge_device(store, bench, (device, known), &self.0.actor, now).await?;
        self.0.web.streams().nudge();
        Ok(())
    }

    /// Says that a new device is not the known one it looks like.
    ///
    /// # Errors
    /// When that was not proposed.
    pub async fn tell_apart(&self, device: &DeviceId, known: &DeviceId) -> Result<(), Error> {
        tell_apart(self.0.web.store(), (device, known), &self.0.actor, self.0.web.now()).await?;
        self.0.web.streams().nudge();
        Ok(())
    }

    /// Orders an action from a device's agent.
    ///
    /// # Errors
    /// For whoever may not order it, when its parameters are out of bounds, and when the device is not listened to.
    pub async fn order(&self, id: &DeviceId, order: &Order) -> Result<ActionId, Error> {
        let by = Ordering { actor: self.0.actor.clone(), administrator: self.0.decides };
        let action = order_action(self.0.web.store(), id, order, &by, self.0.web.now()).await?;
        self.0.web.streams().nudge();
        Ok(action)
    }

    /// Orders an action from a PC for a run about it.
    ///
    /// # Errors
    /// As [`Technical::order`], and when the run is over or about something else.
    pub async fn order_from_run(
        &self,
        run: &RunId,
        device: &DeviceId,
        order: &Order,
    ) -> Result<(), Error> {
        let by = Ordering { actor: self.0.actor.clone(), administrator: self.0.decides };
        let (web, now) = (&self.0.web, self.0.web.now());
        order_from_run(web.store(), run, device, order, &by, now).await?;
        web.streams().nudge();
        Ok(())
    }

    /// Has PCs of the network a run visits measure it.
    ///
    /// # Errors
    /// When the run visits none, nobody there reports, or a test is under way.
    pub async fn test_network(&self, run: &RunId) -> Result<(), Error> {
        let by = Ordering { actor: self.0.actor.clone(), administrator: self.0.decides };
        let (web, now) = (&self.0.web, self.0.web.now());
        test_network(web.store(), web.bench(), run, &by, now).await?;
        web.streams().nudge();
        Ok(())
    }

    /// Vouches for an account that commands a PC.
    ///
    /// # Errors
    /// When no such account commands it.
    pub async fn accept_administrator(&self, id: &DeviceId, name: &str) -> Result<(), Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        accept_administrator(web.store(), web.bench(), id, name, &self.0.actor, now).await?;
        self.0.web.streams().nudge();
        Ok(())
    }

    /// Adds a network device.
    ///
    /// # Errors
    /// When what is said of it cannot be used.
    pub async fn add_network_device(&self, wanted: &Wanted) -> Result<DeviceId, Error> {
        let id = manage_network::add(self.0.web.store(), wanted, &self.0.actor, self.0.web.now())
            .await?;
        self.0.web.streams().nudge();
        Ok(id)
    }

    /// Changes what is said of a network device.
    ///
    /// # Errors
    /// When what is said of it cannot be used.
    pub async fn change_network_device(&self, id: &DeviceId, to: &Wanted) -> Result<(), Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        manage_network::change(web.store(), id, to, &self.0.actor, now).await?;
        self.0.web.streams().nudge();
        Ok(())
    }

    /// Says which PCs look at a network device.
    ///
    /// # Errors
    /// When one of them cannot.
    pub async fn set_watchers(&self, id: &DeviceId, watchers: &[DeviceId]) -> Result<(), Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        manage_network::watch(web.store(), id, watchers, &self.0.actor, now).await?;
        self.0.web.streams().nudge();
        Ok(())
    }

    /// Stops looking at a network device.
    ///
    /// # Errors
    /// When there is none.
    pub async fn remove_network_device(&self, id: &DeviceId) -> Result<(), Error> {
        let (web, now) = (&self.0.web, self.0.web.now());
        manage_network::remove(web.store(), web.bench(), id, &self.0.actor, now).await?;
        self.0.web.streams().nudge();
        Ok(())
    }
}
