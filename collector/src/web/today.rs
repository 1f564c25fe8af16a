//! Hoy: what is broken, where to go first, who waits.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use jiff::Timestamp;

use super::access::Viewer;
use super::error::Error;
use super::layout::{Layout, Page, Place};
use super::markup::Look;
use super::state::Web;
use super::{assets, desk, fleet, markup, since, units, words};
use crate::domain::alert::Severity;
use crate::domain::device::DeviceStatus;
use crate::store::{AlertRow, DeskFilter, DeviceRow};

/// Devices in "Por dónde empezar".
const FIRST: usize = 10;
/// Runs of the Mesa de Ayuda, the most urgent ones.
const WAITING: u32 = 8;

pub(super) fn router() -> Router<Web> {
    Router::new().route("/", get(enter))
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
    desk: Vec<desk::Counter>,
    waiting: Vec<desk::Row>,
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

/// Who does not belong to the unit begins with what they asked for.
async fn enter(
    State(web): State<Web>,
    viewer: Viewer,
    page: Result<Page, Error>,
) -> Result<Response, Error> {
    if !viewer.is_staff() {
        return Ok(Redirect::to("/mesa").into_response());
    }
    show(&web, page?).await.map(IntoResponse::into_response)
}

async fn show(web: &Web, mut page: Page) -> Result<Html<String>, Error> {
    let mut broken: Vec<Broken> = page
        .fleet
        .rows
        .iter()
        .filter_map(|row| broken(row, page.fleet.alerts_of(&row.id)))
        .collect();
    broken.sort_by(|a, b| b.critical.cmp(&a.critical).then(a.since.cmp(&b.since)));
    let more = broken.len().saturating_sub(FIRST);
    broken.truncate(FIRST);
    let me = page.viewer.person.id.clone();
    let sight = page.viewer.sight.clone();
    let urgent = DeskFilter { limit: WAITING, sight, ..DeskFilter::default() };
    let (runs, _) = page.read.desk(&urgent, page.now).await.map_err(Error::internal)?;
    let counts = page.read.desk_counts(&urgent, &me, page.now).await.map_err(Error::internal)?;
    let waiting: Vec<desk::Row> =
        runs.into_iter().map(|run| desk::Row::new(web, run, page.now)).collect();
    let today = TodayPage {
        counters: fleet::counters(&page.fleet.counts, None),
        total: page.fleet.counts.total,
        first: broken,
        more,
        pending: pending(&page.fleet.rows),
        desk: desk::to_act_on(counts),
        waiting_more: usize::try_from(counts.open).unwrap_or(0).saturating_sub(waiting.len()),
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
