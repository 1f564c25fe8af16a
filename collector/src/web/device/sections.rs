//! The sections of a PC as its sheet shows them: each with its state, source and age. Unknown stays
//! unknown; whether a port is permitted follows the same lists the rules use.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::firewall_policy::{Compliance, PermittedPort, compliance};
use crate::domain::reading::{
    Accounts, Antivirus, AntivirusProduct, Connectivity, Disk, DriveHealth, Firewall,
    ListeningSocket, Reading, Section, SectionKind, Software, Status, System, Target, Updates,
    Volume,
};
use crate::store::{Health, Live, SectionRow};
use crate::web::markup::Look;
use crate::web::words;

/// Ports shown before the rest is folded away.
const PORTS: usize = 12;
/// A reading not looked at again for this long is called old.
const OLD: SignedDuration = SignedDuration::from_mins(30);
/// The same for lists that are read every few hours.
const OLD_LIST: SignedDuration = SignedDuration::from_hours(13);

/// What heads a section: how it is, where that comes from, and how old it is.
pub struct Heading {
    /// Name of the section.
    pub name: &'static str,
    /// Icon of the section.
    pub icon: &'static str,
    /// What its rules say.
    pub look: Look,
    /// Which tool answered.
    pub source: String,
    /// When the PC last looked, by the collector's clock.
    pub looked_at: Timestamp,
    /// Since when it has been like this.
    pub changed_at: Timestamp,
    /// Not looked at for long.
    pub old: bool,
    /// Why it says nothing, when it could not be read.
    pub problem: Option<String>,
}

/// A section with its reading; `None` while the PC never sent it.
pub struct View<T> {
    /// Its heading.
    pub heading: Heading,
    /// What was read.
    pub value: T,
}

/// The sections of a sheet.
pub struct Sections {
    /// See [`Antivirus`].
    pub antivirus: Option<View<AntivirusView>>,
    /// See [`Firewall`].
    pub firewall: Option<View<FirewallView>>,
    /// See [`Disk`].
    pub disk: Option<View<DiskView>>,
    /// See [`Connectivity`].
    pub connectivity: Option<View<ConnectivityView>>,
    /// See [`System`].
    pub system: Option<View<SystemView>>,
    /// See [`Updates`].
    pub updates: Option<View<Updates>>,
    /// See [`Software`].
    pub software: Option<View<Software>>,
    /// See [`Accounts`].
    pub accounts: Option<View<Accounts>>,
}

impl Sections {
    /// From what is stored; `permitted` are the ports this PC may open.
    pub fn new(
        stored: HashMap<SectionKind, SectionRow>,
        health: &Health,
        live: Option<&Live>,
        permitted: &[PermittedPort],
        now: Timestamp,
    ) -> Sections {
        let mut sections = Sections {
            antivirus: None,
            firewall: None,
            disk: None,
            connectivity: None,
            system: None,
            updates: None,
            software: None,
            accounts: None,
        };
        for (kind, row) in stored {
            let heading = heading(kind, &row, health, live, now);
            match row.section {
                Section::Antivirus(reading) => {
                    sections.antivirus = Some(view(heading, reading, AntivirusView::new));
                }
                Section::Firewall(reading) => {
                    let kept = compliance(Some(&reading), permitted);
                    let make = |value| FirewallView::new(value, kept, permitted);
                    sections.firewall = Some(view(heading, reading, make));
                }
                Section::Disk(reading) => {
                    sections.disk = Some(view(heading, reading, DiskView::new));
                }
                Section::Connectivity(reading) => {
                    sections.connectivity = Some(view(heading, reading, ConnectivityView::new));
                }
                Section::System(reading) => {
                    sections.system = Some(view(heading, reading, SystemView::new));
                }
                Section::Updates(reading) => {
                    sections.updates = Some(view(heading, reading, |value| value));
                }
                Section::Software(reading) => {
                    sections.software = Some(view(heading, reading, |value| value));
                }
                Section::Accounts(reading) => {
                    sections.accounts = Some(view(heading, reading, |value| value));
                }
            }
        }
        sections
    }

    /// Whether the PC sent nothing yet.
    pub fn is_empty(&self) -> bool {
        self.antivirus.is_none()
            && self.firewall.is_none()
            && self.disk.is_none()
            && self.connectivity.is_none()
            && self.system.is_none()
            && self.updates.is_none()
            && self.software.is_none()
            && self.accounts.is_none()
    }
}

fn view<T, V>(heading: Heading, reading: Reading<T>, make: impl FnOnce(T) -> V) -> View<V> {
    View { heading, value: make(reading.value) }
}

fn heading(
    kind: SectionKind,
    row: &SectionRow,
    health: &Health,
    live: Option<&Live>,
    now: Timestamp,
) -> Heading {
    let (name, icon) = words::section(kind);
    let status = row.section.status();
    let unknown = status != Status::Ok;
    let problem = unknown.then(|| match row.section.detail() {
        Some(detail) => format!("{}: {detail}", words::reading(status)),
        None => words::reading(status).to_owned(),
    });
    let looked_at = live.map_or(row.received_at, |live| live.looked_at(kind, row.received_at));
    Heading {
        name,
        icon,
        look: words::verdict_of(kind, status, health.section(kind)),
        source: row.section.source().to_owned(),
        looked_at,
        changed_at: row.changed_at,
        old: now.duration_since(looked_at) > if kind.is_every_round() { OLD } else { OLD_LIST },
        problem,
    }
}

/// Antivirus products as shown.
pub struct AntivirusView {
    /// Each product.
    pub products: Vec<ProductView>,
}

/// One product.
pub struct ProductView {
    /// What was read.
    pub product: AntivirusProduct,
    /// Whether its service runs.
    pub running: Look,
    /// Whether files are checked as they are opened.
    pub real_time: Look,
}

impl AntivirusView {
    fn new(value: Antivirus) -> Self {
        let product = |product: AntivirusProduct| ProductView {
            running: words::good(product.running, "En marcha", "Detenido"),
            real_time: words::protection(product.real_time),
            product,
        };
        AntivirusView { products: value.products.into_iter().map(product).collect() }
    }
}

/// The firewall as shown.
pub struct FirewallView {
    /// What was read.
    pub firewall: Firewall,
    /// Whether inbound traffic is filtered.
    pub enabled: Look,
    /// Whether it is set up as the policy says.
    pub conforms: Look,
    /// Why not, or why it is not known.
    pub reasons: Vec<String>,
    /// Sockets others can reach, those not permitted first.
    pub ports: Vec<PortView>,
    /// The rest of them, folded away.
    pub more_ports: Vec<PortView>,
    /// Sockets only this PC can reach.
    pub loopback: usize,
    /// Why the sockets are unknown.
    pub ports_problem: Option<&'static str>,
}

/// One listening socket.
pub struct PortView {
    /// What was read.
    pub socket: ListeningSocket,
    /// Whether the lists permit it.
    pub permitted: bool,
}

impl FirewallView {
    fn new(firewall: Firewall, kept: Compliance, permitted: &[PermittedPort]) -> Self {
        let permits = |socket: &ListeningSocket| {
            permitted.iter().any(|port| port.contains(&socket.protocol, socket.port))
        };
        let reachable = firewall.listening.iter().filter(|socket| !socket.loopback);
        let mut ports: Vec<PortView> = reachable
            .map(|socket| PortView { permitted: permits(socket), socket: socket.clone() })
            .collect();
        ports.sort_by(|a, b| {
            a.permitted.cmp(&b.permitted).then_with(|| a.socket.port.cmp(&b.socket.port))
        });
        let (conforms, reasons) = match kept {
            Compliance::Conforms => (words::conforms(Some(true)), Vec::new()),
            Compliance::Departs(reasons) => (words::conforms(Some(false)), reasons),
            Compliance::Unknown(why) => (words::conforms(None), vec![why]),
        };
        FirewallView {
            conforms,
            reasons,
            enabled: words::good(firewall.enabled, "Encendido", "Apagado"),
            loopback: firewall.listening.iter().filter(|socket| socket.loopback).count(),
            more_ports: ports.split_off(ports.len().min(PORTS)),
            ports,
            ports_problem: (firewall.listening_status != Status::Ok)
                .then(|| words::reading(firewall.listening_status)),
            firewall,
        }
    }
}

/// Drives and volumes as shown.
pub struct DiskView {
    /// What was read.
    pub disk: Disk,
    /// Health of each drive, in the same order.
    pub health: Vec<Look>,
    /// Volumes, the fullest first.
    pub volumes: Vec<VolumeView>,
    /// Why the drives are unknown.
    pub drives_problem: Option<&'static str>,
}

/// One volume.
pub struct VolumeView {
    /// What was read.
    pub volume: Volume,
    /// Space in use, thousandths.
    pub used_permille: Option<u32>,
    /// Colour of its bar.
    pub class: &'static str,
}

impl DiskView {
    fn new(disk: Disk) -> Self {
        let mut volumes: Vec<VolumeView> = disk
            .volumes
            .iter()
            .map(|volume| {
                let free = volume.free_permille();
                VolumeView {
                    used_permille: free.map(|free| 1000 - free.min(1000)),
                    class: match free {
                        // What cannot be written to cannot fill up.
                        Some(..100) if !volume.read_only => "is-critical",
                        Some(..200) if !volume.read_only => "is-warning",
                        Some(_) => "",
                        None => "is-unknown",
                    },
                    volume: volume.clone(),
                }
            })
            .collect();
        volumes.sort_by_key(|view| std::cmp::Reverse(view.used_permille));
        let health = |health: DriveHealth| words::drive(health);
        DiskView {
            health: disk.drives.iter().map(|drive| health(drive.health)).collect(),
            volumes,
            drives_problem: (disk.drives_status != Status::Ok)
                .then(|| words::reading(disk.drives_status)),
            disk,
        }
    }
}

/// The connection as shown.
pub struct ConnectivityView {
    /// What was read.
    pub connectivity: Connectivity,
    /// The verdict on the whole way.
    pub verdict: Look,
    /// Whether the gateway is there.
    pub gateway: Look,
    /// Whether names resolve.
    pub dns: Look,
    /// Targets with the collector last, and how each answered.
    pub targets: Vec<(Target, Look)>,
}

impl ConnectivityView {
    fn new(connectivity: Connectivity) -> Self {
        let targets = connectivity.targets.iter().chain(connectivity.collector.iter());
        ConnectivityView {
            verdict: words::connection(connectivity.verdict),
            gateway: words::good(connectivity.gateway.reachable, "Responde", "No responde"),
            dns: words::good(connectivity.dns.resolves, "Resuelve", "No resuelve"),
            targets: targets
                .map(|target| (target.clone(), words::target(target.measurement.loss_pct)))
                .collect(),
            connectivity,
        }
    }
}

/// The system as shown.
pub struct SystemView {
    /// What was read.
    pub system: System,
    /// Memory in use, thousandths.
    pub memory_permille: Option<u32>,
    /// Not at the time of central Mexico.
    pub odd_offset: Option<String>,
}

impl SystemView {
    fn new(system: System) -> Self {
        let memory_permille =
            system.memory_used_bytes.zip(system.memory_total_bytes).and_then(|(used, total)| {
                let permille =
                    (u128::from(used.min(total)) * 1000).checked_div(u128::from(total))?;
                u32::try_from(permille).ok()
            });
        let odd_offset =
            system.utc_offset_minutes.filter(|minutes| *minutes != -360).map(|minutes| {
                let sign = if minutes < 0 { '−' } else { '+' };
                format!(
                    "UTC{sign}{}:{:02}",
                    minutes.unsigned_abs() / 60,
                    minutes.unsigned_abs() % 60
                )
            });
        SystemView { memory_permille, odd_offset, system }
    }
}
