//! Trámite: one run with its steps, who did what and when, the evidence, and what is to be done now.

mod acts;
mod course;
mod form;
mod manage;
mod network_test;
mod proposal;
mod sheet;
pub mod timeline;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;

use self::course::CourseView;
use self::manage::{Deadline, Link, Manage};
use self::network_test::NetworkTestView;
use self::proposal::ProposalView;
use self::timeline::{EventView, Standing, StepView};
use super::access::Viewer;
use super::attachments::Panel;
use super::error::Error;
use super::fields::{self, FieldView, Typed};
use super::layout::{Layout, Page, Place};
use super::markup::Look;
use super::state::Web;
use super::{assets, markup, signing, units, words};
use crate::actions::propose::propose;
use crate::domain::alert::Alert;
use crate::domain::id::RunId;
use crate::domain::procedure::{Need, Procedure, Step, StepKind, Subjects};
use crate::domain::run::{Course, Run, RunState, Waiting};

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/tramites/{id}", get(show))
        .route("/tramites/{id}/comprobar", post(proposal::verify))
        .merge(acts::router())
        .route("/tramites/{id}/prueba-red", post(network_test::order))
        .route("/tramites/{id}/equipos/{device}", get(sheet::show))
        .route("/tramites/{id}/equipos/{device}/ordenes", post(sheet::order))
        .route("/tramites/{id}/equipos/{device}/confirmar", post(sheet::confirm))
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
    assignee: Option<String>,
    steps: Vec<StepView>,
    others: Vec<EventView>,
    alerts: Vec<AlertView>,
    attachments: Panel,
    signing: Option<signing::Panel>,
    proposal: Option<ProposalView>,
    network_test: Option<NetworkTestView>,
    may_act: bool,
    todo: Option<Todo>,
    course: Option<CourseView>,
    manage: Manage,
    due: Vec<Deadline>,
    waiting: Option<Waiting>,
    links: Vec<Link>,
    given: Vec<(String, String)>,
    /// Why the last thing was not taken; what was written stays in its form.
    problem: Option<String>,
    sent: Typed,
}

/// The form of the present step.
struct Todo {
    fields: Vec<FieldView>,
    needs_note: bool,
    /// What the step asks for beside its fields, in words.
    needs: Vec<&'static str>,
    plans: bool,
    /// What yes and no are called and where they lead.
    answers: Option<[(String, String); 2]>,
    /// It ends the run and opens another one at this step.
    restarts: Option<String>,
    /// The document that comes out of it.
    document: Option<&'static str>,
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
    page: Page<Viewer>,
) -> Result<Response, Error> {
    let page = run_page(&web, page, &RunId::new(id), None, Typed::default()).await?;
    Ok(Html(page.render()?).into_response())
}

/// A run, if it is theirs to see, and the edition it began with.
pub(super) async fn visible(
    web: &Web,
    page: &mut Page<Viewer>,
    id: &RunId,
) -> Result<(Run, Procedure), Error> {
    let run = page.viewer.run(&mut page.read, id).await?;
    let missing = || Error::internal(format!("procedure {} is not known", run.procedure));
    let procedure = web.procedure(&run.procedure, &run.edition).ok_or_else(missing)?.clone();
    Ok((run, procedure))
}

async fn run_page(
    web: &Web,
    mut page: Page<Viewer>,
    id: &RunId,
    problem: Option<String>,
    sent: Typed,
) -> Result<RunPage, Error> {
    let (run, procedure) = visible(web, &mut page, id).await?;
    let events = page.read.run_events(id).await.map_err(Error::internal)?;
    let alerts = page.read.alerts_of_run(id).await.map_err(Error::internal)?;
    let attachments = Panel::of(&mut page.read, id, &page.viewer).await?;
    let signing = signing::Panel::of(&mut page, &run, &procedure).await?;
    let fleet = page.fleet.clone();
    let row = run.device.as_ref().and_then(|id| fleet.rows.iter().find(|row| row.id == *id));
    let area = run.area.as_ref().and_then(|id| fleet.areas.iter().find(|area| area.id == *id));
    let present = run.present_step().and_then(|id| procedure.step(id));
    let network_test = match procedure.subjects() {
        Some(Subjects::Networks) => {
            let ordered = page.read.actions_of_run(id, network_test::SHOWN).await;
            let may = page.viewer.operates() && run.is_open() && run.subject.is_some();
            let ordered = ordered.map_err(Error::internal)?;
            Some(NetworkTestView::new(ordered, &page.fleet, may, page.now))
        }
        Some(Subjects::Areas) | None => None,
    };
    let proposed = propose(&mut page.read, web.bench(), &run, page.now).await?;
    let steps = timeline::steps(&procedure, &run, &events);
    let open = alerts.iter().filter(|alert| alert.cleared_at.is_none());
    let critical = open.clone().any(|alert| alert.severity.is_critical());
    let open = i64::try_from(open.count()).unwrap_or(i64::MAX);
    let actor = page.viewer.actor();
    let may_act = present.is_some_and(|step| actor.may_act_as(step.role));
    let course = course(&mut page, &procedure, present, &run, &sent).await?;
    let manage = Manage::new(&mut page, &run, &events, present, may_act).await?;
    let links = manage::links(&mut page, &run).await?;
    Ok(RunPage {
        state: match &run.state {
            RunState::Open { .. } if run.waiting.is_some() => {
                Look { class: "pending", icon: "pending", word: "En espera" }
            }
            RunState::Open { .. } => words::open_run(open, critical),
            RunState::Closed { outcome, .. } => words::outcome(*outcome),
        },
        closed: match &run.state {
            RunState::Open { .. } => None,
            RunState::Closed { at, outcome } => Some((*at, words::outcome(*outcome).word)),
        },
        device: row.map(|row| (row.id.to_string(), row.name.clone())),
        area: area.map(|area| area.name.clone()),
        assignee: manage.assignee.clone(),
        others: timeline::others(&procedure, &events),
        network_test,
        proposal: proposed.map(|said| ProposalView::new(said, present)),
        todo: present.filter(|_| may_act).map(|step| todo(step, &run, &sent)),
        due: manage::deadlines(&run, &web.bench().hours, page.now),
        waiting: run.waiting.clone(),
        given: given(&procedure, &run),
        may_act,
        attachments,
        course,
        manage,
        links,
        alerts: alerts.into_iter().map(alert).collect(),
        layout: page.layout(run.folio.clone(), Place::Desk),
        signing,
        steps,
        procedure,
        run,
        problem,
        sent,
    })
}

async fn course(
    page: &mut Page<Viewer>,
    procedure: &Procedure,
    step: Option<&Step>,
    run: &Run,
    sent: &Typed,
) -> Result<Option<CourseView>, Error> {
    if procedure.subjects().is_none() {
        return Ok(None);
    }
    let subjects = page.read.run_subjects(&run.id).await.map_err(Error::internal)?;
    let mut course = Course { subjects, ..Course::default() };
    if run.subject.is_some() {
        course.devices =
            page.read.run_devices(&run.id, run.subject).await.map_err(Error::internal)?;
    }
    let progress = page.read.run_progress(&run.id).await.map_err(Error::internal)?;
    Ok(CourseView::new((procedure, step), run, &course, &progress, sent))
}

fn todo(step: &Step, run: &Run, sent: &Typed) -> Todo {
    let need = |need: Need| match need {
        Need::Note => "una nota",
        Need::Attachment => "un archivo, en «Archivos»",
        Need::Signature => "una firma",
    };
    // Another form of the page that was refused says nothing of these fields.
    let none = Typed::default();
    let typed = if sent.get("paso").is_empty() { &none } else { sent };
    let named = |label: &Option<String>, usual: &str| label.as_deref().unwrap_or(usual).to_owned();
    Todo {
        fields: fields::views(&step.fields, typed, &run.fields),
        needs_note: step.needs(Need::Note),
        needs: step.needs.iter().map(|one| need(*one)).collect(),
        plans: step.plans,
        answers: match &step.kind {
            StepKind::Question { yes, no, yes_label, no_label } => Some([
                (named(yes_label, "Sí"), yes.to_string()),
                (named(no_label, "No"), no.to_string()),
            ]),
            StepKind::Action { .. } | StepKind::Restart { .. } | StepKind::End { .. } => None,
        },
        restarts: match &step.kind {
            StepKind::Restart { to } => Some(to.to_string()),
            _ => None,
        },
        document: step.document.map(|document| document.title()),
    }
}

/// What was given so far, with the labels of the fields.
fn given(procedure: &Procedure, run: &Run) -> Vec<(String, String)> {
    let fields = procedure.steps.iter().flat_map(|step| &step.fields);
    let mut given: Vec<(String, String)> = Vec::new();
    for field in fields {
        if let Some(value) = run.fields.get(&field.name)
            && given.iter().all(|(label, _)| *label != field.label)
        {
            given.push((field.label.clone(), value.clone()));
        }
    }
    given
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

/// Back to the run, or the run as it is now with what was wrong and what had been written.
async fn outcome(
    web: &Web,
    page: Page<Viewer>,
    id: &RunId,
    taken: Result<Run, Error>,
    sent: Typed,
) -> Result<Response, Error> {
    let (status, problem) = match taken {
        Ok(_) => return Ok(Redirect::to(&format!("/tramites/{id}")).into_response()),
        Err(Error::Conflict(problem)) => (StatusCode::CONFLICT, problem),
        Err(Error::Invalid(problem)) => (StatusCode::UNPROCESSABLE_ENTITY, problem),
        Err(other) => return Err(other),
    };
    let page = page.renewed(web).await?;
    let page = run_page(web, page, id, Some(problem), sent).await?;
    Ok((status, Html(page.render()?)).into_response())
}
