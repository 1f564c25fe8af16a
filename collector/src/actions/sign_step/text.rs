//! The text that is signed: what the run is about, what was done in it and by whom, step by step. Plain, so that its hash
//! means the same everywhere.

use jiff::tz::TimeZone;
use jiff::{Timestamp, tz};

use crate::actions::Result;
use crate::actions::judge::Bench;
use crate::actions::runs::edition_of;
use crate::domain::procedure::{Procedure, Step};
use crate::domain::run::{EventKind, RecordedEvent, Run};
use crate::store::Read;

/// Most events told: the last ones.
const EVENTS: usize = 40;
/// Most characters of a note told.
const NOTE_CHARACTERS: usize = 400;

/// The text for a step of a run.
pub async fn of(read: &mut Read, bench: &Bench, run: &Run, step: &Step) -> Result<String> {
    let procedure = edition_of(&bench.library, run)?;
    let mut about = Vec::new();
    if let Some(area) = &run.area
        && let Some(area) = read.area(area).await?
    {
        about.push(format!("Área: {}", area.name));
    }
    if let Some(device) = &run.device
        && let Some(device) = read.device(device).await?
    {
        about.push(format!("Equipo: {} (n.º {})", device.name, device.number));
    }
    if let Some(position) = run.subject
        && let Some(subject) =
            read.run_subjects(&run.id).await?.into_iter().find(|one| one.position == position)
    {
        about.push(format!("Visita: {}", subject.name));
    }
    if !run.requester.name.is_empty() {
        about.push(format!("Solicitó: {}", run.requester.name));
    }
    let events = read.run_events(&run.id).await?;
    Ok(text(procedure, run, step, &about, &events))
}

fn text(
    procedure: &Procedure,
    run: &Run,
    step: &Step,
    about: &[String],
    events: &[RecordedEvent],
) -> String {
    let mut lines = vec![
        format!("Trámite {}: {}", run.folio, run.title),
        format!("Procedimiento: {}, edición {}", procedure.title, procedure.edition),
        format!("Abierto: {}", local(run.opened_at)),
    ];
    lines.extend_from_slice(about);
    lines.push(String::new());
    lines.push("Lo que se hizo:".to_owned());
    let told: Vec<String> = events.iter().filter_map(|event| told(procedure, event)).collect();
    lines.extend_from_slice(&told[told.len().saturating_sub(EVENTS)..]);
    lines.push(String::new());
    lines.push(format!("Se firma el paso {}: {}", step.id, step.text));
    lines.join("\n")
}

/// An event as whoever signs reads it; remarks of the unit among themselves are not told.
fn told(procedure: &Procedure, event: &RecordedEvent) -> Option<String> {
    let step = event.step.as_ref().and_then(|step| procedure.step(step));
    let what = match event.kind {
        EventKind::Opened => "Se abrió el trámite".to_owned(),
        EventKind::Completed => step?.text.clone(),
        EventKind::Answered => {
            format!("{} {}", step?.text, if event.answer? { "Sí" } else { "No" })
        }
        EventKind::Undone => "Se deshizo el paso anterior".to_owned(),
        EventKind::AttachmentAdded => {
            format!("Se agregó el archivo «{}»", event.data.attached.as_ref()?.name)
        }
        _ => return None,
    };
    let note: String = event.note.chars().take(NOTE_CHARACTERS).collect();
    let note = if note.is_empty() { note } else { format!(" — {note}") };
    Some(format!("· {} ({}) {what}{note}", local(event.at), event.actor))
}

/// In local time: central Mexico is UTC−6 all year.
fn local(at: Timestamp) -> String {
    let zone = TimeZone::fixed(tz::offset(-6));
    at.to_zoned(zone).strftime("%d/%m/%Y %H:%M").to_string()
}
