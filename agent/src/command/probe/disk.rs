//! Drives and volumes as people read them.

use atalaya_reading::{Disk, Drive, DriveHealth, DriveKind, Reading, Status, Volume};

use super::{bytes, fact, known, status};
use crate::table::{Cell, Table, Tone, cell, plain};

/// Permille of free space below which a volume is nearly full.
const NEARLY_FULL: u32 = 100;

/// Lines under the title.
pub fn shown(reading: &Reading<Disk>, colour: bool) -> String {
    let disk = &reading.value;
    let mut text = String::new();
    if disk.drives_status != Status::Ok {
        text += &fact("Salud", &status(disk.drives_status), colour);
        text +=
            &disk.drives_detail.iter().map(|detail| format!("  {detail}\n")).collect::<String>();
    }
    if !disk.drives.is_empty() {
        text += &drives(&disk.drives, colour);
        text += &attributes(&disk.drives, colour);
    }
    match reading.known() {
        Some(disk) if !disk.volumes.is_empty() => text + &volumes(&disk.volumes, colour),
        _ => text,
    }
}

fn drives(drives: &[Drive], colour: bool) -> String {
    let mut table =
        Table::new(&["Disco", "Modelo", "Serie", "Tipo", "Salud", "Temp.", "Horas", "Motivo"]);
    for drive in drives {
        let mut reasons = drive.reasons.iter();
        table.row(vec![
            plain(&drive.device),
            known(drive.model.as_ref()),
            known(drive.serial.as_ref()),
            plain(kind(drive.kind)),
            health(drive.health),
            known(drive.temperature_c.map(|degrees| format!("{degrees} °C"))),
            known(drive.power_on_hours),
            plain(reasons.next().map_or("", String::as_str)),
        ]);
        for reason in reasons {
            let mut row = vec![plain(""); 7];
            row.push(plain(reason));
            table.row(row);
        }
    }
    table.lines(2, colour)
}

fn volumes(volumes: &[Volume], colour: bool) -> String {
    let mut table =
        Table::new(&["Volumen", "Sistema", "Tamaño", "Libre", "", "Inodos libres", "Modo"]);
    for volume in volumes {
        let permille = volume.free_permille().unwrap_or(0);
        let tone = if permille < NEARLY_FULL { Tone::Bad } else { Tone::Plain };
        table.row(vec![
            plain(&volume.mount),
            plain(&volume.filesystem),
            plain(bytes(volume.total_bytes)),
            plain(bytes(volume.free_bytes)),
            cell(format!("{} %", permille / 10), tone),
            inodes(volume),
            mode(volume),
        ]);
    }
    table.lines(2, colour)
}

fn inodes(volume: &Volume) -> Cell {
    match volume.inodes_free_permille() {
        Some(permille) if permille < NEARLY_FULL => cell(format!("{} %", permille / 10), Tone::Bad),
        Some(permille) => plain(format!("{} %", permille / 10)),
        None => plain("sin límite"),
    }
}

fn mode(volume: &Volume) -> Cell {
    match (volume.remounted_read_only, volume.read_only) {
        (Some(true), _) => cell("solo lectura por un error", Tone::Bad),
        (_, true) => plain("solo lectura"),
        (_, false) => plain("lectura y escritura"),
    }
}

/// The figures health is judged by, where a drive has any.
fn attributes(drives: &[Drive], colour: bool) -> String {
    let mut table =
        Table::new(&["Disco", "Atributo", "Valor", "Antes", "Cambió", "Normalizado", "Umbral"]);
    let mut some = false;
    for drive in drives {
        for attribute in &drive.attributes {
            some = true;
            let id = attribute.id.map(|id| format!("{id} ")).unwrap_or_default();
            let shown =
                |value: Option<u64>| plain(value.map_or(String::new(), |value| value.to_string()));
            table.row(vec![
                plain(&drive.device),
                plain(format!("{id}{}", attribute.name)),
                plain(attribute.raw.to_string()),
                shown(attribute.previous_raw),
                plain(
                    attribute
                        .changed_at
                        .map_or(String::new(), |at| at.strftime("%d/%m/%Y").to_string()),
                ),
                shown(attribute.normalized.map(u64::from)),
                shown(attribute.threshold.map(u64::from)),
            ]);
        }
    }
    if some { table.lines(2, colour) } else { String::new() }
}

fn kind(kind: DriveKind) -> &'static str {
    match kind {
        DriveKind::Hdd => "giratorio",
        DriveKind::Ssd => "SSD",
        DriveKind::Nvme => "NVMe",
        DriveKind::Unknown => "desconocido",
    }
}

fn health(health: DriveHealth) -> Cell {
    match health {
        DriveHealth::Ok => cell("bien", Tone::Good),
        DriveHealth::Warning => cell("aviso", Tone::Poor),
        DriveHealth::Failing => cell("falla", Tone::Bad),
        DriveHealth::Unknown => cell("desconocida", Tone::Faint),
    }
}
