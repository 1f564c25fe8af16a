//! Installed software as people read it.

use atalaya_reading::{Reading, Software};

use super::{fact, known};
use crate::table::{Table, plain};

/// Lines under the title.
pub fn shown(reading: &Reading<Software>, colour: bool) -> String {
    let Some(software) = reading.known() else { return String::new() };
    let total = software.programs.len() as u64 + u64::from(software.left_out);
    let mut text = fact("Programas", &plain(total.to_string()), colour);
    let mut table = Table::new(&["Programa", "Versión", "Editor", "Instalado", "Lista"]);
    for program in &software.programs {
        table.row(vec![
            plain(&program.name),
            known(program.version.as_ref()),
            plain(program.publisher.as_deref().unwrap_or("")),
            known(program.installed_on),
            plain(program.source.as_str()),
        ]);
    }
    if !software.programs.is_empty() {
        text += &table.lines(2, colour);
    }
    if software.left_out > 0 {
        text += &format!("  y otros {} que no caben en la lista\n", software.left_out);
    }
    text
}
