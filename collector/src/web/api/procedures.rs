//! /api/v1/procedures: the written procedures as data, the present edition or one by its name.

mod shape;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use utoipa::IntoParams;

use super::token::Reader;
use super::{Query, Range, Refusal, answer};
use crate::web::error::Error;
use crate::web::state::Web;

pub use shape::ProcedureJson;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/api/v1/procedures", get(list))
        .route("/api/v1/procedures/{code}", get(one))
}

/// Which edition.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct Wanted {
    /// Its name; left out: the present one.
    edition: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/procedures", params(Range), responses(
    (status = 200, description = "All procedures, their present editions", body = super::List<ProcedureJson>),
    (status = 401, body = Refusal)))]
pub(super) async fn list(
    _: Reader,
    State(web): State<Web>,
    Query(range): Query<Range>,
) -> Result<Response, Error> {
    let range = range.checked()?;
    let all = web.library().all();
    let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let part = all.iter().skip(range.offset as usize).take(range.limit as usize);
    Ok(answer(range.list(part.map(|one| ProcedureJson::new(one)).collect(), total).0))
}

#[utoipa::path(get, path = "/api/v1/procedures/{code}",
    params(("code", description = "Code of the procedure, e.g. corrective"), Wanted),
    responses((status = 200, description = "The present edition, or the one asked for", body = ProcedureJson),
    (status = 401, body = Refusal), (status = 404, body = Refusal)))]
pub(super) async fn one(
    _: Reader,
    State(web): State<Web>,
    Path(code): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Error> {
    let found = match &wanted.edition {
        Some(edition) => web.library().edition(&code, edition),
        None => web.library().get(&code),
    };
    let missing = "No hay ningún procedimiento con ese código y edición.";
    Ok(answer(ProcedureJson::new(found.ok_or_else(|| Error::NotFound(missing.into()))?)))
}
