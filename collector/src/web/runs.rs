//! Trámites: the runs of procedures, open and closed.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Html;
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;

use super::alerts::Tab;
use super::error::Error;
use super::layout::{self, Layout, Page, Pages, Place};
use super::markup::Look;
use super::state::Web;
use super::{assets, markup, words};
use crate::domain::run::RunState;
use crate::store::{RunFilter, RunRow};

/// Runs of one page.
const ROWS: u32 = 50;

pub(super) fn router() -> Router<Web> {
    Router::new().route("/tramites", get(show))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    ver: String,
    pagina: Option<u32>,
}

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsPage {
    layout: Layout,
    tabs: Vec<Tab>,
    closed: bool,
    rows: Vec<Row>,
    pages: Pages,
}

struct Row {
    id: String,
    folio: String,
    title: String,
    sample: bool,
    look: Look,
    present: String,
    procedure: String,
    device_name: Option<String>,
    area: Option<String>,
    opened_at: Timestamp,
    updated_at: Timestamp,
}

async fn show(
    State(web): State<Web>,
    mut page: Page,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, Error> {
    let closed = asked.ver == "terminados";
    let view = if closed { "terminados" } else { "" };
    let number = asked.pagina.unwrap_or(1).clamp(1, 100_000);
    let filter = RunFilter {
        open: Some(!closed),
        offset: (number - 1).saturating_mul(ROWS),
        limit: ROWS,
        ..RunFilter::default()
    };
    let (found, total) = page.read.list_runs(&filter).await.map_err(Error::internal)?;
    let rows: Vec<Row> = found.into_iter().map(|run| row(&web, run)).collect();
    let address = |view: &str, page: u32| {
        let page = if page > 1 { page.to_string() } else { String::new() };
        layout::address("/tramites", &[("ver", view), ("pagina", &page)])
    };
    let tab = |word, view, count, current| Tab { address: address(view, 1), word, count, current };
    let shown = RunsPage {
        tabs: vec![
            tab("En curso", "", Some(page.fleet.open_runs), !closed),
            tab("Terminados", "terminados", closed.then_some(total), closed),
        ],
        closed,
        pages: Pages::new(number, ROWS, rows.len(), total, |page| address(view, page)),
        rows,
        layout: page.layout("Trámites", Place::Runs),
    };
    Ok(Html(shown.render()?))
}

fn row(web: &Web, row: RunRow) -> Row {
    let run = row.run;
    let procedure = web.procedure(&run.procedure, &run.edition);
    let present = run.present_step().map(|id| {
        let step = procedure.and_then(|procedure| procedure.step(id));
        step.map_or_else(|| format!("Paso {id}"), |step| format!("Paso {id}: {}", step.text))
    });
    Row {
        look: match &run.state {
            RunState::Open { .. } => words::open_run(row.open_alerts, row.critical),
            RunState::Closed { outcome, .. } => words::outcome(*outcome),
        },
        present: present.unwrap_or_default(),
        procedure: procedure.map_or_else(|| run.procedure.clone(), |found| found.title.clone()),
        id: run.id.to_string(),
        folio: run.folio,
        title: run.title,
        sample: run.sample,
        device_name: row.device_name,
        area: row.area_name,
        opened_at: run.opened_at,
        updated_at: run.updated_at,
    }
}
