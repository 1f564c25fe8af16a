//! What a made-up PC reads at a given time, illness included.

use atalaya_reading::{
    AllowedPort, Antivirus, AntivirusProduct, Connectivity, Cost, Detection, Disk, Dns, Drive,
    DriveAttribute, DriveHealth, DriveKind, Firewall, FirewallBackend, FirewallProfile, Gateway,
    Interface, ListeningSocket, Measurement, PacketPolicy, Reading, Section, Status, System,
    Target, TargetKind, Verdict, Volume,
};
use jiff::{SignedDuration, Timestamp};

use super::illness::Illness;
use super::inventory;
use super::pc::{Pc, Platform};

const GIB: u64 = 1 << 30;

/// All sections, in the order they are shown.
pub fn sections(pc: &Pc, at: Timestamp) -> Vec<Section> {
    vec![
        Section::Antivirus(Reading::ok(antivirus(pc, at), antivirus_source(pc), at)),
        Section::Firewall(Reading::ok(firewall(pc), firewall_source(pc), at)),
        Section::Disk(Reading::ok(disk(pc, at), "smartctl 7.3", at)),
        Section::Connectivity(Reading::ok(connectivity(pc, at), "muestra", at)),
        Section::System(Reading::ok(system(pc, at), "muestra", at)),
        Section::Updates(Reading::ok(
            inventory::updates(pc, at),
            inventory::source(pc, "Windows Update", "apt"),
            at,
        )),
        Section::Software(Reading::ok(
            inventory::software(pc, at),
            inventory::source(pc, "Uninstall", "/var/lib/dpkg/status"),
            at,
        )),
        Section::Accounts(Reading::ok(
            inventory::accounts(pc, at),
            inventory::source(pc, "NetUserEnum", "/etc/passwd"),
            at,
        )),
    ]
    .into_iter()
    .map(|section| {
        // A reading costs some thousandths of a second, the longer lists more.
        let took_us = 1_500 + 700 * section.to_json().to_string().len() as u64 / 100;
        section.with_cost(Some(Cost { took_us, cpu_us: Some(took_us / 3) }))
    })
    .collect()
}

fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

fn before(at: Timestamp, ago: SignedDuration) -> Timestamp {
    at.checked_sub(ago).unwrap_or(at)
}

fn is_windows(pc: &Pc) -> bool {
    pc.platform != Platform::Debian12
}

fn antivirus_source(pc: &Pc) -> &'static str {
    if is_windows(pc) { "WSC + MSFT_MpComputerStatus" } else { "clamd + daily.cld" }
}

fn antivirus(pc: &Pc, at: Timestamp) -> Antivirus {
    if pc.illness == Some(Illness::NoAntivirus) {
        return Antivirus::default();
    }
    let (name, version) = match pc.platform {
        Platform::Debian12 => ("ClamAV", "1.0.7"),
        _ if pc.number % 6 == 5 => ("ESET Endpoint Antivirus", "11.1.2039.0"),
        _ => ("Microsoft Defender Antivirus", "4.18.24090.11"),
    };
    let off = pc.illness == Some(Illness::AntivirusOff);
    let days =
        if pc.illness == Some(Illness::OldSignatures) { 34 } else { i64::from(pc.number % 3) };
    // Signatures come out once a day, at six in the morning UTC.
    let today = at.as_second().div_euclid(86_400) * 86_400 - 18 * 3_600;
    let mut product = AntivirusProduct {
        name: name.into(),
        version: Some(version.into()),
        running: Some(!off),
        real_time: Some(!off),
        updater_running: (!is_windows(pc)).then_some(true),
        last_scan_at: Timestamp::from_second(today - i64::from(pc.number % 5) * 86_400).ok(),
        signatures_stale: is_windows(pc).then_some(days > 7),
        expired: is_windows(pc).then_some(false),
        signatures_at: Timestamp::from_second(today - days * 86_400).ok(),
        ..AntivirusProduct::default()
    };
    product.set_signatures_age(at);
    if pc.illness == Some(Illness::Detection) {
        product.detections.push(Detection {
            name: "Trojan:Win32/Wacatac.B!ml".into(),
            path: Some("C:\\Users\\registro\\Downloads\\factura_2026.exe".into()),
            found_at: Timestamp::from_second(today).ok(),
            action: Some("Cuarentena".into()),
        });
    }
    Antivirus { products: vec![product] }
}

fn firewall_source(pc: &Pc) -> &'static str {
    if is_windows(pc) {
        "INetFwPolicy2 + GetExtendedTcpTable"
    } else {
        "nft -j list ruleset + /proc/net"
    }
}

fn firewall(pc: &Pc) -> Firewall {
    let off = pc.illness == Some(Illness::FirewallOff);
    let socket = |port: u16, process: &str, service: Option<&str>, address: &str| ListeningSocket {
        protocol: "tcp".into(),
        address: address.into(),
        port,
        process: Some(process.into()),
        pid: Some(400 + u32::from(port) % 5_000),
        loopback: address.starts_with("127."),
        service: service.map(Into::into),
    };
    let mut listening = if is_windows(pc) {
        vec![
            socket(135, "svchost.exe", Some("rpceptmapper, rpcss"), "0.0.0.0"),
            socket(139, "System", None, "0.0.0.0"),
            socket(445, "System", None, "0.0.0.0"),
            socket(5040, "svchost.exe", Some("cdpsvc"), "0.0.0.0"),
        ]
    } else {
        vec![
            socket(22, "sshd", Some("ssh.service"), "0.0.0.0"),
            socket(631, "cupsd", Some("cups.service"), "127.0.0.1"),
        ]
    };
    if pc.illness == Some(Illness::OpenPort) {
        listening.push(socket(4444, "servidor.exe", None, "0.0.0.0"));
    }
    let let_in = |port: &str, source: &str| AllowedPort {
        protocol: "tcp".into(),
        port: port.into(),
        source: source.into(),
    };
    let own = format!("10.20.{}.0/24", pc.area.site.network);
    let mut allowed = vec![let_in(if is_windows(pc) { "445" } else { "22" }, &own)];
    if pc.illness == Some(Illness::OpenPort) {
        allowed.push(let_in("3389", "any"));
    }
    Firewall {
        enabled: Some(!off),
        backend: Some(match (off, is_windows(pc)) {
            (_, true) => FirewallBackend::Windows,
            (false, false) => FirewallBackend::Ufw,
            (true, false) => FirewallBackend::None,
        }),
        default_inbound: Some(if off { PacketPolicy::Accept } else { PacketPolicy::Drop }),
        allowed,
        listening_status: Status::Ok,
        listening,
        listening_left_out: 0,
        service_running: is_windows(pc).then_some(true),
        profiles: if is_windows(pc) { profiles(!off) } else { Vec::new() },
    }
}

/// The profiles of a PC within a domain whose group policy decides its firewall.
fn profiles(enabled: bool) -> Vec<FirewallProfile> {
    let profile = |name: &str| FirewallProfile {
        name: name.into(),
        active: name == "domain",
        enabled: Some(enabled),
        default_inbound: Some(PacketPolicy::Drop),
        by_group_policy: Some(name == "domain"),
    };
    ["domain", "private", "public"].map(profile).into()
}

fn disk(pc: &Pc, at: Timestamp) -> Disk {
    let mut rng = pc.chance(1, minute(at) / 10);
    let (health, reasons) = match pc.illness {
        Some(Illness::DriveFailing) => (
            DriveHealth::Failing,
            vec![
                "SMART dice FAILED".into(),
                "Reallocated_Sector_Ct (5) = 1864, bajo su umbral".into(),
            ],
        ),
        Some(Illness::DriveWarning) => {
            (DriveHealth::Warning, vec!["Current_Pending_Sector (197) = 8, subió desde 0".into()])
        }
        _ => (DriveHealth::Ok, Vec::new()),
    };
    let drive = Drive {
        device: if is_windows(pc) { "/dev/sda (PhysicalDrive0)" } else { "/dev/sda" }.into(),
        model: Some(
            if pc.turning_disk { "ST1000DM010-2EP102" } else { "KINGSTON SA400S37480G" }.into(),
        ),
        serial: Some(format!("{}D0", pc.serial)),
        kind: if pc.turning_disk { DriveKind::Hdd } else { DriveKind::Ssd },
        health,
        reasons,
        temperature_c: Some(rng.i32(29..41)),
        power_on_hours: Some(
            pc.drive_hours + u64::try_from(at.as_second() / 3_600 % 8_760).unwrap_or(0),
        ),
        attributes: attributes(pc, at),
    };
    let total = if pc.turning_disk { 931 * GIB } else { 447 * GIB };
    let free_permille = if pc.illness == Some(Illness::VolumeFull) {
        41
    } else {
        210 + u64::from(pc.number % 25) * 20
    };
    let volume = Volume {
        mount: if is_windows(pc) { "C:" } else { "/" }.into(),
        filesystem: if is_windows(pc) { "NTFS" } else { "ext4" }.into(),
        total_bytes: total,
        free_bytes: total / 1000 * free_permille + rng.u64(0..total / 2_000),
        inodes_total: (!is_windows(pc)).then_some(29_000_000),
        inodes_free: (!is_windows(pc)).then_some(28_000_000 - u64::from(pc.number) * 10_000),
        remounted_read_only: (!is_windows(pc)).then_some(false),
        ..Volume::default()
    };
    if pc.illness == Some(Illness::DrivesDenied) {
        let detail = "smartctl: permiso denegado".to_string();
        return Disk {
            drives_status: Status::Denied,
            drives_detail: Some(detail),
            drives: Vec::new(),
            volumes: vec![volume],
        };
    }
    Disk {
        drives_status: Status::Ok,
        drives_detail: None,
        drives: vec![drive],
        volumes: vec![volume],
    }
}

/// The figures a drive is judged by; those of an ailing one changed three days ago.
fn attributes(pc: &Pc, at: Timestamp) -> Vec<DriveAttribute> {
    let today = Timestamp::from_second(at.as_second().div_euclid(86_400) * 86_400);
    let changed_at = today.ok().map(|today| before(today, SignedDuration::from_hours(72)));
    let attribute = |id, name: &str, raw, was: Option<u64>, threshold| DriveAttribute {
        name: name.into(),
        id: Some(id),
        raw,
        previous_raw: was,
        changed_at: was.and(changed_at),
        normalized: Some(if was.is_some() { 5 } else { 100 }),
        worst: Some(if was.is_some() { 5 } else { 100 }),
        threshold: Some(threshold),
    };
    let failing = pc.illness == Some(Illness::DriveFailing);
    let warning = pc.illness == Some(Illness::DriveWarning);
    vec![
        attribute(
            5,
            "Reallocated_Sector_Ct",
            if failing { 1_864 } else { 0 },
            failing.then_some(32),
            10,
        ),
        attribute(187, "Reported_Uncorrect", 0, None, 0),
        attribute(
            197,
            "Current_Pending_Sector",
            if warning { 8 } else { 0 },
            warning.then_some(0),
            0,
        ),
        attribute(199, "UDMA_CRC_Error_Count", 0, None, 0),
    ]
}

fn connectivity(pc: &Pc, at: Timestamp) -> Connectivity {
    let down = pc.illness == Some(Illness::NoInternet);
    let unstable = pc.illness == Some(Illness::Unstable);
    let network = pc.area.site.network;
    let mut rng = pc.chance(2, minute(at));
    let mut round = |sent: u32, base_ms: f64, spread_ms: f64| {
        let lost = if unstable { 2 } else { 0 };
        let trips: Vec<f64> = (0..sent - lost).map(|_| base_ms + rng.f64() * spread_ms).collect();
        Measurement::of(sent, &trips)
    };
    let gateway = Measurement { ..round(5, 0.4, 0.3) };
    let spread = if unstable { 90.0 } else { 4.0 };
    let target = |name: &str, kind: TargetKind, address: &str, measurement: Measurement| Target {
        id: None,
        name: name.into(),
        kind,
        address: address.into(),
        fallback: None,
        measurement: if down { Measurement::of(10, &[]) } else { measurement },
    };
    let (first, second) = (round(10, 18.0, spread), round(10, 24.0, spread));
    Connectivity {
        verdict: match (down, unstable) {
            (true, _) => Verdict::Down,
            (_, true) => Verdict::Degraded,
            _ => Verdict::Ok,
        },
        interfaces: vec![Interface {
            name: if is_windows(pc) { "Ethernet" } else { "enp1s0" }.into(),
            mac: Some(format!(
                "02:4d:55:{:02x}:{:02x}:{:02x}",
                network,
                pc.number >> 8 & 0xff,
                pc.number & 0xff
            )),
            addresses: vec![format!("10.20.{network}.{}/24", 20 + pc.number % 200)],
            link_up: Some(true),
            speed_mbps: Some(if pc.number.is_multiple_of(7) { 100 } else { 1000 }),
            full_duplex: Some(true),
            dhcp: Some(true),
            carrier_changes: Some(if unstable { 180 } else { 2 }),
            rx_errors: Some(if unstable { 4_210 } else { 0 }),
            tx_errors: Some(0),
            address_conflict: Some(false),
            ..Interface::default()
        }],
        gateway: Gateway {
            address: Some(format!("10.20.{network}.1")),
            reachable: Some(true),
            evidence: Some("icmp".into()),
            measurement: gateway,
        },
        dns: Dns {
            servers: vec![format!("10.20.{network}.1")],
            resolves: Some(!down),
            answer_ms: (!down).then_some(21.5),
            asked: Some("www.gob.mx".into()),
        },
        targets: vec![
            target("Cloudflare", TargetKind::Icmp, "1.1.1.1", first),
            target("Google", TargetKind::Https, "https://www.google.com", second),
        ],
        ..Connectivity::default()
    }
}

fn system(pc: &Pc, at: Timestamp) -> System {
    let mut rng = pc.chance(3, minute(at));
    // Switched on at eight in the morning of central Mexico.
    let today = (at.as_second() - 14 * 3_600).div_euclid(86_400) * 86_400 + 14 * 3_600;
    let booted_at =
        Timestamp::from_second(today).unwrap_or_else(|_| before(at, SignedDuration::from_hours(1)));
    System {
        hostname: Some(pc.hostname.clone()),
        os: Some(pc.os().into()),
        os_version: Some(
            match pc.platform {
                Platform::Windows10 => "10.0.19045",
                Platform::Windows11 => "10.0.22631",
                Platform::Debian12 => "12.11",
            }
            .into(),
        ),
        kernel: (!is_windows(pc)).then(|| "6.1.0-37-amd64".into()),
        architecture: Some("x86_64".into()),
        uptime_s: u64::try_from(at.as_second() - booted_at.as_second()).ok(),
        booted_at: Some(booted_at),
        cpu_model: Some(pc.cpu.0.into()),
        cpu_cores: Some(pc.cpu.1),
        cpu_pct: Some(f64::from(rng.u32(20..450)) / 10.0),
        memory_total_bytes: Some(pc.memory_bytes),
        memory_used_bytes: Some(pc.memory_bytes / 100 * rng.u64(35..80)),
        swap_total_bytes: Some(4 * GIB),
        swap_used_bytes: Some(GIB / 100 * rng.u64(0..60)),
        reboot_needed: Some(pc.number % 11 == 4),
        utc_offset_minutes: Some(-360),
        manufacturer: Some(pc.make.0.into()),
        model: Some(pc.make.1.into()),
        serial: Some(pc.serial.clone()),
    }
}
