//! Diagrama de flujo: a procedure drawn as in its manual, alone or with the way a run took, and the same as
//! a list for whoever does not see the picture.

mod walked;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::access::Viewer;
use super::error::Error;
use super::layout::{Layout, Page, Place};
use super::markup::Svg;
use super::state::Web;
use super::{assets, markup};
use crate::domain::id::RunId;
use crate::domain::procedure::Procedure;
use crate::flow::{self, Chart, Kind, Measure, Node, Standing, Walked};

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/procedimientos/{code}/flujo.svg", get(file))
        .route("/procedimientos/{code}/flujo", get(of_procedure))
        .route("/tramites/{id}/flujo", get(of_run))
}

#[derive(Template)]
#[template(path = "flow.html")]
struct FlowPage {
    layout: Layout,
    title: String,
    subtitle: String,
    back: (String, String),
    /// Where the picture alone is, for a procedure.
    file: Option<String>,
    /// The way of a run is shown.
    walked: bool,
    wide: Vec<Svg>,
    narrow: Vec<Svg>,
    steps: Vec<StepLine>,
}

/// A step as a line of the list.
struct StepLine {
    head: String,
    text: String,
    note: Option<String>,
    standing: Option<&'static str>,
    remarks: String,
    exits: String,
}

async fn file(
    State(web): State<Web>,
    Path(code): Path<String>,
    _: Viewer,
) -> Result<Response, Error> {
    let procedure = known(&web, &code)?;
    let chart = Chart::new(&procedure, &Walked::default());
    let picture = flow::draw(&chart, Measure::WIDE);
    let kind = [(header::CONTENT_TYPE, "image/svg+xml; charset=utf-8")];
    Ok((kind, flow::write_file(&chart, &picture)).into_response())
}

async fn of_procedure(
    State(web): State<Web>,
    Path(code): Path<String>,
    page: Page<Viewer>,
) -> Result<Response, Error> {
    let procedure = known(&web, &code)?;
    let chart = Chart::new(&procedure, &Walked::default());
    let back = (format!("/procedimientos/{code}"), "El procedimiento".to_owned());
    let mut shown =
        flow_page(page.layout(procedure.title.clone(), Place::Desk), &procedure, &chart, back);
    shown.file = Some(format!("/procedimientos/{code}/flujo.svg"));
    Ok(Html(shown.render()?).into_response())
}

async fn of_run(
    State(web): State<Web>,
    Path(id): Path<String>,
    mut page: Page<Viewer>,
) -> Result<Response, Error> {
    let id = RunId::new(id);
    let run = page.viewer.run(&mut page.read, &id).await?;
    let events = page.read.run_events(&id).await.map_err(Error::internal)?;
    let missing = || Error::internal(format!("procedure {} is not known", run.procedure));
    let procedure = web.procedure(&run.procedure, &run.edition).ok_or_else(missing)?;
    let chart = Chart::new(procedure, &walked::walked(procedure, &run, &events));
    let back = (format!("/tramites/{id}"), run.folio.clone());
    let layout = page.layout(format!("{} · Diagrama", run.folio), Place::Desk);
    let mut shown = flow_page(layout, procedure, &chart, back);
    shown.title = format!("{} · {}", run.folio, run.title);
    shown.subtitle.clone_from(&procedure.title);
    shown.walked = true;
    Ok(Html(shown.render()?).into_response())
}

fn known(web: &Web, code: &str) -> Result<Procedure, Error> {
    let found = web.library().get(code).cloned();
    found.ok_or_else(|| Error::NotFound("No hay ningún procedimiento con esa clave.".into()))
}

fn flow_page(
    layout: Layout,
    procedure: &Procedure,
    chart: &Chart,
    back: (String, String),
) -> FlowPage {
    let sheets = |measure: Measure, prefix: &str| {
        let picture = flow::draw(chart, measure);
        let count = picture.sheets.len();
        (0..count).map(|at| Svg(flow::write(chart, &picture, at, prefix))).collect()
    };
    let notes = procedure.steps.iter().map(|step| step.note.clone());
    // The start is no step.
    let nodes = chart.nodes.iter().skip(1);
    FlowPage {
        title: procedure.title.clone(),
        subtitle: format!("Edición {} · {}", procedure.edition, procedure.source),
        back,
        file: None,
        walked: false,
        wide: sheets(Measure::WIDE, "f"),
        narrow: sheets(Measure::NARROW, "g"),
        steps: nodes.zip(notes).map(|(node, note)| line(chart, node, note)).collect(),
        layout,
    }
}

fn line(chart: &Chart, node: &Node, note: Option<String>) -> StepLine {
    let exit = |exit: &flow::Exit| {
        let to = chart.nodes.get(exit.to).map(|node| node.id.as_str()).unwrap_or_default();
        match (exit.label.as_str(), exit.apart) {
            (_, true) => format!("vuelve a empezar en el paso {to}"),
            ("", false) => format!("sigue el paso {to}"),
            (answer, false) => format!("{answer}: sigue el paso {to}"),
        }
    };
    let exits: Vec<String> = node.exits.iter().map(exit).collect();
    StepLine {
        head: node.head.trim_start_matches(['✓', '▶', ' ']).to_owned(),
        text: node.text.clone(),
        note,
        standing: match node.standing {
            Standing::Done => Some("hecho"),
            Standing::Present => Some("paso actual"),
            Standing::Skipped => Some("no hizo falta"),
            Standing::Open => None,
        },
        remarks: node.remarks.join(", "),
        exits: if node.kind == Kind::End { String::new() } else { exits.join("; ") },
    }
}
