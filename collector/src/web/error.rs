//! The one error of the web side: every failure becomes a page in Spanish, or JSON under /api/, with
//! the request's id. It must not show what a library said: that goes to the log, once, with the id.

use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::{assets, markup, since};

/// Why a request was not answered as asked. The texts are for the person who asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in, or the token is not one of ours.
    #[error("Inicia sesión para ver esta página.")]
    SignedOut,
    /// Signed in, but whoever administers needs a second factor first.
    #[error("Antes de seguir registra tu segundo factor en «Mi cuenta».")]
    SecondFactor,
    /// Signed in, but this is for others.
    #[error("{0}")]
    Forbidden(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// What was sent cannot be used; says what, and how it should be.
    #[error("{0}")]
    Invalid(String),
    /// Somebody else was faster; says who and when.
    #[error("{0}")]
    Conflict(String),
    /// Too many attempts.
    #[error("Demasiados intentos: espera {0} s y vuelve a intentarlo.")]
    TooMany(u64),
    /// Our fault. The text is for the log only.
    #[error("Algo falló en el colector. Ya quedó anotado; vuelve a intentarlo en un momento.")]
    Internal(String),
}

impl Error {
    /// A failure of ours, kept for the log.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        Error::Internal(error.to_string())
    }

    fn status(&self) -> StatusCode {
        match self {
            Error::SignedOut => StatusCode::UNAUTHORIZED,
            Error::Forbidden(_) | Error::SecondFactor => StatusCode::FORBIDDEN,
            Error::NotFound(_) => StatusCode::NOT_FOUND,
            Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Conflict(_) => StatusCode::CONFLICT,
            Error::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<crate::actions::Error> for Error {
    fn from(error: crate::actions::Error) -> Self {
        use crate::actions::Error as Action;
        match error {
            Action::Stale { ref by, at } => {
                let at = since::local(at);
                Error::Conflict(format!("{by} ya atendió este paso el {at}: mira cómo quedó."))
            }
            Action::Overtaken => Error::Conflict(sentence(&error)),
            Action::Refused(_) | Action::Unfitting(_) | Action::Unfit(_) => {
                Error::Invalid(sentence(&error))
            }
            Action::NotAllowed(_) => Error::Forbidden(sentence(&error)),
            Action::NotFound(_) => Error::NotFound(sentence(&error)),
            Action::Store(_) | Action::NoProcedure { .. } | Action::Disk(_) => {
                Error::internal(error)
            }
        }
    }
}

/// With a capital letter and a full stop: actions word their refusals as parts of a sentence.
fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut rest = text.chars();
    let first: String = rest.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", rest.as_str().trim_end_matches('.'))
}

impl From<askama::Error> for Error {
    fn from(error: askama::Error) -> Self {
        Error::internal(error)
    }
}

/// Says which error a response stands for; [`present`] gives it its body.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives every refusal its body, also those of the layers below (size, time, unknown address).
pub async fn present(request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().simple().to_string();
    let asked = Asked::of(&request);
    let response = next.run(request).await;
    let status = response.status();
    let own = response.extensions().get::<Error>().cloned();
    let mut answer = match (&own, status) {
        (Some(error), _) => asked.answer(error, status, &id),
        (None, status) if asked.api && (status.is_client_error() || status.is_server_error()) => {
            asked.answer(&of_status(status), status, &id)
        }
        (None, status) if wants_body(&response) => asked.answer(&of_status(status), status, &id),
        _ => response,
    };
    if let Some(Error::Internal(cause)) = &own {
        tracing::error!(request = id, path = asked.path, cause, "a request failed");
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        answer.headers_mut().insert("x-request-id", id);
    }
    answer
}

/// A refusal by a layer: an error status that is not one of our pages.
fn wants_body(response: &Response) -> bool {
    let status = response.status();
    let html = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    (status.is_client_error() || status.is_server_error())
        && status != StatusCode::SERVICE_UNAVAILABLE
        && !html
}

fn of_status(status: StatusCode) -> Error {
    match status {
        StatusCode::NOT_FOUND => Error::NotFound("No hay nada en esta dirección.".into()),
        StatusCode::METHOD_NOT_ALLOWED => {
            Error::Invalid("Esta dirección no admite ese método.".into())
        }
        StatusCode::PAYLOAD_TOO_LARGE => Error::Invalid("Lo enviado es demasiado grande.".into()),
        StatusCode::FORBIDDEN => Error::Forbidden(
            "La petición vino de otro sitio y se rechazó para protegerte. Abre la página de \
             Atalaya y hazlo desde ahí."
                .into(),
        ),
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => {
            Error::Internal("the request took too long".into())
        }
        status if status.is_server_error() => Error::Internal(status.to_string()),
        _ => Error::Invalid("No se entendió lo que se envió. Revisa los campos.".into()),
    }
}

/// What is needed of the request to answer in its own manner.
struct Asked {
    api: bool,
    /// htmx asks for a part of a page: it follows a header, not a redirect.
    part: bool,
    path: String,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let api = path.starts_with("/api/");
        Asked { api, part: request.headers().contains_key("hx-request"), path }
    }

    fn answer(&self, error: &Error, status: StatusCode, id: &str) -> Response {
        if self.api {
            return self.json(error, status, id);
        }
        let elsewhere = match error {
            Error::SignedOut => Some(super::sign_in::address(&self.path)),
            Error::SecondFactor => Some("/cuenta/segundo-factor".to_owned()),
            _ => None,
        };
        if let Some(target) = elsewhere {
            return if self.part {
                (status, [("hx-redirect", target)]).into_response()
            } else {
                Redirect::to(&target).into_response()
            };
        }
        let page = ErrorPage { status: status.as_u16(), title: title(error), error, id };
        let body = page.render().unwrap_or_else(|_| title(error).to_owned());
        let mut response = (status, Html(body)).into_response();
        retry_after(error, &mut response);
        response
    }

    fn json(&self, error: &Error, status: StatusCode, id: &str) -> Response {
        let message = match error {
            Error::SignedOut => {
                "Falta un token válido: envía la cabecera Authorization: Bearer TOKEN.".to_owned()
            }
            other => other.to_string(),
        };
        let body = serde_json::json!({
            "error": {"code": code(error), "message": message, "request_id": id}
        });
        let mut response = (status, axum::Json(body)).into_response();
        if let Error::SignedOut = error {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        retry_after(error, &mut response);
        response
    }
}

fn retry_after(error: &Error, response: &mut Response) {
    if let Error::TooMany(seconds) = error {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
    }
}

fn code(error: &Error) -> &'static str {
    match error {
        Error::SignedOut => "unauthenticated",
        Error::SecondFactor => "second_factor",
        Error::Forbidden(_) => "forbidden",
        Error::NotFound(_) => "not_found",
        Error::Invalid(_) => "invalid",
        Error::Conflict(_) => "conflict",
        Error::TooMany(_) => "too_many_attempts",
        Error::Internal(_) => "internal",
    }
}

fn title(error: &Error) -> &'static str {
    match error {
        Error::SignedOut => "Inicia sesión",
        Error::SecondFactor => "Falta tu segundo factor",
        Error::Forbidden(_) => "No tienes permiso",
        Error::NotFound(_) => "No se encontró",
        Error::Invalid(_) => "Hay algo que corregir",
        Error::Conflict(_) => "Alguien se adelantó",
        Error::TooMany(_) => "Espera un momento",
        Error::Internal(_) => "Algo falló",
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    status: u16,
    title: &'static str,
    error: &'a Error,
    id: &'a str,
}
