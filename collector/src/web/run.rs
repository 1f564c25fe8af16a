//! Trámite: one run with its steps, who did what and when, the evidence, and the present question.

mod proposal;
mod timeline;

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;

use self::proposal::ProposalView;
use self::timeline::{EventView, Standing, StepView};
use super::access::Desk;
use super::attachments::Panel;
use super::error::Error;
use super::layout::{Layout, Page, Place};
use super::markup::Look;
use super::state::Web;
use super::{assets, markup, signing, words};
use crate::actions::propose::propose;
use crate::domain::alert::Alert;
use crate::domain::id::RunId;
use crate::domain::procedure::{Procedure, StepId};
use crate::domain::run::{Entry, Event, Run, RunState};

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/tramites/{id}", get(show))
        .route("/tramites/{id}/pasos", post(answer))
        .route("/tramites/{id}/notas", post(note))
        .route("/tramites/{id}/comprobar", post(proposal::verify))
}

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    layout: Layout,
    run: Run,
    procedure: Procedure,
    state: Look,
    closed: Option<(Timestamp, &'static str)>,
    device: Option<(String, String)>,
    area: Option<String>,
    steps: Vec<StepView>,
    others: Vec<EventView>,
    alerts: Vec<AlertView>,
    attachments: Panel,
    signing: Option<signing::Panel>,
    proposal: Option<ProposalView>,
    may_act: bool,
    /// Why the last answer was not taken, with the note that was written so that it is not lost.
    problem: Option<String>,
    written: String,
}

struct AlertView {
    look: Look,
    summary: String,
    opened_at: Timestamp,
    cleared_at: Option<Timestamp>,
}

async fn show(
    State(web): State<Web>,
    Path(id): Path<String>,
    page: Page,
) -> Result<Response, Error> {
    let page = run_page(&web, page, &RunId::new(id), None, String::new()).await?;
    Ok(Html(page.render()?).into_response())
}

async fn run_page(
    web: &Web,
    mut page: Page,
    id: &RunId,
    problem: Option<String>,
    written: String,
) -> Result<RunPage, Error> {
    let run = page.read.run(id).await.map_err(Error::internal)?;
    let run =
        run.ok_or_else(|| Error::NotFound("No hay ningún trámite con ese identificador.".into()))?;
    let events = page.read.run_events(id).await.map_err(Error::internal)?;
    let alerts = page.read.alerts_of_run(id).await.map_err(Error::internal)?;
    let attachments = Panel::of(&mut page.read, id, &page.viewer).await?;
    let missing = || Error::internal(format!("procedure {} is not known", run.procedure));
    let procedure = web.procedure(&run.procedure, &run.edition).ok_or_else(missing)?.clone();
    let signing = signing::Panel::of(&mut page, &run, &procedure).await?;
    let row = run.device.as_ref().and_then(|id| page.fleet.rows.iter().find(|row| row.id == *id));
    let area = run.area.as_ref().and_then(|id| page.fleet.areas.iter().find(|area| area.id == *id));
    let present = run.present_step().and_then(|id| procedure.step(id));
    let proposed = propose(&mut page.read, web.bench(), &run, page.now).await?;
    let steps = timeline::steps(&procedure, &run, &events);
    let open = alerts.iter().filter(|alert| alert.cleared_at.is_none());
    let critical = open.clone().any(|alert| alert.severity.is_critical());
    let open = i64::try_from(open.count()).unwrap_or(i64::MAX);
    Ok(RunPage {
        state: match &run.state {
            RunState::Open { .. } => words::open_run(open, critical),
            RunState::Closed { outcome, .. } => words::outcome(*outcome),
        },
        closed: match &run.state {
            RunState::Open { .. } => None,
            RunState::Closed { at, outcome } => Some((*at, words::outcome(*outcome).word)),
        },
        device: row.map(|row| (row.id.to_string(), row.name.clone())),
        area: area.map(|area| area.name.clone()),
        others: timeline::others(&events),
        proposal: proposed.map(|said| ProposalView::new(said, present)),
        may_act: present.is_some_and(|step| page.viewer.actor().may_act_as(step.role)),
        alerts: alerts.into_iter().map(alert).collect(),
        layout: page.layout(run.folio.clone(), Place::Desk),
        attachments,
        signing,
        steps,
        procedure,
        run,
        problem,
        written,
    })
}

fn alert(alert: Alert) -> AlertView {
    let look = words::alert(alert.rule, alert.severity);
    AlertView {
        look: if alert.cleared_at.is_some() {
            Look { word: look.word, ..words::CLEARED }
        } else {
            look
        },
        summary: alert.summary,
        opened_at: alert.opened_at,
        cleared_at: alert.cleared_at,
    }
}

#[derive(Deserialize)]
struct StepForm {
    paso: String,
    version: u32,
    #[serde(default)]
    respuesta: String,
    #[serde(default)]
    nota: String,
}

impl StepForm {
    fn event(&self) -> Result<Event, Error> {
        let (step, entry) = (StepId::new(self.paso.clone()), Entry::note(self.nota.clone()));
        match self.respuesta.as_str() {
            "" => Ok(Event::Complete { step, entry }),
            "si" => Ok(Event::Answer { step, yes: true, entry, proposal: None }),
            "no" => Ok(Event::Answer { step, yes: false, entry, proposal: None }),
            _ => Err(Error::Invalid("La respuesta debe ser sí o no.".into())),
        }
    }
}

#[derive(Deserialize)]
struct NoteForm {
    texto: String,
}

async fn answer(
    State(web): State<Web>,
    Path(id): Path<String>,
    desk: Desk,
    page: Page,
    Form(form): Form<StepForm>,
) -> Result<Response, Error> {
    let id = RunId::new(id);
    let taken = desk.advance(&id, Some(form.version), form.event()?).await;
    outcome(&web, page, &id, taken, form.nota).await
}

async fn note(
    State(web): State<Web>,
    Path(id): Path<String>,
    desk: Desk,
    page: Page,
    Form(form): Form<NoteForm>,
) -> Result<Response, Error> {
    let id = RunId::new(id);
    let taken = desk.advance(&id, None, Event::Note { text: form.texto.clone() }).await;
    outcome(&web, page, &id, taken, form.texto).await
}

/// Back to the run, or the run as it is now with what was wrong and what had been written.
async fn outcome(
    web: &Web,
    page: Page,
    id: &RunId,
    taken: Result<Run, Error>,
    written: String,
) -> Result<Response, Error> {
    let (status, problem) = match taken {
        Ok(_) => return Ok(Redirect::to(&format!("/tramites/{id}")).into_response()),
        Err(Error::Conflict(problem)) => (StatusCode::CONFLICT, problem),
        Err(Error::Invalid(problem)) => (StatusCode::UNPROCESSABLE_ENTITY, problem),
        Err(other) => return Err(other),
    };
    let page = page.renewed(web).await?;
    let page = run_page(web, page, id, Some(problem), written).await?;
    Ok((status, Html(page.render()?)).into_response())
}
