//! /api/v1/procedures: the written procedures as data.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use utoipa::ToSchema;

use super::token::Reader;
use super::{Query, Range, Refusal, answer};
use crate::domain::procedure::{Procedure, Step, StepKind};
use crate::web::error::Error;
use crate::web::state::Web;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/api/v1/procedures", get(list))
        .route("/api/v1/procedures/{code}", get(one))
}

/// A procedure.
#[derive(Serialize, ToSchema)]
pub(super) struct ProcedureJson {
    /// Short name.
    code: String,
    /// Name in the manual.
    title: String,
    /// Edition.
    edition: String,
    /// Manual and place it comes from.
    source: String,
    /// Its steps, in the manual's order.
    steps: Vec<StepJson>,
}

/// A step.
#[derive(Serialize, ToSchema)]
struct StepJson {
    /// Number in the manual.
    no: u32,
    /// Id: the number, with a letter where a step was added.
    id: String,
    /// Who carries it out.
    role: &'static str,
    /// `action`, `question` or `end`.
    kind: &'static str,
    /// What is to be done or asked.
    text: String,
    /// What follows; left out at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<NextJson>,
    /// What the manual leaves open.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// What follows a step: its id, or one for each answer.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum NextJson {
    /// After an action.
    Step(String),
    /// After a question.
    Branch {
        /// After a yes.
        yes: String,
        /// After a no.
        no: String,
    },
}

impl ProcedureJson {
    fn new(procedure: &Procedure) -> ProcedureJson {
        ProcedureJson {
            code: procedure.code.clone(),
            title: procedure.title.clone(),
            edition: procedure.edition.clone(),
            source: procedure.source.clone(),
            steps: procedure.steps.iter().map(StepJson::new).collect(),
        }
    }
}

impl StepJson {
    fn new(step: &Step) -> StepJson {
        let (kind, next) = match &step.kind {
            StepKind::Action { next } => ("action", Some(NextJson::Step(next.to_string()))),
            StepKind::Question { yes, no, .. } => {
                ("question", Some(NextJson::Branch { yes: yes.to_string(), no: no.to_string() }))
            }
            StepKind::Restart { to } => ("restart", Some(NextJson::Step(to.to_string()))),
            StepKind::End { .. } => ("end", None),
        };
        StepJson {
            no: step.number,
            id: step.id.to_string(),
            role: step.role.as_str(),
            kind,
            text: step.text.clone(),
            next,
            note: step.note.clone(),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/procedures", params(Range), responses(
    (status = 200, description = "All procedures", body = super::List<ProcedureJson>),
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
    Ok(answer(range.list(part.map(ProcedureJson::new).collect(), total).0))
}

#[utoipa::path(get, path = "/api/v1/procedures/{code}",
    params(("code", description = "Code of the procedure, e.g. corrective")),
    responses((status = 200, description = "The present edition", body = ProcedureJson),
    (status = 401, body = Refusal), (status = 404, body = Refusal)))]
pub(super) async fn one(
    _: Reader,
    State(web): State<Web>,
    Path(code): Path<String>,
) -> Result<Response, Error> {
    let found = web.library().get(&code);
    let found = found
        .ok_or_else(|| Error::NotFound("No hay ningún procedimiento con ese código.".into()))?;
    Ok(answer(ProcedureJson::new(found)))
}
