//! The lists a made-up PC reads: updates that wait, installed software, local accounts. They change once a day at most.

use atalaya_reading::{
    Account, Accounts, InstalledProgram, ProgramSource, Software, Update, Updates,
};
use jiff::Timestamp;

use super::illness::Illness;
use super::pc::{Pc, Platform};

/// Programs of a Windows PC: name, version, maker.
const WINDOWS: [(&str, &str, &str); 9] = [
    ("7-Zip 23.01 (x64)", "23.01", "Igor Pavlov"),
    ("Adobe Acrobat Reader", "24.002.20933", "Adobe Systems Incorporated"),
    ("Google Chrome", "131.0.6778.86", "Google LLC"),
    ("LibreOffice 24.2", "24.2.7.2", "The Document Foundation"),
    ("Microsoft Edge", "131.0.2903.51", "Microsoft Corporation"),
    ("Microsoft Office Estándar 2019 - es-mx", "16.0.10416.20027", "Microsoft Corporation"),
    (
        "Microsoft Visual C++ 2015-2022 Redistributable (x64)",
        "14.40.33810.0",
        "Microsoft Corporation",
    ),
    ("Mozilla Firefox ESR (x64 es-MX)", "128.4.0", "Mozilla"),
    ("VLC media player", "3.0.21", "VideoLAN"),
];

/// Packages of a Debian PC: name and version.
const DEBIAN: [(&str, &str); 8] = [
    ("bash", "5.2.15-2+b7"),
    ("clamav-daemon", "1.0.7+dfsg-1~deb12u1"),
    ("cups", "2.4.2-3+deb12u8"),
    ("firefox-esr", "128.4.0esr-1~deb12u1"),
    ("libreoffice-writer", "4:7.4.7-1+deb12u5"),
    ("libssl3", "3.0.14-1~deb12u2"),
    ("linux-image-amd64", "6.1.115-1"),
    ("ufw", "0.36.2-1"),
];

/// Seven in the morning UTC, some days before today.
fn days_before(at: Timestamp, days: i64) -> Option<Timestamp> {
    let today = at.as_second().div_euclid(86_400) * 86_400 - 17 * 3_600;
    Timestamp::from_second(today - days * 86_400).ok()
}

pub(super) fn source(pc: &Pc, windows: &'static str, debian: &'static str) -> &'static str {
    if pc.platform == Platform::Debian12 { debian } else { windows }
}

pub(super) fn updates(pc: &Pc, at: Timestamp) -> Updates {
    let neglected = pc.illness == Some(Illness::OldSignatures);
    let waiting = |name: &str, version: &str, security| Update {
        name: name.into(),
        version: Some(version.into()),
        installed_version: None,
        security: Some(security),
    };
    let mut list = Vec::new();
    if neglected {
        let rollup = "2026-11 Actualización acumulativa para Windows 11 (KB5046617)";
        list.push(waiting(rollup, "KB5046617", true));
        list.push(waiting(
            "Herramienta de eliminación de software malintencionado",
            "5.130",
            false,
        ));
    } else if pc.number % 5 == 2 {
        list.push(waiting("Controlador de impresora", "10.2.1", false));
    }
    Updates {
        pending: u32::try_from(list.len()).ok(),
        security: Some(u32::from(neglected)),
        waiting: list,
        last_installed_at: days_before(at, if neglected { 61 } else { i64::from(pc.number % 9) }),
        last_checked_at: days_before(at, 0),
        automatic: Some(!neglected),
    }
}

pub(super) fn software(pc: &Pc, at: Timestamp) -> Software {
    let installed_on = days_before(at, 40 + i64::from(pc.number % 90))
        .map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date());
    let program = |name: &str, version: &str, publisher: Option<&str>, source| InstalledProgram {
        name: name.into(),
        version: Some(version.into()),
        publisher: publisher.map(Into::into),
        installed_on,
        source,
    };
    let programs = if pc.platform == Platform::Debian12 {
        let package =
            |(name, version): &(&str, &str)| program(name, version, None, ProgramSource::Dpkg);
        DEBIAN.iter().map(package).collect()
    } else {
        let entry = |(name, version, maker): &(&str, &str, &str)| {
            program(name, version, Some(maker), ProgramSource::Registry)
        };
        WINDOWS.iter().map(entry).collect()
    };
    Software { programs, left_out: 0 }
}

pub(super) fn accounts(pc: &Pc, at: Timestamp) -> Accounts {
    let account = |name: &str, full_name: Option<&str>, administrator, days: Option<i64>| Account {
        name: name.into(),
        full_name: full_name.map(Into::into),
        enabled: Some(name != "Invitado"),
        administrator: Some(administrator),
        last_logon_at: days.and_then(|days| days_before(at, days)),
        system: false,
    };
    let (root, guest) = if pc.platform == Platform::Debian12 {
        ("root", "nobody")
    } else {
        ("Administrador", "Invitado")
    };
    Accounts {
        accounts: vec![
            account(root, None, true, None),
            account("soporte.tic", Some("Soporte TIC"), true, Some(i64::from(pc.number % 20))),
            account("ventanilla", Some("Ventanilla"), false, Some(0)),
            Account {
                system: pc.platform == Platform::Debian12,
                ..account(guest, None, false, None)
            },
        ],
        left_out: 0,
    }
}
