//! Administración → Personas → Importar: a table tried first and kept when every row is good, told row by row.

use askama::Template;
use axum::Router;
use axum::extract::multipart::Multipart;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use crate::actions::import_people::{BYTES, Report, Verdict};
use crate::web::access::Administrator;
use crate::web::error::Error;
use crate::web::layout::{Layout, Page, Place};
use crate::web::state::Web;
use crate::web::{assets, markup, units};

/// The table and the few bytes around it.
const BODY: usize = BYTES + 16 * 1024;
/// Rows told one by one; what is wrong comes first.
const TOLD: usize = 200;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/administracion/personas/importar", get(ask).post(import))
        .layer(DefaultBodyLimit::max(BODY))
}

#[derive(Template)]
#[template(path = "people_import.html")]
struct ImportPage {
    layout: Layout,
    report: Option<Report>,
    told: Vec<Told>,
    untold: usize,
    problem: Option<String>,
}

struct Told {
    line: u64,
    login: String,
    look: markup::Look,
    column: String,
    value: String,
    remedy: String,
}

impl ImportPage {
    fn new(page: &Page, report: Option<Report>, problem: Option<String>) -> ImportPage {
        let mut rows: Vec<Told> =
            report.iter().flat_map(|report| &report.rows).map(Told::of).collect();
        rows.sort_by_key(|row| row.remedy.is_empty());
        let untold = rows.len().saturating_sub(TOLD);
        rows.truncate(TOLD);
        let layout = page.layout("Importar personas", Place::People);
        ImportPage { layout, report, told: rows, untold, problem }
    }
}

impl Told {
    fn of(row: &crate::actions::import_people::RowReport) -> Told {
        let (class, icon, word) = match row.verdict {
            Verdict::Added => ("ok", "ok", "se agrega"),
            Verdict::Changed => ("pending", "note", "cambia"),
            Verdict::Same => ("unknown", "minus", "queda igual"),
            Verdict::Refused { .. } => ("critical", "critical", "no sirve"),
        };
        let (column, value, remedy) = match &row.verdict {
            Verdict::Refused { column, value, remedy } => {
                (column.clone(), value.clone(), remedy.clone())
            }
            Verdict::Added | Verdict::Changed | Verdict::Same => Default::default(),
        };
        let look = markup::Look { class, icon, word };
        Told { line: row.line, login: row.login.clone(), look, column, value, remedy }
    }
}

async fn ask(_: Administrator, page: Page) -> Result<Html<String>, Error> {
    Ok(Html(ImportPage::new(&page, None, None).render()?))
}

async fn import(
    State(web): State<Web>,
    administrator: Administrator,
    page: Page,
    form: Multipart,
) -> Result<Response, Error> {
    let (bytes, keep) = read(form).await?;
    let (report, problem) = match administrator.import_people(&bytes, keep).await {
        Ok(report) => (Some(report), None),
        Err(Error::Invalid(problem)) => (None, Some(problem)),
        Err(other) => return Err(other),
    };
    let refused = problem.is_some() || report.as_ref().is_some_and(|report| report.refused() > 0);
    let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = page.renewed(&web).await?;
    Ok((status, Html(ImportPage::new(&page, report, problem).render()?)).into_response())
}

/// The table of the form, and whether it is to be kept.
async fn read(mut form: Multipart) -> Result<(Vec<u8>, bool), Error> {
    let unread = |_| Error::Invalid("No se recibió el archivo completo: vuelve a enviarlo.".into());
    let (mut table, mut keep) = (Vec::new(), false);
    while let Some(field) = form.next_field().await.map_err(unread)? {
        match field.name() {
            Some("tabla") => table = field.bytes().await.map_err(unread)?.to_vec(),
            Some("guardar") => keep = field.text().await.map_err(unread)? == "si",
            _ => {}
        }
    }
    if table.is_empty() {
        return Err(Error::Invalid("Elige el archivo CSV con las personas.".into()));
    }
    Ok((table, keep))
}
