//! /api/v1/runs: the runs of procedures, and carrying out their present step.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::alerts::AlertJson;
use super::proposal::ProposalJson;
use super::token::{Reader, Writer};
use super::{Body, Refusal, answer as json};
use crate::actions::propose::propose;
use crate::domain::id::RunId;
use crate::domain::procedure::StepId;
use crate::domain::run::{Entry, Event, RecordedEvent, Run, RunState};
use crate::store::DeskRow;
use crate::web::access::Desk;
use crate::web::error::Error;
use crate::web::state::Web;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/api/v1/runs/{id}", get(one))
        .route("/api/v1/runs/{id}/steps", post(answer))
}

/// A run.
#[derive(Serialize, ToSchema)]
pub(super) struct RunJson {
    /// Its id.
    id: String,
    /// Its human number.
    folio: String,
    /// Code of its procedure.
    procedure: String,
    /// Edition it began with.
    edition: String,
    /// What it is about.
    title: String,
    /// Id of its device.
    device_id: Option<String>,
    /// Id of its area.
    area_id: Option<String>,
    /// `open` or `closed`.
    state: &'static str,
    /// The present step, while open.
    step: Option<String>,
    /// `completed` or `recovered`, once closed.
    outcome: Option<&'static str>,
    /// When it was over.
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Timestamp>,
    /// `low`, `normal`, `high` or `urgent`.
    priority: &'static str,
    /// Id of who has it in hand.
    assignee_id: Option<String>,
    /// What it waits for; its clock stands still meanwhile.
    waiting: Option<&'static str>,
    /// Since when it waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    waiting_since: Option<Timestamp>,
    /// The nearer of the deadlines of its step and its own.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    /// Name of who asked for it; empty: nobody did.
    requester: String,
    /// A person has acted on it.
    touched: bool,
    /// Number of its last event: send it back with an answer.
    version: u32,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    /// When something last happened.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Part of the sample municipality.
    sample: bool,
}

/// A run with what happened in it.
#[derive(Serialize, ToSchema)]
pub(super) struct RunDetail {
    #[serde(flatten)]
    run: RunJson,
    /// Its record, in order.
    events: Vec<EventJson>,
    /// Its alerts, oldest first.
    alerts: Vec<AlertJson>,
    /// What the readings propose at the present step; null where it asks nothing they could answer.
    proposal: Option<ProposalJson>,
}

/// A line of a run's record.
#[derive(Serialize, ToSchema)]
struct EventJson {
    /// 1 for the first.
    number: u32,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Name of who did it.
    actor: String,
    /// In which role, or `machine`, `console`, `token`.
    role: String,
    /// `opened`, `completed`, `answered`, `noted`, `alert_joined`, `alert_cleared`, `action_ended` or `recovered`.
    kind: &'static str,
    /// At which step.
    step: Option<String>,
    /// The answer to a question.
    answer: Option<bool>,
    /// What was written.
    note: String,
    /// What the agents said.
    evidence: Option<EvidenceJson>,
    /// Chain hash of the record up to here.
    hash: String,
}

#[derive(Serialize, ToSchema)]
struct EvidenceJson {
    rule: String,
    summary: String,
    source: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    taken_at: Option<Timestamp>,
}

impl RunJson {
    fn new(run: &Run) -> RunJson {
        let (state, outcome, closed_at) = match &run.state {
            RunState::Open { .. } => ("open", None, None),
            RunState::Closed { at, outcome } => ("closed", Some(outcome.as_str()), Some(*at)),
        };
        RunJson {
            id: run.id.to_string(),
            folio: run.folio.clone(),
            procedure: run.procedure.clone(),
            edition: run.edition.clone(),
            title: run.title.clone(),
            device_id: run.device.as_ref().map(ToString::to_string),
            area_id: run.area.as_ref().map(ToString::to_string),
            state,
            step: run.present_step().map(ToString::to_string),
            outcome,
            closed_at,
            priority: run.priority.as_str(),
            assignee_id: run.assignee.as_ref().map(ToString::to_string),
            waiting: run.waiting.as_ref().map(|waiting| waiting.wait.as_str()),
            waiting_since: run.waiting.as_ref().map(|waiting| waiting.since),
            due_at: run.clock.step_due_at.into_iter().chain(run.clock.due_at).min(),
            requester: run.requester.name.clone(),
            touched: run.touched,
            version: run.version,
            opened_at: run.opened_at,
            updated_at: run.updated_at,
            sample: run.sample,
        }
    }
}

impl RunJson {
    /// A run as the list has it.
    pub(super) fn of_row(row: &DeskRow) -> RunJson {
        RunJson {
            id: row.id.to_string(),
            folio: row.folio.clone(),
            procedure: row.procedure.clone(),
            edition: row.edition.clone(),
            title: row.title.clone(),
            device_id: row.device.as_ref().map(|(id, _)| id.to_string()),
            area_id: row.area.as_ref().map(|(id, _)| id.to_string()),
            state: if row.closed.is_none() { "open" } else { "closed" },
            step: row.step.as_ref().map(ToString::to_string),
            outcome: row.closed.map(|(outcome, _)| outcome.as_str()),
            closed_at: row.closed.map(|(_, at)| at),
            priority: row.priority.as_str(),
            assignee_id: row.assignee.as_ref().map(|(id, _)| id.to_string()),
            waiting: row.waiting.map(|(wait, _)| wait.as_str()),
            waiting_since: row.waiting.map(|(_, since)| since),
            due_at: row.due_at,
            requester: row.requester.clone(),
            touched: row.touched,
            version: row.version,
            opened_at: row.opened_at,
            updated_at: row.updated_at,
            sample: row.sample,
        }
    }
}

impl EventJson {
    fn new(event: RecordedEvent) -> EventJson {
        EventJson {
            number: event.number,
            at: event.at,
            actor: event.actor,
            role: event.role,
            kind: event.kind.as_str(),
            step: event.step.map(|step| step.to_string()),
            answer: event.answer,
            note: event.note,
            evidence: event.evidence.map(|evidence| EvidenceJson {
                rule: evidence.rule,
                summary: evidence.summary,
                source: evidence.source,
                taken_at: evidence.taken_at,
            }),
            hash: event.hash,
        }
    }
}

#[utoipa::path(get, path = "/api/v1/runs/{id}", params(("id", description = "Id of the run")),
    responses((status = 200, description = "The run and its record", body = RunDetail),
    (status = 401, body = Refusal), (status = 404, body = Refusal)))]
pub(super) async fn one(
    _: Reader,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    Ok(json(detail(&web, &RunId::new(id)).await?))
}

pub(super) async fn detail(web: &Web, id: &RunId) -> Result<RunDetail, Error> {
    let mut read = web.read().await?;
    let run = read.run(id).await.map_err(Error::internal)?;
    let run = run.ok_or_else(|| Error::NotFound("No hay ningún trámite con ese id.".into()))?;
    let events = read.run_events(id).await.map_err(Error::internal)?;
    let alerts = read.alerts_of_run(id).await.map_err(Error::internal)?;
    let proposal = propose(&mut read, web.bench(), &run, web.now()).await?;
    Ok(RunDetail {
        run: RunJson::new(&run),
        events: events.into_iter().map(EventJson::new).collect(),
        alerts: alerts.iter().map(AlertJson::new).collect(),
        proposal: proposal.map(ProposalJson::new),
    })
}

/// What is done at the present step.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StepAnswer {
    /// The step, which must be the present one.
    step: String,
    /// The version the answer was made for; left out: whatever it is now.
    version: Option<u32>,
    /// Yes or no, for a question; left out for an action that was carried out.
    answer: Option<bool>,
    /// What was found or done, at most 4,000 characters.
    #[serde(default)]
    note: String,
}

#[utoipa::path(post, path = "/api/v1/runs/{id}/steps", params(("id", description = "Id of the run")),
    request_body = StepAnswer,
    responses((status = 200, description = "The run afterwards", body = RunDetail),
    (status = 401, body = Refusal), (status = 403, body = Refusal), (status = 404, body = Refusal),
    (status = 409, description = "Somebody was faster", body = Refusal), (status = 422, body = Refusal)))]
pub(super) async fn answer(
    Writer(desk): Writer<Desk>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(given): Body<StepAnswer>,
) -> Result<Response, Error> {
    let id = RunId::new(id);
    let (step, note) = (StepId::new(given.step), given.note);
    let event = match given.answer {
        Some(yes) => Event::Answer { step, yes, entry: Entry::note(note), proposal: None },
        None => Event::Complete { step, entry: Entry::note(note) },
    };
    desk.advance(&id, given.version, event).await?;
    Ok(json(detail(&web, &id).await?))
}
