//! Hoy: what is broken, where to go first, who waits.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use jiff::Timestamp;

use super::error::Error;
use super::layout::{Layout, Page, Place};
use super::markup::Look;
use super::state::Web;
use super::{assets, fleet, markup, since, units, words};
use crate::domain::alert::Severity;
use crate::domain::device::DeviceStatus;
use crate::domain::person::Role;
use crate::store::{AlertRow, DeviceRow, RunFilter, RunRow};

/// Devices in "Por dónde empezar".
const FIRST: usize = 10;
/// Runs in "Trámites en curso".
const WAITING: u32 = 8;

pub(super) fn router() -> Router<Web> {
    Router::new().route("/", get(show))
}

#[derive(Template)]
#[template(path = "today.html")]
struct TodayPage {
    layout: Layout,
    counters: Vec<fleet::Counter>,
    total: i64,
    first: Vec<Broken>,
    more: usize,
    pending: Vec<Pending>,
    waiting: Vec<Waiting>,
    waiting_more: usize,
}

struct Broken {
    id: String,
    name: String,
    area: Option<String>,
    sample: bool,
    alerts: Vec<(Look, String)>,
    since: Timestamp,
    run: Option<(String, String)>,
    /// Sort key: critical alerts first, then whoever has waited longest.
    critical: usize,
}

struct Pending {
    id: String,
    name: String,
    area: Option<String>,
    sample: bool,
}

struct Waiting {
    id: String,
    folio: String,
    title: String,
    sample: bool,
    step: String,
    text: String,
    role: &'static str,
    updated_at: Timestamp,
}

async fn show(State(web): State<Web>, mut page: Page) -> Result<Html<String>, Error> {
    let mut broken: Vec<Broken> = page
        .fleet
        .rows
        .iter()
        .filter_map(|row| broken(row, page.fleet.alerts_of(&row.id)))
        .collect();
    broken.sort_by(|a, b| b.critical.cmp(&a.critical).then(a.since.cmp(&b.since)));
    let more = broken.len().saturating_sub(FIRST);
    broken.truncate(FIRST);
    let open = RunFilter { open: Some(true), limit: WAITING, ..RunFilter::default() };
    let (runs, open_runs) = page.read.list_runs(&open).await.map_err(Error::internal)?;
    let waiting: Vec<Waiting> = runs.into_iter().map(|row| waiting(&web, row)).collect();
    let today = TodayPage {
        counters: fleet::counters(&page.fleet.counts, None),
        total: page.fleet.counts.total,
        first: broken,
        more,
        pending: pending(&page.fleet.rows),
        waiting_more: usize::try_from(open_runs).unwrap_or(0).saturating_sub(waiting.len()),
        waiting,
        layout: page.layout("Hoy", Place::Today),
    };
    Ok(Html(today.render()?))
}

fn broken(row: &DeviceRow, alerts: &[AlertRow]) -> Option<Broken> {
    let since = alerts.iter().map(|row| row.alert.opened_at).min()?;
    let run = alerts
        .iter()
        .find_map(|row| Some((row.alert.run.as_ref()?.to_string(), row.run_folio.clone()?)));
    let critical = alerts.iter().filter(|row| row.alert.severity == Severity::Critical).count();
    let look = |row: &AlertRow| {
        (words::alert(row.alert.rule, row.alert.severity), row.alert.summary.clone())
    };
    (row.status == DeviceStatus::Approved).then(|| Broken {
        id: row.id.to_string(),
        name: row.name.clone(),
        area: row.area_name.clone(),
        sample: row.sample,
        alerts: alerts.iter().map(look).collect(),
        since,
        run,
        critical,
    })
}

fn pending(rows: &[DeviceRow]) -> Vec<Pending> {
    rows.iter()
        .filter(|row| row.status == DeviceStatus::Pending)
        .map(|row| Pending {
            id: row.id.to_string(),
            name: row.name.clone(),
            area: row.area_name.clone(),
            sample: row.sample,
        })
        .collect()
}

fn waiting(web: &Web, row: RunRow) -> Waiting {
    let run = row.run;
    let procedure = web.procedure(&run.procedure, &run.edition);
    let step = run.present_step().and_then(|id| procedure.and_then(|procedure| procedure.step(id)));
    Waiting {
        id: run.id.to_string(),
        step: run.present_step().map(ToString::to_string).unwrap_or_default(),
        text: step.map(|step| step.text.clone()).unwrap_or_default(),
        role: step.map_or("", |step| Role::title(step.role)),
        folio: run.folio,
        title: run.title,
        sample: run.sample,
        updated_at: run.updated_at,
    }
}
