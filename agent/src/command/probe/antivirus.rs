//! The antivirus products as people read them.

use atalaya_reading::{Antivirus, AntivirusProduct, Reading};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{known, should_be, unknown_cell};
use crate::table::{Cell, Table, Tone, cell, plain};

/// Lines under the title.
pub fn shown(reading: &Reading<Antivirus>, colour: bool) -> String {
    let Some(antivirus) = reading.known() else { return String::new() };
    if antivirus.products.is_empty() {
        return format!("  {}\n", cell("no hay ningún antivirus", Tone::Bad).painted(colour));
    }
    let mut table = Table::new(&[
        "Producto",
        "Versión",
        "En marcha",
        "Tiempo real",
        "Firmas de hace",
        "Actualizador",
        "Último examen",
        "Licencia",
        "Detecciones",
    ]);
    for product in &antivirus.products {
        table.row(vec![
            plain(&product.name),
            known(product.version.as_ref()),
            should_be(product.running),
            should_be(product.real_time),
            age(product),
            should_be(product.updater_running),
            known(product.last_scan_at.map(day)),
            match product.expired {
                // Most have none, or do not say.
                None => plain(""),
                Some(false) => cell("vigente", Tone::Good),
                Some(true) => cell("vencida", Tone::Bad),
            },
            match product.detections.len() {
                0 => plain("ninguna"),
                count => cell(count.to_string(), Tone::Bad),
            },
        ]);
    }
    let detections = antivirus.products.iter().flat_map(|product| &product.detections);
    let lines = detections.map(|found| {
        let path = found.path.as_deref().unwrap_or("lugar desconocido");
        format!("  {} en {path}\n", cell(&found.name, Tone::Bad).painted(colour))
    });
    table.lines(2, colour) + &lines.collect::<String>()
}

/// The day by the clock of the one who reads.
fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%d/%m/%Y %H:%M").to_string()
}

fn age(product: &AntivirusProduct) -> Cell {
    match product.signatures_age_days {
        _ if product.signatures_stale == Some(true) => cell("atrasadas, según él", Tone::Bad),
        None if product.signatures_stale == Some(false) => cell("al día, según él", Tone::Good),
        None => unknown_cell(),
        Some(1) => cell("1 día", Tone::Good),
        Some(days @ 0..=7) => cell(format!("{days} días"), Tone::Good),
        Some(days) => cell(format!("{days} días"), Tone::Bad),
    }
}
