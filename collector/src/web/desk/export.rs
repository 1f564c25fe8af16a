//! The list as a table for a spreadsheet: CSV with the mark by which Excel knows UTF-8. No cell can be taken for a
//! formula.

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::asked::Asked;
use super::row::{Row, Waits};
use crate::store::DESK_COUNTED;
use crate::web::access::Viewer;
use crate::web::error::Error;
use crate::web::layout::Page;
use crate::web::since;
use crate::web::state::Web;

/// By this a spreadsheet knows that the text is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";
const COLUMNS: [&str; 15] = [
    "Folio",
    "Asunto",
    "Procedimiento",
    "Equipo, área y solicitante",
    "Paso actual",
    "Espera a",
    "En espera desde",
    "Prioridad",
    "Plazo",
    "Vence",
    "Vence o venció",
    "Asignado a",
    "Abierto",
    "Última actividad",
    "Muestra",
];

/// All pages of what is shown, in its order.
pub(super) async fn export(
    State(web): State<Web>,
    mut page: Page<Viewer>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let mut filter = asked.filter(&page.viewer);
    (filter.offset, filter.limit) = (0, u32::try_from(DESK_COUNTED).unwrap_or(u32::MAX));
    let (runs, _) = page.read.desk(&filter, page.now).await.map_err(Error::internal)?;
    let mut table = csv::Writer::from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    table.write_record(COLUMNS).map_err(Error::internal)?;
    for run in runs {
        let record = record(Row::new(&web, run, page.now)).map(|cell| harmless(&cell));
        table.write_record(record).map_err(Error::internal)?;
    }
    let body = table.into_inner().map_err(Error::internal)?;
    let day = since::local(page.now);
    let day: String = day.chars().map(|c| if c.is_ascii_digit() { c } else { '-' }).collect();
    let name = format!("attachment; filename=\"mesa-de-ayuda-{day}.csv\"");
    let kind = "text/csv; charset=utf-8".to_owned();
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], body).into_response())
}

fn record(row: Row) -> [String; COLUMNS.len()] {
    let (waits, since) = match row.waits {
        Waits::For(role) => (role.to_owned(), String::new()),
        Waits::Paused(look, since) => (look.word.to_owned(), since::local(since)),
        Waits::Over(look) => (look.word.to_owned(), String::new()),
    };
    let (standing, at, span) = row.due.map_or_else(Default::default, |due| {
        (due.look.word.to_owned(), since::local(due.at), due.span)
    });
    [
        row.folio,
        row.title,
        row.procedure,
        row.about.join(" · "),
        row.step,
        waits,
        since,
        row.priority.word.to_owned(),
        standing,
        at,
        span,
        row.assignee.unwrap_or_default(),
        since::local(row.opened_at),
        since::local(row.updated_at),
        if row.sample { "sí".into() } else { String::new() },
    ]
}

/// A cell that begins like a formula is preceded by an apostrophe, which a spreadsheet takes for text; control
/// characters, by which a formula could begin on the next line, become spaces.
fn harmless(cell: &str) -> String {
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    let text: String = cell.chars().map(plain).collect();
    let first = text.trim_start().chars().next();
    match first {
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') => format!("'{text}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn no_cell_is_a_formula() {
        for (cell, kept) in [
            ("=HYPERLINK(\"http://mal.mx\")", "'=HYPERLINK(\"http://mal.mx\")"),
            ("  @SUM(1)", "'  @SUM(1)"),
            ("-2+3", "'-2+3"),
            ("\t=1", "' =1"),
            ("Falla\r\n=1", "Falla  =1"),
            ("＝1", "'＝1"),
            ("MC/2026/0001", "MC/2026/0001"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell), kept, "{cell:?}");
        }
    }
}
