//! A procedure as plain text for a terminal or a printer: everything its file says, nothing left out.

use std::fmt::Write as _;

use crate::domain::procedure::{Procedure, Step, working_hours};

/// The whole procedure as text.
pub fn transcript(procedure: &Procedure) -> String {
    let mut out = String::new();
    // Writing to a text cannot fail.
    let _ = write(procedure, &mut out);
    out
}

fn write(procedure: &Procedure, out: &mut String) -> std::fmt::Result {
    let Procedure { code, title, edition, series, source, page, .. } = procedure;
    writeln!(out, "{title}")?;
    writeln!(
        out,
        "{code}, edición {edition} · folios {series} · sobre {}",
        procedure.about.title()
    )?;
    writeln!(out, "{source} · {page}")?;
    paragraph(out, "Objetivo", &procedure.objective)?;
    paragraph(out, "Alcance", &procedure.scope)?;
    if !procedure.responsibilities.is_empty() {
        writeln!(out, "\nResponsabilidades")?;
        for one in &procedure.responsibilities {
            writeln!(out, "  {}", one.role.title())?;
            items(out, "    ", &one.duties)?;
        }
    }
    let lists = [
        ("Insumos", &procedure.supplies),
        ("Resultados", &procedure.results),
        ("Políticas", &procedure.policies),
        ("Referencias", &procedure.references),
    ];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        writeln!(out, "\n{name}")?;
        items(out, "  ", list)?;
    }
    if let Some(hours) = procedure.limit_hours {
        paragraph(out, "Plazo", &working_hours(hours))?;
    }
    let four_eyes = procedure.four_eyes_in_words();
    if !four_eyes.is_empty() {
        writeln!(out, "\nCuatro ojos")?;
        items(out, "  ", &four_eyes)?;
    }
    if !procedure.checks.is_empty() {
        writeln!(out, "\nComprobaciones de cada equipo")?;
        items(out, "  ", procedure.checks.iter().map(|check| &check.text))?;
    }
    writeln!(out, "\nPasos")?;
    procedure.steps.iter().try_for_each(|one| step(out, one))
}

fn paragraph(out: &mut String, name: &str, text: &str) -> std::fmt::Result {
    writeln!(out, "\n{name}\n  {text}")
}

fn items<'a>(
    out: &mut String,
    indent: &str,
    items: impl IntoIterator<Item = &'a String>,
) -> std::fmt::Result {
    items.into_iter().try_for_each(|item| writeln!(out, "{indent}- {item}"))
}

fn step(out: &mut String, step: &Step) -> std::fmt::Result {
    writeln!(out, "{:>5}  [{}] {}", step.id.as_str(), step.role.title(), step.text)?;
    writeln!(out, "       {}", step.way_out())?;
    for fact in step.facts() {
        writeln!(out, "       · {fact}")?;
    }
    if let Some(note) = &step.note {
        writeln!(out, "       Nota: {note}")?;
    }
    Ok(())
}
