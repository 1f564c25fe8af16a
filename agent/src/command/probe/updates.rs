//! Updates that wait, as people read them.

use atalaya_reading::{Reading, Update, Updates};

use super::{fact, known, unknown_cell};
use crate::command::local_time;
use crate::table::{Cell, Table, Tone, cell, plain};

/// Lines under the title.
pub fn shown(reading: &Reading<Updates>, colour: bool) -> String {
    let Some(updates) = reading.known() else { return String::new() };
    let facts = [
        ("Por instalar", waiting(updates.pending, Tone::Poor)),
        ("De seguridad", waiting(updates.security, Tone::Bad)),
        ("Última instalación", known(updates.last_installed_at.map(local_time))),
        ("Última consulta", known(updates.last_checked_at.map(local_time))),
        ("Se instalan solas", automatic(updates.automatic)),
    ];
    let text: String = facts.iter().map(|(name, value)| fact(name, value, colour)).collect();
    if updates.waiting.is_empty() { text } else { text + &list(&updates.waiting, colour) }
}

fn list(waiting: &[Update], colour: bool) -> String {
    let mut table = Table::new(&["Actualización", "Versión", "Instalada", "Seguridad"]);
    for update in waiting {
        table.row(vec![
            plain(&update.name),
            known(update.version.as_ref()),
            known(update.installed_version.as_ref()),
            match update.security {
                Some(true) => cell("sí", Tone::Bad),
                Some(false) => plain("no"),
                None => unknown_cell(),
            },
        ]);
    }
    table.lines(2, colour)
}

fn waiting(count: Option<u32>, tone: Tone) -> Cell {
    match count {
        Some(0) => cell("ninguna", Tone::Good),
        Some(count) => cell(count.to_string(), tone),
        None => unknown_cell(),
    }
}

fn automatic(value: Option<bool>) -> Cell {
    match value {
        Some(true) => cell("sí", Tone::Good),
        Some(false) => cell("no", Tone::Poor),
        None => unknown_cell(),
    }
}
