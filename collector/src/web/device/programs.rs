//! The software of one PC, searched by name, version or publisher; what the address says is what is shown.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Html;
use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::device::Device;
use crate::domain::id::DeviceId;
use crate::domain::reading::{InstalledProgram, Section, SectionKind};
use crate::domain::text::fold;
use crate::web::error::Error;
use crate::web::layout::{self, Layout, Page, Pages, Place};
use crate::web::{assets, markup, words};

/// Programs of one page.
const ROWS: u32 = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Words of name, version or publisher.
    q: String,
    pagina: Option<u32>,
}

#[derive(Template)]
#[template(path = "programs.html")]
struct ProgramsPage {
    layout: Layout,
    device: Device,
    /// `None`: nothing was read; `problem` says why.
    rows: Option<Vec<InstalledProgram>>,
    problem: Option<String>,
    received_at: Option<Timestamp>,
    all: usize,
    left_out: u32,
    text: String,
    pages: Pages,
}

pub(super) async fn show(
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    mut page: Page,
) -> Result<Html<String>, Error> {
    let id = DeviceId::new(id);
    let missing = || Error::NotFound("No hay ningún equipo con ese identificador.".into());
    let device = page.read.device(&id).await.map_err(Error::internal)?.ok_or_else(missing)?;
    let row = page.read.section(&id, SectionKind::Software).await.map_err(Error::internal)?;
    let received_at = row.as_ref().map(|row| row.received_at);
    let (mut problem, mut software) =
        (Some("Todavía no llega la lista de este equipo.".to_owned()), None);
    if let Some(Section::Software(reading)) = row.map(|row| row.section) {
        problem = reading.detail.clone().or_else(|| Some(words::reading(reading.status).into()));
        software = reading.known().cloned();
    }
    let (all, left_out) =
        software.as_ref().map_or((0, 0), |software| (software.programs.len(), software.left_out));
    let wanted: Vec<String> = fold(&asked.q).split_whitespace().map(str::to_owned).collect();
    let found: Option<Vec<InstalledProgram>> = software.map(|software| {
        let fits = |program: &InstalledProgram| wanted.iter().all(|word| mentions(program, word));
        software.programs.into_iter().filter(fits).collect()
    });
    let number = asked.pagina.unwrap_or(1).clamp(1, 100);
    let total = found.as_ref().map_or(0, Vec::len);
    let from = (number - 1) as usize * ROWS as usize;
    let rows: Option<Vec<InstalledProgram>> =
        found.map(|found| found.into_iter().skip(from).take(ROWS as usize).collect());
    let path = format!("/equipos/{id}/programas");
    let address = |page: u32| {
        let page = if page > 1 { page.to_string() } else { String::new() };
        layout::address(&path, &[("q", &asked.q), ("pagina", &page)])
    };
    let shown = rows.as_ref().map_or(0, Vec::len);
    let shown = ProgramsPage {
        layout: page.layout(format!("Programas de {}", device.name), Place::Fleet),
        pages: Pages::new(number, ROWS, shown, i64::try_from(total).unwrap_or(i64::MAX), address),
        problem: if rows.is_some() { None } else { problem },
        rows,
        device,
        received_at,
        all,
        left_out,
        text: asked.q,
    };
    Ok(Html(shown.render()?))
}

fn mentions(program: &InstalledProgram, word: &str) -> bool {
    let has = |text: &Option<String>| text.as_deref().is_some_and(|text| fold(text).contains(word));
    fold(&program.name).contains(word) || has(&program.version) || has(&program.publisher)
}
