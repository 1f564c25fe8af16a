//! Procedimientos: what each written procedure is for and its steps, as in the manual, with what we added and why.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Html;
use axum::routing::get;
use serde::Deserialize;

use super::access::Viewer;
use super::error::Error;
use super::layout::{Layout, Page, Place, address};
use super::state::Web;
use super::{assets, markup, units};
use crate::domain::edition::Origin;
use crate::domain::procedure::{Procedure, Step, StepKind, working_hours};

pub(super) fn router() -> Router<Web> {
    Router::new().route("/procedimientos", get(list)).route("/procedimientos/{code}", get(show))
}

#[derive(Template)]
#[template(path = "procedures.html")]
struct ProceduresPage {
    layout: Layout,
    rows: Vec<Row>,
}

struct Row {
    code: String,
    title: String,
    objective: String,
    series: String,
    edition: String,
    steps: usize,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    edicion: String,
}

#[derive(Template)]
#[template(path = "procedure.html")]
struct ProcedurePage {
    layout: Layout,
    procedure: Procedure,
    limit: Option<String>,
    lists: Vec<(&'static str, Vec<String>)>,
    steps: Vec<StepRow>,
    editions: Vec<EditionRow>,
    is_present: bool,
}

struct StepRow {
    id: String,
    /// `action`, `question` or `end`: how it is drawn.
    shape: &'static str,
    text: String,
    role: &'static str,
    ours: bool,
    ways: Vec<Way>,
    closing: Option<String>,
    facts: Vec<String>,
    note: Option<String>,
}

/// One way out of a step.
struct Way {
    label: String,
    to: String,
}

struct EditionRow {
    name: String,
    address: String,
    own: bool,
    present: bool,
    shown: bool,
}

async fn list(State(web): State<Web>, page: Page<Viewer>) -> Result<Html<String>, Error> {
    let row = |procedure: &Procedure| Row {
        code: procedure.code.clone(),
        title: procedure.title.clone(),
        objective: procedure.objective.clone(),
        series: procedure.series.clone(),
        edition: procedure.edition.clone(),
        steps: procedure.steps.len(),
    };
    let rows = web.library().all().into_iter().map(row).collect();
    let shown = ProceduresPage { rows, layout: page.layout("Procedimientos", Place::Procedures) };
    Ok(Html(shown.render()?))
}

async fn show(
    State(web): State<Web>,
    page: Page<Viewer>,
    Path(code): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Html<String>, Error> {
    let missing = || Error::NotFound("No hay ningún procedimiento con ese código.".into());
    let library = web.library();
    let present = library.get(&code).ok_or_else(missing)?;
    let procedure = match wanted.edicion.as_str() {
        "" => present,
        edition => library.edition(&code, edition).ok_or_else(missing)?,
    };
    let path = format!("/procedimientos/{code}");
    let edition = |(one, origin): (&Procedure, Origin)| EditionRow {
        address: address(&path, &[("edicion", &one.edition)]),
        own: origin == Origin::Own,
        present: one.edition == present.edition,
        shown: one.edition == procedure.edition,
        name: one.edition.clone(),
    };
    let lists = [
        ("Insumos", &procedure.supplies),
        ("Resultados", &procedure.results),
        ("Políticas", &procedure.policies),
        ("Referencias", &procedure.references),
    ];
    let shown = ProcedurePage {
        limit: procedure.limit_hours.map(working_hours),
        lists: lists
            .into_iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(name, list)| (name, list.clone()))
            .collect(),
        steps: procedure.steps.iter().map(step_row).collect(),
        editions: library.editions(&code).into_iter().map(edition).collect(),
        is_present: procedure.edition == present.edition,
        layout: page.layout(procedure.title.clone(), Place::Procedures),
        procedure: procedure.clone(),
    };
    Ok(Html(shown.render()?))
}

fn step_row(step: &Step) -> StepRow {
    let way = |label: &str, to: &dyn std::fmt::Display| Way {
        label: label.to_owned(),
        to: to.to_string(),
    };
    let (shape, ways, closing) = match &step.kind {
        StepKind::Action { next } => ("action", vec![way("Sigue el paso", next)], None),
        StepKind::Question { yes, no, yes_label, no_label } => {
            let yes_label = yes_label.as_deref().unwrap_or("Sí");
            let no_label = no_label.as_deref().unwrap_or("No");
            let ways = vec![
                way(&format!("{yes_label}: paso"), yes),
                way(&format!("{no_label}: paso"), no),
            ];
            ("question", ways, None)
        }
        StepKind::Restart { .. } | StepKind::End { .. } => {
            ("end", Vec::new(), Some(step.way_out()))
        }
    };
    StepRow {
        id: step.id.to_string(),
        shape,
        text: step.text.clone(),
        role: step.role.title(),
        ours: !step.letter.is_empty(),
        ways,
        closing,
        facts: step.facts(),
        note: step.note.clone(),
    }
}
