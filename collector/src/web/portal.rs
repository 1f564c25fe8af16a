//! The portal: who has no account reports a failure, asks for a service, follows it and signs. It shows nothing of PCs, people
//! or runs but the one somebody has the code or the link of, and nobody's search engine finds it.

mod follow;
mod request;
mod sign;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn};
use axum::response::Response;

use super::error::Error;
use super::state::Web;
use crate::actions::portal as action;

pub(super) fn router() -> Router<Web> {
    let routes = request::router().merge(follow::router()).merge(sign::router());
    routes.layer(from_fn(unlisted))
}

/// What takes files, and may take its time.
pub(super) fn uploads() -> Router<Web> {
    request::uploads().layer(from_fn(unlisted))
}

async fn unlisted(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let name = HeaderName::from_static("x-robots-tag");
    response.headers_mut().insert(name, HeaderValue::from_static("noindex, nofollow"));
    response
}

/// The privacy notice of the portal, if it is open.
fn notice(web: &Web) -> Result<&str, Error> {
    let closed = || Error::NotFound("El portal de la Mesa de Ayuda está cerrado por ahora.".into());
    web.privacy_notice().ok_or_else(closed)
}

/// What is told on the page itself; everything else is an error page.
fn problem(error: action::Error) -> Result<Told, Error> {
    use action::Error as Why;
    match error {
        Why::Mismatch => Ok(Told(422, error.to_string())),
        Why::Wait(seconds) => Err(Error::TooMany(seconds.unsigned_abs())),
        Why::Lacking(_) | Why::Message => Ok(Told(422, sentence(&error.to_string()))),
        Why::Run(run) => match Error::from(run) {
            Error::Invalid(text) | Error::NotFound(text) => Ok(Told(422, text)),
            other => Err(other),
        },
        Why::Random(_) | Why::Hashing(_) => Err(Error::internal(error)),
    }
}

/// A status and why; Spanish, for people.
struct Told(u16, String);

impl Told {
    fn status(&self) -> axum::http::StatusCode {
        axum::http::StatusCode::from_u16(self.0).unwrap_or_default()
    }
}

/// With a capital letter and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    let first: String = rest.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", rest.as_str().trim_end_matches('.'))
}

impl From<action::Error> for Error {
    fn from(error: action::Error) -> Self {
        match problem(error) {
            Ok(Told(_, text)) => Error::Invalid(text),
            Err(other) => other,
        }
    }
}
