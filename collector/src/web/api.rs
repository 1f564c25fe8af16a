//! The JSON API under /api/v1, for programs that hold a token. Words are those of the store and the log;
//! lists are bounded. A web session opens nothing here.

mod actions;
mod alerts;
mod desk;
mod devices;
mod network_devices;
mod procedures;
mod proposal;
mod runs;
mod token;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{IntoParams, Modify, OpenApi, ToSchema};

pub use procedures::ProcedureJson;

use super::error::Error;
use super::state::Web;

/// Entries of a list unless asked otherwise, and the most that may be asked for.
const LIMIT: u32 = 100;
const MOST: u32 = 500;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/api/openapi.json", get(async || Json(Description::openapi())))
        .merge(devices::router())
        .merge(actions::router())
        .merge(network_devices::router())
        .merge(alerts::router())
        .merge(desk::router())
        .merge(runs::router())
        .merge(procedures::router())
}

/// The description served at /api/openapi.json.
#[derive(OpenApi)]
#[openapi(
    info(title = "Atalaya", description = "Equipos, alertas, trámites y procedimientos del municipio."),
    paths(
        devices::list,
        devices::one,
        actions::list,
        actions::order,
        network_devices::list,
        alerts::list,
        desk::list,
        desk::assign,
        desk::prioritise,
        desk::comment,
        runs::one,
        runs::answer,
        procedures::list,
        procedures::one
    ),
    modifiers(&Bearer),
    security(("token" = []))
)]
struct Description;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme.build()));
    }
}

/// A refusal, as every address under /api/ answers it.
#[derive(Serialize, ToSchema)]
struct Refusal {
    /// What was wrong.
    error: RefusalDetail,
}

#[derive(Serialize, ToSchema)]
struct RefusalDetail {
    /// One of `unauthenticated`, `forbidden`, `not_found`, `invalid`, `conflict`, `too_many_attempts`,
    /// `internal`.
    code: String,
    /// For people, in Spanish.
    message: String,
    /// Names this request in the collector's log.
    request_id: String,
}

/// Something another entry refers to.
#[derive(Serialize, ToSchema)]
struct Named {
    /// Its id.
    id: String,
    /// Its name or folio.
    name: String,
}

/// Part of a list.
#[derive(Serialize, ToSchema)]
struct List<T: ToSchema> {
    /// The entries asked for.
    items: Vec<T>,
    /// Entries in all.
    total: i64,
    /// Entries passed over.
    offset: u32,
    /// Most entries that could be here.
    limit: u32,
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
struct Range {
    /// Entries to pass over.
    #[serde(default)]
    offset: u32,
    /// Most entries to give, 1 to 500.
    #[serde(default = "default_limit")]
    limit: u32,
}

fn default_limit() -> u32 {
    LIMIT
}

impl Range {
    fn checked(self) -> Result<Range, Error> {
        if self.limit == 0 || self.limit > MOST {
            let limit = self.limit;
            return Err(Error::Invalid(format!(
                "limit={limit} no sirve: debe estar entre 1 y {MOST}."
            )));
        }
        Ok(self)
    }

    fn list<T: ToSchema>(self, items: Vec<T>, total: i64) -> Json<List<T>> {
        Json(List { items, total, offset: self.offset, limit: self.limit })
    }
}

/// A query whose refusal names the parameter.
struct Query<T>(T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: serde::de::DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Self, Error> {
        let read = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        let refused = |refused: QueryRejection| {
            Error::Invalid(format!("Los parámetros no sirven: {}.", refused.body_text()))
        };
        read.map(|query| Query(query.0)).map_err(refused)
    }
}

/// A body whose refusal names the field.
struct Body<T>(T);

impl<T, S> FromRequest<S> for Body<T>
where
    T: serde::de::DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Error> {
        let read = Json::<T>::from_request(request, state).await;
        let refused = |refused: JsonRejection| {
            Error::Invalid(format!("El cuerpo JSON no sirve: {}.", refused.body_text()))
        };
        read.map(|body| Body(body.0)).map_err(refused)
    }
}

/// A word that is none of ours, with those that would do.
fn unknown_word(parameter: &str, given: &str, known: &[&str]) -> Error {
    let given: String = given.chars().take(60).collect();
    Error::Invalid(format!("{parameter}=«{given}» no se conoce: puede ser {}.", known.join(", ")))
}

/// Made to be returned by handlers.
fn answer(value: impl Serialize) -> Response {
    Json(value).into_response()
}
