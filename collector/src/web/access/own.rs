//! What somebody may do to their own account, whatever their role, and the only right of whoever still has to register
//! a second factor.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::{ClientAddress, presented};
use crate::actions::second_factor::{self, Enrolment};
use crate::actions::secret::Secret;
use crate::actions::sign_in::{self, Client};
use crate::domain::person::Person;
use crate::store::session_name;
use crate::web::error::Error;
use crate::web::state::Web;

/// Their own account.
pub struct Own {
    /// Who.
    pub person: Person,
    /// They have a second factor.
    pub totp: bool,
    session: Secret,
    web: Web,
}

impl FromRequestParts<Web> for Own {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Error> {
        let secret = presented(&parts.headers).ok_or(Error::SignedOut)?;
        let session = sign_in::resume(web.store(), &secret, web.now()).await?;
        let session = session.ok_or(Error::SignedOut)?;
        let (person, totp) = (session.person, session.totp);
        Ok(Own { person, totp, session: secret, web: web.clone() })
    }
}

impl Own {
    /// What their present session is named by.
    pub fn session(&self) -> String {
        session_name(&self.session.hash())
    }

    /// Chooses another password; their other sessions end.
    ///
    /// # Errors
    /// When the present one is another, or the new one will not do.
    pub async fn change_password(
        &self,
        present: String,
        new: String,
    ) -> Result<(), sign_in::Error> {
        let (store, now) = (self.web.store(), self.web.now());
        sign_in::change_password(store, &self.person, (present, new), &self.session, now).await
    }

    /// Ends a session of theirs.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn end_session(&self, name: &str) -> Result<(), sign_in::Error> {
        let (store, now) = (self.web.store(), self.web.now());
        sign_in::end_sessions(store, &self.person, sign_in::Ended::One(name), now).await
    }

    /// Ends every session of theirs but this one.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn end_other_sessions(&self) -> Result<(), sign_in::Error> {
        let (store, now) = (self.web.store(), self.web.now());
        let ended = sign_in::Ended::AllBut(&self.session);
        sign_in::end_sessions(store, &self.person, ended, now).await
    }

    /// Makes a secret for a telephone, unless one waits to be proven.
    ///
    /// # Errors
    /// When they have a second factor already.
    pub async fn begin_second_factor(&self) -> Result<Enrolment, sign_in::Error> {
        let (store, seal) = (self.web.store(), self.web.seal());
        if let Some(begun) = second_factor::begun(store, seal, &self.person).await? {
            return Ok(begun);
        }
        second_factor::begin(store, seal, &self.person).await
    }

    /// Proves that the telephone has the secret; the recovery codes.
    ///
    /// # Errors
    /// When the code is another.
    pub async fn enrol(&self, code: &str) -> Result<Vec<String>, sign_in::Error> {
        let (store, seal, now) = (self.web.store(), self.web.seal(), self.web.now());
        second_factor::enrol(store, seal, &self.person, code, now).await
    }

    /// Takes their second factor away, knowing the password.
    ///
    /// # Errors
    /// When the password is another, or who administers must have one.
    pub async fn remove_second_factor(&self, password: String) -> Result<(), sign_in::Error> {
        let (store, now) = (self.web.store(), self.web.now());
        sign_in::check_own_password(store, &self.person, password, now).await?;
        second_factor::remove(store, &self.person, now).await
    }
}

/// From where a request comes, for sessions and the wait after failures.
pub struct Origin {
    address: String,
    browser: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, state).await?;
        let browser = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Origin { address, browser: browser.unwrap_or_default().to_owned() })
    }
}

impl Origin {
    /// As the sign-in takes it.
    pub fn client(&self) -> Client<'_> {
        Client { address: &self.address, browser: &self.browser }
    }
}
