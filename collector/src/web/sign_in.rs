//! Entrar, Bienvenida (the one-time link that sets a password) and Salir.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;

use super::access::{self, Origin};
use super::error::Error;
use super::state::Web;
use super::{assets, layout, markup};
use crate::actions::secret::Secret;
use crate::actions::sign_in::{self, Entered, SHORTEST_PASSWORD};

/// The address of the sign-in page that leads back to `path` afterwards.
pub fn address(path: &str) -> String {
    let next = if path == "/" { "" } else { path };
    layout::address("/entrar", &[("siguiente", next)])
}

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/entrar", get(ask).post(enter))
        .route("/entrar/codigo", get(ask_code).post(confirm))
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

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    next: String,
    problem: Option<String>,
}

#[derive(Deserialize)]
struct Code {
    codigo: String,
    #[serde(default)]
    siguiente: String,
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
    origin: Origin,
    headers: HeaderMap,
    Form(given): Form<Credentials>,
) -> Result<Response, Error> {
    let attempt =
        sign_in::sign_in(web.store(), &given.usuario, given.clave, origin.client(), web.now())
            .await;
    let (status, problem) = match attempt {
        Ok(entered) => return Ok(let_in(&headers, &entered, &given.siguiente)),
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

fn let_in(headers: &HeaderMap, entered: &Entered, next: &str) -> Response {
    let next = if layout::is_local(next) { next } else { "/" };
    let target = if entered.awaits_code {
        let back = if next == "/" { "" } else { next };
        layout::address("/entrar/codigo", &[("siguiente", back)])
    } else {
        next.to_owned()
    };
    (access::session_cookie(headers, Some(&entered.session)), Redirect::to(&target)).into_response()
}

async fn ask_code(
    State(web): State<Web>,
    headers: HeaderMap,
    Query(next): Query<Next>,
) -> Result<Response, Error> {
    let waits = match access::presented(&headers) {
        Some(secret) => sign_in::waiting_for_code(web.store(), &secret, web.now()).await?.is_some(),
        None => false,
    };
    if !waits {
        return Ok(Redirect::to(&address(&next.siguiente)).into_response());
    }
    Ok(Html(CodePage { next: next.siguiente, problem: None }.render()?).into_response())
}

async fn confirm(
    State(web): State<Web>,
    origin: Origin,
    headers: HeaderMap,
    Form(given): Form<Code>,
) -> Result<Response, Error> {
    let waiting = access::presented(&headers).ok_or(Error::SignedOut)?;
    let (store, seal, now) = (web.store(), web.seal(), web.now());
    let taken = sign_in::confirm(store, seal, &waiting, &given.codigo, origin.client(), now).await;
    let (status, problem) = match taken {
        Ok(session) => {
            let entered = Entered { session, awaits_code: false };
            return Ok(let_in(&headers, &entered, &given.siguiente));
        }
        Err(error @ sign_in::Error::Wait(_)) => (StatusCode::TOO_MANY_REQUESTS, error.to_string()),
        Err(error @ sign_in::Error::Code) => (StatusCode::UNAUTHORIZED, error.to_string()),
        Err(other) => return Err(other.into()),
    };
    let page = CodePage { next: given.siguiente, problem: Some(problem) };
    Ok((status, Html(page.render()?)).into_response())
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
    origin: Origin,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(given): Form<NewPassword>,
) -> Result<Response, Error> {
    let link = Secret::presented(&token);
    if given.clave != given.otra {
        let problem = "Las dos contraseñas no son iguales; escríbelas de nuevo.".to_owned();
        return welcome_page(&web, &link, Some(problem)).await;
    }
    match sign_in::accept_link(web.store(), &link, given.clave, origin.client(), web.now()).await {
        Ok(entered) => Ok(let_in(&headers, &entered, "/")),
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
            sign_in::Error::Password(problem) | sign_in::Error::Refused(problem) => {
                Error::Invalid(problem)
            }
            sign_in::Error::Code => Error::Invalid(error.to_string()),
            sign_in::Error::Store(_)
            | sign_in::Error::Random(_)
            | sign_in::Error::Hashing(_)
            | sign_in::Error::Seal(_) => Error::internal(error),
        }
    }
}
