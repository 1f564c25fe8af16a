//! The sheet of one PC within a run: what its readings answer to the procedure's questions, its ports beside what its area
//! permits, the orders that follow from them, how it was before and after.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;

use crate::actions::order_action::Order;
use crate::actions::propose::{Difference, answers_of_device, changes};
use crate::domain::action;
use crate::domain::firewall_policy::permitted;
use crate::domain::id::{DeviceId, RunId};
use crate::domain::procedure::{Step, StepId};
use crate::domain::reading::{
    Action, ActionKind, ListeningSocket, Protocol, Section, SectionKind, Status,
};
use crate::domain::run::{DeviceState, Run, SubjectDevice};
use crate::store::ActionRecord;
use crate::web::access::{Desk, Technical};
use crate::web::error::Error;
use crate::web::layout::{Layout, Page, Place};
use crate::web::markup::Look;
use crate::web::state::Web;
use crate::web::{assets, markup, words};

use super::proposal::ProposalView;

/// Orders shown.
const SHOWN: u32 = 30;
/// For how long a port is blocked from a sheet, minutes: until it is undone.
const BLOCKED_MINUTES: u32 = 0;

#[derive(Template)]
#[template(path = "run/sheet.html")]
struct SheetPage {
    layout: Layout,
    run: Run,
    device: DeviceId,
    name: String,
    /// «Equipo 3 de 12» of its area, and how far it is.
    place: Option<(usize, usize)>,
    state: Option<&'static str>,
    is_present: bool,
    answers: Vec<AnswerView>,
    ports: Result<Vec<PortView>, &'static str>,
    orders: Vec<OrderedView>,
    differences: Vec<DifferenceView>,
    may_order: bool,
    may_block: bool,
    problem: Option<String>,
}

/// A question of the procedure and what the readings propose.
struct AnswerView {
    step: StepId,
    text: String,
    proposal: ProposalView,
}

/// A port that others can reach.
struct PortView {
    socket: ListeningSocket,
    permitted: bool,
}

/// A figure before and after.
struct DifferenceView {
    one: Difference,
    look: Look,
}

/// An order given from this sheet.
struct OrderedView {
    what: &'static str,
    look: Look,
    detail: String,
    at: Timestamp,
}

/// `GET /tramites/{id}/equipos/{device}`.
pub(super) async fn show(
    State(web): State<Web>,
    Path((run, device)): Path<(String, String)>,
    page: Page,
) -> Result<Response, Error> {
    let page = sheet(&web, page, &RunId::new(run), &DeviceId::new(device), None).await?;
    Ok(Html(page.render()?).into_response())
}

async fn sheet(
    web: &Web,
    mut page: Page,
    id: &RunId,
    device: &DeviceId,
    problem: Option<String>,
) -> Result<SheetPage, Error> {
    let missing = || Error::NotFound("El trámite no es sobre ese equipo.".into());
    let run = page.viewer.run(&mut page.read, id).await?;
    let of_area: Vec<SubjectDevice> = match run.subject {
        Some(position) => {
            let devices = page.read.run_devices(id, Some(position)).await;
            devices.map_err(Error::internal)?.into_values().flatten().collect()
        }
        None => Vec::new(),
    };
    let found = of_area.iter().position(|one| one.device == *device);
    if found.is_none() && run.device.as_ref() != Some(device) {
        return Err(missing());
    }
    let known = page.read.device(device).await.map_err(Error::internal)?.ok_or_else(missing)?;
    let answers = answers_of_device(&mut page.read, web.bench(), &run, device, page.now).await?;
    let policy = match &known.area {
        Some(area) => page.read.area_policy(area).await.map_err(Error::internal)?,
        None => None,
    };
    let allowed = permitted(policy.as_ref(), web.common_ports());
    let read = page.read.section(device, SectionKind::Firewall).await.map_err(Error::internal)?;
    let ports = match read.map(|row| row.section) {
        Some(Section::Firewall(reading)) if reading.value.listening_status == Status::Ok => {
            let sockets = reading.value.listening.into_iter().filter(|socket| !socket.loopback);
            let mut ports: Vec<PortView> = sockets
                .map(|socket| PortView {
                    permitted: allowed
                        .iter()
                        .any(|one| one.contains(&socket.protocol, socket.port)),
                    socket,
                })
                .collect();
            ports.sort_by_key(|port| (port.permitted, port.socket.port));
            ports.dedup_by_key(|port| (port.socket.protocol.clone(), port.socket.port));
            Ok(ports)
        }
        _ => Err("no se pudieron leer"),
    };
    let ordered = page.read.actions_of_run(id, SHOWN).await.map_err(Error::internal)?;
    let kept = found.and_then(|place| of_area.get(place));
    let is_open = run.is_open();
    Ok(SheetPage {
        place: found.map(|place| (place + 1, of_area.len())),
        state: kept.map(|one| state_word(one.state)),
        is_present: run.present_device.as_ref() == Some(device),
        answers: answers.into_iter().map(answer).collect(),
        ports,
        orders: ordered.into_iter().filter(|one| one.device == *device).map(order_view).collect(),
        differences: kept.map(changed).unwrap_or_default(),
        may_order: is_open && page.viewer.may_order(ActionKind::QuickScan),
        may_block: is_open && page.viewer.may_order(ActionKind::BlockPort),
        layout: page.layout(format!("{} · {}", known.name, run.folio), Place::Desk),
        device: device.clone(),
        name: known.name,
        run,
        problem,
    })
}

fn answer((step, said): (Step, crate::domain::proposal::Proposal)) -> AnswerView {
    AnswerView { step: step.id, text: step.text, proposal: ProposalView::new(said, None) }
}

fn state_word(state: DeviceState) -> &'static str {
    match state {
        DeviceState::Pending => "por revisar",
        DeviceState::Done => "revisado",
        DeviceState::Carried => "pospuesto",
    }
}

fn order_view(record: ActionRecord) -> OrderedView {
    OrderedView {
        what: ActionKind::parse(&record.kind).map_or("Orden", action::title),
        look: words::order(record.state(), record.outcome),
        at: record.requested_at,
        detail: record.detail,
    }
}

fn changed(device: &SubjectDevice) -> Vec<DifferenceView> {
    let changes = changes(device.before.as_deref(), device.after.as_deref());
    let view = |one: Difference| DifferenceView { look: words::change(one.change), one };
    changes.into_iter().map(view).collect()
}

#[derive(Deserialize)]
pub(super) struct OrderForm {
    accion: String,
    #[serde(default)]
    protocolo: String,
    #[serde(default)]
    puerto: u16,
}

/// `POST /tramites/{id}/equipos/{device}/ordenes`.
pub(super) async fn order(
    Path((run, device)): Path<(String, String)>,
    technical: Technical,
    Form(form): Form<OrderForm>,
) -> Result<Redirect, Error> {
    let unknown = || Error::Invalid("Desde la ficha no se da esa orden.".into());
    let protocol = || match form.protocolo.as_str() {
        "tcp" => Ok(Protocol::Tcp),
        "udp" => Ok(Protocol::Udp),
        _ => Err(Error::Invalid("El protocolo es tcp o udp.".into())),
    };
    let action = match ActionKind::parse(&form.accion).ok_or_else(unknown)? {
        ActionKind::UpdateSignatures => Action::UpdateSignatures {},
        ActionKind::QuickScan => Action::QuickScan {},
        ActionKind::ProbeNow => Action::ProbeNow { sections: Vec::new() },
        ActionKind::BlockPort => {
            Action::BlockPort { protocol: protocol()?, port: form.puerto, minutes: BLOCKED_MINUTES }
        }
        ActionKind::UnblockPort => Action::UnblockPort { protocol: protocol()?, port: form.puerto },
        ActionKind::NetworkTest | ActionKind::CollectDiagnostics => return Err(unknown()),
    };
    let order = Order { action, patience: None };
    let (run, device) = (RunId::new(run), DeviceId::new(device));
    technical.order_from_run(&run, &device, &order).await?;
    Ok(Redirect::to(&format!("/tramites/{run}/equipos/{device}#ordenes")))
}

/// `POST /tramites/{id}/equipos/{device}/confirmar`: what the agents answer is confirmed, as far as it goes.
pub(super) async fn confirm(
    State(web): State<Web>,
    Path((run, device)): Path<(String, String)>,
    desk: Desk,
    page: Page,
) -> Result<Response, Error> {
    let (run, device) = (RunId::new(run), DeviceId::new(device));
    let confirmed = desk.confirm_device(&run, &device).await?;
    let Some(why) = confirmed.stopped else {
        return Ok(Redirect::to(&format!("/tramites/{run}")).into_response());
    };
    let taken = match confirmed.steps {
        0 => "No se confirmó ningún paso.".to_owned(),
        1 => "Se confirmó un paso.".to_owned(),
        many => format!("Se confirmaron {many} pasos."),
    };
    let page = page.renewed(&web).await?;
    let page = sheet(&web, page, &run, &device, Some(format!("{taken} {why}"))).await?;
    Ok((StatusCode::OK, Html(page.render()?)).into_response())
}
