//! `atalaya-agent probe [NAME] [--json]`: takes the readings now, without a collector, and shows them to a person or,
//! as stable JSON, to a program.

mod accounts;
mod antivirus;
mod connectivity;
mod disk;
mod firewall;
mod software;
mod system;
mod updates;

use std::io::IsTerminal;
use std::path::Path;

use atalaya_reading::{Section, SectionKind, Status};

use super::Misuse;
use crate::config::Config;
use crate::probe::{Depth, Probes};
use crate::table::{Cell, Tone, cell};

/// Reads one section or all of them and prints them.
///
/// # Errors
/// When the settings are wrong, the name is not that of a section, or the output cannot be written.
pub fn run(config: Option<&Path>, name: Option<&str>, json: bool) -> anyhow::Result<()> {
    let kinds = match name {
        None => SectionKind::ALL.to_vec(),
        Some(name) => vec![SectionKind::parse(name).ok_or_else(|| unknown(name))?],
    };
    let config = Config::load(config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut probes = Probes::new(&config, None);
    if let Ok(path) = std::env::var("PATH") {
        // Whoever calls by hand decides where programs are found; the service keeps to its own path.
        probes = probes.with_program_path(&path);
    }
    let sections = runtime.block_on(read(&mut probes, &kinds));
    // A probe that hangs must not keep the program from ending.
    runtime.shutdown_background();
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let text = if json { as_json(&sections)? } else { as_text(&sections, colour) };
    Ok(super::print(&text)?)
}

fn unknown(name: &str) -> Misuse {
    let names: Vec<&str> = SectionKind::ALL.into_iter().map(SectionKind::as_str).collect();
    Misuse(format!("no existe la lectura «{name}»; elija una de: {}", names.join(", ")))
}

async fn read(probes: &mut Probes, kinds: &[SectionKind]) -> Vec<Section> {
    let mut sections = Vec::new();
    for kind in kinds {
        sections.push(probes.read(*kind, Depth::Full).await.section);
    }
    sections
}

fn as_json(sections: &[Section]) -> anyhow::Result<String> {
    let pairs = sections.iter().map(|section| (section.kind().as_str().into(), section.to_json()));
    let object: serde_json::Map<String, serde_json::Value> = pairs.collect();
    Ok(serde_json::to_string_pretty(&object)? + "\n")
}

fn as_text(sections: &[Section], colour: bool) -> String {
    let blocks = sections.iter().map(|section| {
        let title = cell(title(section.kind()), Tone::Strong).painted(colour);
        let status = status(section.status()).painted(colour);
        let cost = section.cost().map(|cost| format!("; {}", super::cost(cost)));
        let source = format!("({}{})", section.source(), cost.unwrap_or_default());
        let source = cell(source, Tone::Faint).painted(colour);
        let detail = section.detail().map(|detail| format!("  {detail}\n")).unwrap_or_default();
        let body = match section {
            Section::Antivirus(reading) => antivirus::shown(reading, colour),
            Section::Firewall(reading) => firewall::shown(reading, colour),
            Section::Disk(reading) => disk::shown(reading, colour),
            Section::Connectivity(reading) => connectivity::shown(reading, colour),
            Section::System(reading) => system::shown(reading, colour),
            Section::Updates(reading) => updates::shown(reading, colour),
            Section::Software(reading) => software::shown(reading, colour),
            Section::Accounts(reading) => accounts::shown(reading, colour),
        };
        format!("{title}: {status} {source}\n{detail}{body}")
    });
    blocks.collect::<Vec<String>>().join("\n")
}

fn title(kind: SectionKind) -> &'static str {
    match kind {
        SectionKind::Antivirus => "Antivirus",
        SectionKind::Firewall => "Cortafuegos",
        SectionKind::Disk => "Discos",
        SectionKind::Connectivity => "Conexión",
        SectionKind::System => "Sistema",
        SectionKind::Updates => "Actualizaciones",
        SectionKind::Software => "Programas instalados",
        SectionKind::Accounts => "Cuentas locales",
    }
}

/// The status as people say it.
fn status(status: Status) -> Cell {
    match status {
        Status::Ok => cell("leído", Tone::Good),
        Status::Unsupported => cell("no disponible", Tone::Faint),
        Status::Denied => cell("sin permiso", Tone::Poor),
        Status::Timeout => cell("sin respuesta a tiempo", Tone::Poor),
        Status::Error => cell("error", Tone::Bad),
    }
}

/// Not known: neither good nor bad.
fn unknown_cell() -> Cell {
    cell("desconocido", Tone::Faint)
}

/// What is known as text.
fn known(value: Option<impl ToString>) -> Cell {
    value.map_or_else(unknown_cell, |value| crate::table::plain(value.to_string()))
}

/// Yes or no, where yes is as it should be.
fn should_be(value: Option<bool>) -> Cell {
    match value {
        Some(true) => cell("sí", Tone::Good),
        Some(false) => cell("no", Tone::Bad),
        None => unknown_cell(),
    }
}

/// Bytes in the unit people buy disks and memory by.
fn bytes(value: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut amount = value as f64;
    let mut unit = 0;
    while amount >= 1024.0 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{value} B") } else { format!("{amount:.1} {}", UNITS[unit]) }
}

/// A fact on a line of its own.
fn fact(name: &str, value: &Cell, colour: bool) -> String {
    format!("  {name}: {}\n", value.painted(colour))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn an_unknown_name_is_refused_with_the_names_there_are() {
        let error = run(None, Some("disco"), true).unwrap_err().to_string();
        assert!(error.contains("«disco»") && error.contains("connectivity, system"), "{error}");
    }

    #[test]
    fn what_could_not_be_read_is_shown_as_unknown_never_as_good() {
        for kind in SectionKind::ALL {
            let section = Section::unknown(
                kind,
                Status::Denied,
                "hace falta root",
                "x",
                Timestamp::UNIX_EPOCH,
            );
            let text = as_text(&[section], false);
            assert!(text.contains("sin permiso") && text.contains("hace falta root"), "{text}");
            assert!(!text.contains(": no\n") && !text.contains(": sí\n"), "{text}");
        }
    }

    #[test]
    fn bytes_are_said_in_the_unit_that_fits() {
        assert_eq!(bytes(512), "512 B");
        assert_eq!(bytes(270_553_174_016), "252.0 GiB");
    }
}
