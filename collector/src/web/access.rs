//! Who asks, and what they may do. A handler that looks takes a [`Viewer`]; one that acts takes an
//! [`Operator`], the only thing with methods that change something: without the right there is no handle.

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use std::net::SocketAddr;

use super::error::Error;
use super::state::Web;
use crate::actions::accept_administrator::accept_administrator;
use crate::actions::advance_run::advance_run;
use crate::actions::manage_network::{self, Wanted};
use crate::actions::merge_device::{merge_device, tell_apart};
use crate::actions::order_action::{Order, order_action};
use crate::actions::secret::Secret;
use crate::actions::settle_conflict::settle_conflict;
use crate::actions::{manage_area, manage_device, sign_in};
use crate::domain::access::Actor;
use crate::domain::action::Ordering;
use crate::domain::id::{ActionId, AreaId, DeviceId, RunId};
use crate::domain::person::{Person, Role};
use crate::domain::reading::ActionKind;
use crate::domain::run::{Event, Run};

/// Somebody signed in; may look at everything of the unit.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// Who.
    pub person: Person,
}

impl FromRequestParts<Web> for Viewer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Error> {
        let secret = presented(&parts.headers).ok_or(Error::SignedOut)?;
        let session = sign_in::resume(web.store(), &secret, web.now()).await?;
        let person = session.ok_or(Error::SignedOut)?.person;
        let outside = |role| matches!(role, Role::Requester | Role::UnitHead);
        if person.roles.iter().all(outside) && !person.administrator {
            let what = "Estas páginas son para el personal de la Unidad de TIC.".to_owned();
            return Err(Error::Forbidden(what));
        }
        Ok(Viewer { person })
    }
}

impl Viewer {
    /// Whether they look after PCs.
    pub fn operates(&self) -> bool {
        self.person.roles.may_act_as(Role::Technician)
    }

    /// Whether they decide about areas, networks and people.
    pub fn administers(&self) -> bool {
        self.person.administrator || self.person.roles.has(Role::Head)
    }

    /// Whether they may order actions of this kind from an agent.
    pub fn may_order(&self, kind: ActionKind) -> bool {
        let administrator = self.administers();
        Ordering { actor: self.actor(), administrator }.may_order(kind)
    }

    /// As whom their acts are recorded.
    pub fn actor(&self) -> Actor {
        Actor::of(&self.person)
    }
}

/// Somebody who may change things, by session or by a token of write scope. Acts through `actions`, which
/// check the role of each step and record who did what.
pub struct Operator {
    actor: Actor,
    administers: bool,
    web: Web,
}

impl FromRequestParts<Web> for Operator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Error> {
        let viewer = Viewer::from_request_parts(parts, web).await?;
        let administers = viewer.administers();
        Ok(Operator { actor: viewer.actor(), administers, web: web.clone() })
    }
}

impl Operator {
    pub(super) fn of_token(actor: Actor, web: &Web) -> Operator {
        Operator { actor, administers: true, web: web.clone() }
    }

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
        let (web, now) = (&self.web, self.web.now());
        let run =
            advance_run(web.store(), web.library(), id, version, event, &self.actor, now).await?;
        web.streams().nudge();
        Ok(run)
    }

    /// Accepts a device that waits.
    ///
    /// # Errors
    /// For whoever does not look after PCs, and when the device does not wait.
    pub async fn approve(&self, id: &DeviceId) -> Result<(), Error> {
        self.check_devices()?;
        manage_device::approve_device(self.web.store(), id, &self.actor, self.web.now()).await?;
        self.web.streams().nudge();
        Ok(())
    }

    /// Shuts a device out.
    ///
    /// # Errors
    /// For whoever does not look after PCs.
    pub async fn revoke(&self, id: &DeviceId) -> Result<(), Error> {
        self.check_devices()?;
        manage_device::revoke_device(self.web.store(), id, &self.actor, self.web.now()).await?;
        self.web.streams().nudge();
        Ok(())
    }

    /// Decides which of two PCs keeps a device's identity.
    ///
    /// # Errors
    /// For whoever does not look after PCs, and when there is no such conflict or side.
    pub async fn settle(&self, id: &DeviceId, kept: Option<u64>) -> Result<(), Error> {
        self.check_devices()?;
        let (store, bench, now) = (self.web.store(), self.web.bench(), self.web.now());
        settle_conflict(store, bench, id, kept, &self.actor, now).await?;
        self.web.streams().nudge();
        Ok(())
    }

    /// Says that a new device is a known one, installed again.
    ///
    /// # Errors
    /// For whoever does not look after PCs, and when that was not proposed.
    pub async fn merge(&self, device: &DeviceId, known: &DeviceId) -> Result<(), Error> {
        self.check_devices()?;
        let (store, bench, now) = (self.web.store(), self.web.bench(), self.web.now());
        merge_device(store, bench, (device, known), &self.actor, now).await?;
        self.web.streams().nudge();
        Ok(())
    }

    /// Says that a new device is not the known one it looks like.
    ///
    /// # Errors
    /// For whoever does not look after PCs, and when that was not proposed.
    pub async fn tell_apart(&self, device: &DeviceId, known: &DeviceId) -> Result<(), Error> {
        self.check_devices()?;
        tell_apart(self.web.store(), (device, known), &self.actor, self.web.now()).await?;
        self.web.streams().nudge();
        Ok(())
    }

    /// Orders an action from a device's agent.
    ///
    /// # Errors
    /// For whoever may not order it, when its parameters are out of bounds, and when the device is not listened to.
    pub async fn order(&self, id: &DeviceId, order: &Order) -> Result<ActionId, Error> {
        let by = Ordering { actor: self.actor.clone(), administrator: self.administers };
        let action = order_action(self.web.store(), id, order, &by, self.web.now()).await?;
        self.web.streams().nudge();
        Ok(action)
    }

    /// Gives an area a policy on open ports, or takes it away.
    ///
    /// # Errors
    /// For whoever does not administer, and when there is no such area.
    pub async fn set_policy(
        &self,
        area: &AreaId,
        wanted: Option<manage_area::WantedPolicy>,
    ) -> Result<(), Error> {
        if !self.administers {
            let what = "La política de un área la decide el titular o quien administra.".to_owned();
            return Err(Error::Forbidden(what));
        }
        let (web, now) = (&self.web, self.web.now());
        manage_area::set_policy(web.store(), web.bench(), area, wanted, &self.actor, now).await?;
        self.web.streams().nudge();
        Ok(())
    }

    /// Vouches for an account that commands a PC.
    ///
    /// # Errors
    /// For whoever does not look after PCs, and when no such account commands it.
    pub async fn accept_administrator(&self, id: &DeviceId, name: &str) -> Result<(), Error> {
        self.check_devices()?;
        let (web, now) = (&self.web, self.web.now());
        accept_administrator(web.store(), web.bench(), id, name, &self.actor, now).await?;
        self.web.streams().nudge();
        Ok(())
    }

    /// Adds a network device.
    ///
    /// # Errors
    /// For whoever does not look after PCs, and when what is said of it cannot be used.
    pub async fn add_network_device(&self, wanted: &Wanted) -> Result<DeviceId, Error> {
        self.check_devices()?;
        let id = manage_network::add(self.web.store(), wanted, &self.actor, self.web.now()).await?;
        self.web.streams().nudge();
        Ok(id)
    }

    /// Changes what is said of a network device.
    ///
    /// # Errors
    /// For whoever does not look after PCs, and when what is said of it cannot be used.
    pub async fn change_network_device(&self, id: &DeviceId, to: &Wanted) -> Result<(), Error> {
        self.check_devices()?;
        let (web, now) = (&self.web, self.web.now());
        manage_network::change(web.store(), id, to, &self.actor, now).await?;
        self.web.streams().nudge();
        Ok(())
    }

    /// Says which PCs look at a network device.
    ///
    /// # Errors
    /// For whoever does not look after PCs, and when one of them cannot.
    pub async fn set_watchers(&self, id: &DeviceId, watchers: &[DeviceId]) -> Result<(), Error> {
        self.check_devices()?;
        let (web, now) = (&self.web, self.web.now());
        manage_network::watch(web.store(), id, watchers, &self.actor, now).await?;
        self.web.streams().nudge();
        Ok(())
    }

    /// Stops looking at a network device.
    ///
    /// # Errors
    /// For whoever does not look after PCs, and when there is none.
    pub async fn remove_network_device(&self, id: &DeviceId) -> Result<(), Error> {
        self.check_devices()?;
        let (web, now) = (&self.web, self.web.now());
        manage_network::remove(web.store(), web.bench(), id, &self.actor, now).await?;
        self.web.streams().nudge();
        Ok(())
    }

    fn check_devices(&self) -> Result<(), Error> {
        if self.actor.may_act_as(Role::Technician) {
            return Ok(());
        }
        let what = "Los equipos los administran el titular y el personal técnico.".to_owned();
        Err(Error::Forbidden(what))
    }
}

/// The session cookie's name; the prefix makes browsers refuse it from another host or without TLS.
fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-atalaya" } else { "atalaya" }
}

/// Plain HTTP is accepted on this machine only; everywhere else the cookie asks for TLS.
pub fn is_secure(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let loopback = name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    !(loopback || name == "localhost")
}

/// The session secret a request presents.
pub fn presented(headers: &HeaderMap) -> Option<Secret> {
    let jar = CookieJar::from_headers(headers);
    let cookie = jar.get(cookie_name(is_secure(headers)))?;
    Some(Secret::presented(cookie.value()))
}

/// Sets the session cookie; without a secret, removes it.
pub fn session_cookie(headers: &HeaderMap, secret: Option<&Secret>) -> CookieJar {
    let secure = is_secure(headers);
    let value = secret.map(|secret| secret.expose().to_owned()).unwrap_or_default();
    let cookie = Cookie::build((cookie_name(secure), value))
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax);
    // A session cookie in both senses: it goes when the browser closes.
    let cookie = if secret.is_none() { cookie.removal() } else { cookie };
    CookieJar::new().add(cookie)
}

/// Where a request came from, for the wait after failed sign-ins. A proxy on this machine is believed.
pub struct ClientAddress(pub String);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let forwarded = parts
            .headers
            .get("x-forwarded-for")
            .filter(|_| peer.is_some_and(|peer| peer.is_loopback()))
            .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        let address: Option<std::net::IpAddr> = forwarded.or(peer);
        Ok(ClientAddress(address.map_or_else(|| "unknown".into(), |address| address.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_this_machine_may_do_without_tls() {
        for (host, secure) in [
            ("127.0.0.1:8080", false),
            ("[::1]:8080", false),
            ("localhost", false),
            ("atalaya.ejemplo.gob.mx", true),
            ("192.0.2.1:8080", true),
            ("localhost.ejemplo.mx", true),
            ("", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
            assert_eq!(is_secure(&headers), secure, "{host}");
        }
    }
}
