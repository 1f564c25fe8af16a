//! Drives and volumes: readings to messages and back.

use atalaya_reading::{
    Disk, Drive, DriveAttribute, DriveHealth, DriveKind, Status, Volume, bounds,
};

use super::{Malformed, at_most, cut, some_instant, some_text, status_from_wire};
use crate::v1;

impl From<&Disk> for v1::Disk {
    fn from(value: &Disk) -> Self {
        v1::Disk {
            drives: value.drives.iter().take(bounds::DRIVES).map(drive).collect(),
            volumes: value.volumes.iter().take(bounds::VOLUMES).map(volume).collect(),
            drives_status: v1::ReadingStatus::from(value.drives_status).into(),
            drives_detail: cut(&value.drives_detail),
        }
    }
}

fn drive(drive: &Drive) -> v1::Drive {
    let reasons = drive.reasons.iter().take(bounds::REASONS);
    v1::Drive {
        device: bounds::text(&drive.device, bounds::TEXT),
        model: cut(&drive.model),
        serial: cut(&drive.serial),
        kind: match drive.kind {
            DriveKind::Hdd => v1::DriveKind::Hdd,
            DriveKind::Ssd => v1::DriveKind::Ssd,
            DriveKind::Nvme => v1::DriveKind::Nvme,
            DriveKind::Unknown => v1::DriveKind::Unspecified,
        }
        .into(),
        health: match drive.health {
            DriveHealth::Ok => v1::DriveHealth::Ok,
            DriveHealth::Warning => v1::DriveHealth::Warning,
            DriveHealth::Failing => v1::DriveHealth::Failing,
            DriveHealth::Unknown => v1::DriveHealth::Unspecified,
        }
        .into(),
        reasons: reasons.map(|reason| bounds::text(reason, bounds::TEXT)).collect(),
        temperature_c: drive.temperature_c,
        power_on_hours: drive.power_on_hours,
        attributes: drive.attributes.iter().take(bounds::ATTRIBUTES).map(attribute).collect(),
    }
}

fn attribute(attribute: &DriveAttribute) -> v1::DriveAttribute {
    v1::DriveAttribute {
        name: bounds::text(&attribute.name, bounds::TEXT),
        id: attribute.id,
        raw: attribute.raw,
        previous_raw: attribute.previous_raw,
        changed_at_us: attribute.changed_at.map(|at| at.as_microsecond()),
        normalized: attribute.normalized,
        worst: attribute.worst,
        threshold: attribute.threshold,
    }
}

fn volume(volume: &Volume) -> v1::Volume {
    v1::Volume {
        mount: bounds::text(&volume.mount, bounds::TEXT),
        filesystem: bounds::text(&volume.filesystem, bounds::TEXT),
        total_bytes: volume.total_bytes,
        free_bytes: volume.free_bytes,
        read_only: volume.read_only,
        inodes_total: volume.inodes_total,
        inodes_free: volume.inodes_free,
        remounted_read_only: volume.remounted_read_only,
    }
}

impl TryFrom<v1::Disk> for Disk {
    type Error = Malformed;

    fn try_from(message: v1::Disk) -> Result<Self, Malformed> {
        Ok(Disk {
            drives_status: status_from_wire(message.drives_status).unwrap_or(Status::Unsupported),
            drives_detail: some_text(&message.drives_detail),
            drives: at_most("disk.drives", message.drives, bounds::DRIVES)?
                .into_iter()
                .map(read_drive)
                .collect::<Result<_, _>>()?,
            volumes: at_most("disk.volumes", message.volumes, bounds::VOLUMES)?
                .into_iter()
                .map(read_volume)
                .collect(),
        })
    }
}

fn read_drive(message: v1::Drive) -> Result<Drive, Malformed> {
    let reasons = at_most("disk.reasons", message.reasons, bounds::REASONS)?;
    Ok(Drive {
        device: bounds::text(&message.device, bounds::TEXT),
        model: some_text(&message.model),
        serial: some_text(&message.serial),
        kind: match v1::DriveKind::try_from(message.kind) {
            Ok(v1::DriveKind::Hdd) => DriveKind::Hdd,
            Ok(v1::DriveKind::Ssd) => DriveKind::Ssd,
            Ok(v1::DriveKind::Nvme) => DriveKind::Nvme,
            Ok(v1::DriveKind::Unspecified) | Err(_) => DriveKind::Unknown,
        },
        health: match v1::DriveHealth::try_from(message.health) {
            Ok(v1::DriveHealth::Ok) => DriveHealth::Ok,
            Ok(v1::DriveHealth::Warning) => DriveHealth::Warning,
            Ok(v1::DriveHealth::Failing) => DriveHealth::Failing,
            Ok(v1::DriveHealth::Unspecified) | Err(_) => DriveHealth::Unknown,
        },
        reasons: reasons.iter().map(|reason| bounds::text(reason, bounds::TEXT)).collect(),
        temperature_c: message.temperature_c.filter(|c| (-60..=200).contains(c)),
        power_on_hours: message.power_on_hours.filter(|hours| *hours < 100 * 365 * 24),
        attributes: at_most("disk.attributes", message.attributes, bounds::ATTRIBUTES)?
            .into_iter()
            .map(read_attribute)
            .collect(),
    })
}

fn read_attribute(message: v1::DriveAttribute) -> DriveAttribute {
    DriveAttribute {
        name: bounds::text(&message.name, bounds::TEXT),
        id: message.id,
        raw: message.raw,
        previous_raw: message.previous_raw,
        changed_at: some_instant(message.changed_at_us),
        normalized: message.normalized,
        worst: message.worst,
        threshold: message.threshold,
    }
}

fn read_volume(message: v1::Volume) -> Volume {
    Volume {
        mount: bounds::text(&message.mount, bounds::TEXT),
        filesystem: bounds::text(&message.filesystem, bounds::TEXT),
        total_bytes: message.total_bytes,
        free_bytes: message.free_bytes.min(message.total_bytes),
        read_only: message.read_only,
        inodes_total: message.inodes_total,
        inodes_free: message
            .inodes_free
            .map(|free| message.inodes_total.map_or(free, |total| free.min(total))),
        remounted_read_only: message.remounted_read_only,
    }
}
