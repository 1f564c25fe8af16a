//! Ficha de equipo: is this the machine, how is each part of it, what happened, what can be done now.

mod figures;
pub(in crate::web) mod orders;
mod programs;
mod sections;
mod update;

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use self::figures::Figure;
use self::orders::Orders;
use self::sections::{Known, Sections};
use super::access::Technical;
use super::error::Error;
use super::identity::Identity;
use super::layout::{Layout, Page, Place};
use super::markup::Look;
use super::state::Web;
use super::{assets, markup, networks, since, units, words};
use crate::domain::device::{Device, DeviceStatus};
use crate::domain::firewall_policy::permitted;
use crate::domain::id::DeviceId;
use crate::domain::reading::Evidence;
use crate::domain::run::RunState;
use crate::store::{AlertFilter, AlertRow, DeviceRow, Live, RunFilter, RunRow};

/// Alerts, runs and orders shown on a sheet.
const RECENT: u32 = 12;
/// How far the figures go back.
const FIGURES: SignedDuration = SignedDuration::from_hours(24);
/// One measurement a minute for that long.
const MEASUREMENTS: u32 = 1_440;
/// A clock off by less than this is not worth a word.
const SKEW_US: i64 = 2_000_000;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/equipos/{id}", get(show))
        .route("/equipos/{id}/aprobar", post(approve))
        .route("/equipos/{id}/revocar", post(revoke))
        .route("/equipos/{id}/medir", post(orders::probe))
        .route("/equipos/{id}/ordenes", post(orders::order))
        .route("/equipos/{id}/administradores", post(accept_administrator))
        .route("/equipos/{id}/programas", get(programs::show))
}

#[derive(Template)]
#[template(path = "device.html")]
struct DevicePage {
    layout: Layout,
    device: Device,
    status: DeviceStatus,
    state: Look,
    area: Option<String>,
    live: Option<Live>,
    skew: Option<String>,
    sections: Sections,
    figures: Vec<Figure>,
    open: Vec<AlertView>,
    past: Vec<AlertView>,
    runs: Vec<RunView>,
    orders: Orders,
    losses: Vec<(String, i64)>,
    update: Option<update::Update>,
    identity: Identity,
    operates: bool,
}

struct AlertView {
    look: Look,
    summary: String,
    opened_at: Timestamp,
    cleared_at: Option<Timestamp>,
    run: Option<(String, String)>,
}

struct RunView {
    id: String,
    folio: String,
    title: String,
    look: Look,
    updated_at: Timestamp,
}

async fn show(
    State(web): State<Web>,
    Path(id): Path<String>,
    mut page: Page,
) -> Result<Response, Error> {
    let id = DeviceId::new(id);
    let read = &mut page.read;
    let missing = || Error::NotFound("No hay ningún equipo con ese identificador.".into());
    let device = read.device(&id).await.map_err(Error::internal)?.ok_or_else(missing)?;
    if read.is_network_device(&id).await.map_err(Error::internal)? {
        return Ok(networks::instead_of_sheet(&id).into_response());
    }
    let live = read.live(&id).await.map_err(Error::internal)?;
    let stored = read.sections(&id).await.map_err(Error::internal)?;
    let health = read.health(&id).await.map_err(Error::internal)?;
    let recent = AlertFilter { device: Some(id.clone()), limit: RECENT, ..AlertFilter::default() };
    let (alerts, _) = read.list_alerts(&recent).await.map_err(Error::internal)?;
    let recent = RunFilter { device: Some(id.clone()), limit: RECENT, ..RunFilter::default() };
    let (runs, _) = read.list_runs(&recent).await.map_err(Error::internal)?;
    let orders = read.actions_of(&id, orders::SHOWN).await.map_err(Error::internal)?;
    let identity = Identity::of(read, &device, &page.fleet).await?;
    let losses = read.losses(&id).await.map_err(Error::internal)?;
    let update = update::of(read.device_update(&id).await.map_err(Error::internal)?);
    let measured = read.samples(device.number, page.now - FIGURES, MEASUREMENTS).await;
    let measured = measured.map_err(Error::internal)?;
    let policy = match &device.area {
        Some(area) => read.area_policy(area).await.map_err(Error::internal)?,
        None => None,
    };
    let permitted = permitted(policy.as_ref(), web.common_ports());
    let administrators = read.accepted_administrators(&id).await.map_err(Error::internal)?;
    let known = Known { permitted: &permitted, administrators: administrators.as_ref() };
    let row = page.fleet.rows.iter().find(|row| row.id == id);
    let (open, past) =
        alerts.into_iter().map(alert).partition(|alert: &AlertView| alert.cleared_at.is_none());
    let shown = DevicePage {
        layout: page.layout(device.name.clone(), Place::Fleet),
        status: device.status,
        state: words::state(row.map_or("unknown", DeviceRow::state)),
        area: row.and_then(|row| row.area_name.clone()),
        skew: live.as_ref().and_then(skew),
        sections: Sections::new(stored, &health, live.as_ref(), &known, page.now),
        figures: figures::of(&measured, page.now - FIGURES, page.now),
        open,
        past,
        runs: runs.into_iter().map(run).collect(),
        orders: Orders::new(orders, &page.viewer, device.status, page.now),
        losses,
        update,
        identity,
        operates: page.viewer.operates(),
        device,
        live,
    };
    Ok(Html(shown.render()?).into_response())
}

/// How far the PC's clock is off, in words; `None` when it is right.
fn skew(live: &Live) -> Option<String> {
    let seconds = live.clock_skew_us.unsigned_abs() / 1_000_000;
    let span = since::span(i64::try_from(seconds).unwrap_or(i64::MAX));
    let way = if live.clock_skew_us > 0 { "adelantado" } else { "atrasado" };
    (live.clock_skew_us.abs() > SKEW_US).then(|| format!("{way} {span}"))
}

fn alert(row: AlertRow) -> AlertView {
    let alert = row.alert;
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
        run: alert.run.map(|run| run.to_string()).zip(row.run_folio),
    }
}

fn run(row: RunRow) -> RunView {
    RunView {
        look: match &row.run.state {
            RunState::Open { .. } => words::open_run(row.open_alerts, row.critical),
            RunState::Closed { outcome, .. } => words::outcome(*outcome),
        },
        id: row.run.id.to_string(),
        folio: row.run.folio,
        title: row.run.title,
        updated_at: row.run.updated_at,
    }
}

async fn approve(Path(id): Path<String>, technical: Technical) -> Result<Redirect, Error> {
    technical.approve(&DeviceId::new(id.clone())).await?;
    Ok(back_to(&id, ""))
}

async fn revoke(Path(id): Path<String>, technical: Technical) -> Result<Redirect, Error> {
    technical.revoke(&DeviceId::new(id.clone())).await?;
    Ok(back_to(&id, ""))
}

/// The account whose command of the PC somebody vouches for.
#[derive(Deserialize)]
struct Account {
    cuenta: String,
}

async fn accept_administrator(
    Path(id): Path<String>,
    technical: Technical,
    Form(account): Form<Account>,
) -> Result<Redirect, Error> {
    technical.accept_administrator(&DeviceId::new(id.clone()), &account.cuenta).await?;
    Ok(back_to(&id, ""))
}

/// The id has been found in the store, so it is one of ours.
fn back_to(id: &str, part: &str) -> Redirect {
    Redirect::to(&format!("/equipos/{id}{part}"))
}
