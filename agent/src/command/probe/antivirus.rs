//! The antivirus products as people read them.

use atalaya_reading::{Antivirus, AntivirusProduct, Reading};

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
        "Detecciones",
    ]);
    for product in &antivirus.products {
        table.row(vec![
            plain(&product.name),
            known(product.version.as_ref()),
            should_be(product.running),
            should_be(product.real_time),
            age(product),
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

fn age(product: &AntivirusProduct) -> Cell {
    match product.signatures_age_days {
        None => unknown_cell(),
        Some(1) => cell("1 día", Tone::Good),
        Some(days @ 0..=7) => cell(format!("{days} días"), Tone::Good),
        Some(days) => cell(format!("{days} días"), Tone::Bad),
    }
}
