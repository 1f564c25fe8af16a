//! Who asks, and what they may do. A handler that looks takes a [`Viewer`] or, for what only the unit sees, a
//! [`Staff`]; one that acts takes a right: [`Desk`], [`Technical`] or [`Administrator`]. Only these have the methods
//! that change something, and nobody else names `actions` that do: without the right there is no handle.

mod administrator;
mod desk;
mod notices;
mod own;
mod signing;
mod technical;

pub use own::{Origin, Own};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use std::net::SocketAddr;

use super::error::Error;
use super::state::Web;
use crate::actions::secret::Secret;
use crate::actions::sight::{is_of_unit, sight_of};
use crate::actions::sign_in;
use crate::domain::access::Actor;
use crate::domain::action::Ordering;
use crate::domain::id::RunId;
use crate::domain::person::{Person, Role};
use crate::domain::reading::ActionKind;
use crate::domain::run::Run;
use crate::store::{Read, Sight};

/// Somebody signed in, of whatever role; sees the desk as far as it is theirs, and their own account.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// Who.
    pub person: Person,
    /// Which runs are theirs to see.
    pub sight: Sight,
}

impl FromRequestParts<Web> for Viewer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Error> {
        let secret = presented(&parts.headers).ok_or(Error::SignedOut)?;
        let session = sign_in::resume(web.store(), &secret, web.now()).await?;
        let session = session.ok_or(Error::SignedOut)?;
        if web.totp_rule().holds_for(&session.person) && !session.totp {
            return Err(Error::SecondFactor);
        }
        let sight = sight_of(&session.person, web.library());
        Ok(Viewer { person: session.person, sight })
    }
}

impl Viewer {
    /// Whether they belong to the unit and see its PCs, alerts and networks.
    pub fn is_staff(&self) -> bool {
        self.person.administrator || is_of_unit(self.person.roles)
    }

    /// A run, if it is theirs to see. Who may not learns no more than who asks for one that never was.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn run(&self, read: &mut Read, id: &RunId) -> Result<Run, Error> {
        let missing = || Error::NotFound("No hay ningún trámite con ese identificador.".into());
        if !read.sees(&self.sight, id).await.map_err(Error::internal)? {
            return Err(missing());
        }
        read.run(id).await.map_err(Error::internal)?.ok_or_else(missing)
    }

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

/// Somebody of the unit: may look at PCs, alerts and networks.
#[derive(Debug, Clone)]
pub struct Staff(pub Viewer);

impl FromRequestParts<Web> for Staff {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Error> {
        let viewer = Viewer::from_request_parts(parts, web).await?;
        if viewer.is_staff() {
            return Ok(Staff(viewer));
        }
        let what = "Estas páginas son para el personal de la Unidad de TIC.".to_owned();
        Err(Error::Forbidden(what))
    }
}

/// Who holds a right, and where. Made only by extractors.
pub struct Hand {
    actor: Actor,
    /// They decide about areas, networks and people.
    decides: bool,
    /// They administer the collector themselves.
    administrator: bool,
    web: Web,
}

impl Hand {
    fn of(viewer: &Viewer, web: &Web) -> Hand {
        let (decides, administrator) = (viewer.administers(), viewer.person.administrator);
        Hand { actor: viewer.actor(), decides, administrator, web: web.clone() }
    }

    /// Of a program whose token has write scope, which an administrator made able to.
    pub(super) fn of_token(actor: Actor, web: &Web) -> Hand {
        Hand { actor, decides: true, administrator: true, web: web.clone() }
    }
}

/// A right to change something. By session it comes from [`FromRequestParts`], by token from the API's `Writer`.
pub trait Right: Sized {
    /// The right, if it is theirs.
    ///
    /// # Errors
    /// [`Error::Forbidden`], saying whose it is.
    fn granted(hand: Hand) -> Result<Self, Error>;
}

/// Moves runs: whoever a step can belong to, of the unit or not. The procedure decides whose each step is.
pub struct Desk(Hand);

/// Looks after PCs and networks: the head, technicians.
pub struct Technical(Hand);

/// Decides about areas, people and settings: the head, administrators.
pub struct Administrator(Hand);

impl Right for Desk {
    fn granted(hand: Hand) -> Result<Self, Error> {
        match &hand.actor {
            Actor::Person { roles, .. } if roles.is_empty() => {
                let what = "Todavía no tienes ninguna función asignada: pídela a quien administra.";
                Err(Error::Forbidden(what.to_owned()))
            }
            _ => Ok(Desk(hand)),
        }
    }
}

impl Right for Technical {
    fn granted(hand: Hand) -> Result<Self, Error> {
        if hand.actor.may_act_as(Role::Technician) {
            return Ok(Technical(hand));
        }
        let what = "Los equipos los administran el titular y el personal técnico.".to_owned();
        Err(Error::Forbidden(what))
    }
}

impl Right for Administrator {
    fn granted(hand: Hand) -> Result<Self, Error> {
        if hand.decides {
            return Ok(Administrator(hand));
        }
        let what = "Esto lo decide el titular o quien administra.".to_owned();
        Err(Error::Forbidden(what))
    }
}

/// A right is asked for by naming it among a handler's arguments.
macro_rules! by_session {
    ($($right:ident),*) => {$(
        impl FromRequestParts<Web> for $right {
            type Rejection = Error;

            async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Error> {
                let viewer = Viewer::from_request_parts(parts, web).await?;
                $right::granted(Hand::of(&viewer, web))
            }
        }
    )*};
}
by_session!(Desk, Technical, Administrator);

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
