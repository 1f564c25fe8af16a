//! Programs with a token: a [`Reader`] may look; only a token of write scope gives a right.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::actions::secret::Secret;
use crate::domain::access::Actor;
use crate::domain::person::{Scope, Token};
use crate::web::access::{Hand, Right};
use crate::web::error::Error;
use crate::web::state::Web;

/// A token that may look.
pub struct Reader;

/// A token that may act, with the right `R`.
pub struct Writer<R>(pub R);

impl FromRequestParts<Web> for Reader {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Error> {
        token(parts, web).await.map(|_| Reader)
    }
}

impl<R: Right> FromRequestParts<Web> for Writer<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Error> {
        let token = token(parts, web).await?;
        if token.scope != Scope::Write {
            let what = "Este token solo permite leer; pide uno de alcance write.".to_owned();
            return Err(Error::Forbidden(what));
        }
        let actor = Actor::Token { id: token.id, name: token.name };
        R::granted(Hand::of_token(actor, web)).map(Writer)
    }
}

async fn token(parts: &Parts, web: &Web) -> Result<Token, Error> {
    let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, given) = header.and_then(|value| value.split_once(' ')).ok_or(Error::SignedOut)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::SignedOut);
    }
    let hash = Secret::presented(given.trim()).hash();
    let found = web.read().await?.token(&hash).await.map_err(Error::internal)?;
    found.ok_or(Error::SignedOut)
}
