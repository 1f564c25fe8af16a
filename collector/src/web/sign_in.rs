//! Entrar, Bienvenida (the one-time link that sets a password) and Salir.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;

use super::access::{self, ClientAddress};
use super::error::Error;
use super::state::Web;
use super::{assets, layout, markup};
use crate::actions::secret::Secret;
use crate::actions::sign_in::{self, SHORTEST_PASSWORD};

/// The address of the sign-in page that leads back to `path` afterwards.
pub fn address(path: &str) -> String {
    let next = if path == "/" { "" } else { path };
    layout::address("/entrar", &[("siguiente", next)])
}

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/entrar", get(ask).post(enter))
        .route("/bienvenida/{token}", get(welcome).post(accept))
        .route("/salir", post(leave))
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    login: String,
    next: String,
    problem: Option<String>,
    /// Reached without TLS from elsewhere: the browser will not keep the session.
    unsafe_connection: bool,
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomePage {
    name: String,
    login: String,
    shortest: usize,
    expires_at: Timestamp,
    problem: Option<String>,
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    siguiente: String,
}

#[derive(Deserialize)]
struct Credentials {
    usuario: String,
    clave: String,
    #[serde(default)]
    siguiente: String,
}

#[derive(Deserialize)]
struct NewPassword {
    clave: String,
    otra: String,
}

/// Plain HTTP from another machine: a proxy in front says otherwise by `X-Forwarded-Proto`.
fn unsafe_connection(headers: &HeaderMap) -> bool {
    access::is_secure(headers)
        && headers.get("x-forwarded-proto").is_none_or(|scheme| scheme.as_bytes() != b"https")
}

async fn ask(headers: HeaderMap, Query(next): Query<Next>) -> Result<Html<String>, Error> {
    let page = SignInPage {
        login: String::new(),
        next: next.siguiente,
        problem: None,
        unsafe_connection: unsafe_connection(&headers),
    };
    Ok(Html(page.render()?))
}

async fn enter(
    State(web): State<Web>,
    ClientAddress(from): ClientAddress,
    headers: HeaderMap,
    Form(given): Form<Credentials>,
) -> Result<Response, Error> {
    let attempt =
        sign_in::sign_in(web.store(), &given.usuario, given.clave, &from, web.now()).await;
    let (status, problem) = match attempt {
        Ok(secret) => return Ok(let_in(&headers, &secret, &given.siguiente)),
        Err(error @ sign_in::Error::Wait(_)) => (StatusCode::TOO_MANY_REQUESTS, error.to_string()),
        Err(error @ sign_in::Error::Mismatch) => (StatusCode::UNAUTHORIZED, error.to_string()),
        Err(other) => return Err(other.into()),
    };
    let page = SignInPage {
        login: given.usuario,
        next: given.siguiente,
        problem: Some(problem),
        unsafe_connection: unsafe_connection(&headers),
    };
    Ok((status, Html(page.render()?)).into_response())
}

fn let_in(headers: &HeaderMap, secret: &Secret, next: &str) -> Response {
    let target = if layout::is_local(next) { next } else { "/" };
    (access::session_cookie(headers, Some(secret)), Redirect::to(target)).into_response()
}

async fn welcome(State(web): State<Web>, Path(token): Path<String>) -> Result<Response, Error> {
    let link = Secret::presented(&token);
    welcome_page(&web, &link, None).await
}

async fn welcome_page(
    web: &Web,
    link: &Secret,
    problem: Option<String>,
) -> Result<Response, Error> {
    let (person, expires_at) = sign_in::link_owner(web.store(), link, web.now()).await?;
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = WelcomePage {
        name: person.name,
        login: person.login,
        shortest: SHORTEST_PASSWORD,
        expires_at,
        problem,
    };
    Ok((status, Html(page.render()?)).into_response())
}

async fn accept(
    State(web): State<Web>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(given): Form<NewPassword>,
) -> Result<Response, Error> {
    let link = Secret::presented(&token);
    if given.clave != given.otra {
        let problem = "Las dos contraseñas no son iguales; escríbelas de nuevo.".to_owned();
        return welcome_page(&web, &link, Some(problem)).await;
    }
    match sign_in::accept_link(web.store(), &link, given.clave, web.now()).await {
        Ok(secret) => Ok(let_in(&headers, &secret, "/")),
        Err(sign_in::Error::Password(problem)) => welcome_page(&web, &link, Some(problem)).await,
        Err(other) => Err(other.into()),
    }
}

async fn leave(State(web): State<Web>, headers: HeaderMap) -> Result<Response, Error> {
    if let Some(secret) = access::presented(&headers) {
        sign_in::sign_out(web.store(), &secret).await?;
    }
    Ok((access::session_cookie(&headers, None), Redirect::to("/entrar")).into_response())
}

impl From<sign_in::Error> for Error {
    fn from(error: sign_in::Error) -> Self {
        match error {
            sign_in::Error::Mismatch => Error::SignedOut,
            sign_in::Error::Wait(seconds) => Error::TooMany(seconds.unsigned_abs()),
            sign_in::Error::Link => Error::NotFound(error.to_string()),
            sign_in::Error::Password(problem) => Error::Invalid(problem),
            sign_in::Error::Store(_) | sign_in::Error::Random(_) | sign_in::Error::Hashing(_) => {
                Error::internal(error)
            }
        }
    }
}
