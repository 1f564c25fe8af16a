//! The sections of a PC as its sheet shows them: each with its state, source and age. Unknown stays
//! unknown; whether a port is permitted follows the same lists the rules use.

mod accounts;
mod antivirus;
mod connectivity;
mod cost;
mod disk;
mod firewall;
mod software;
mod system;
mod updates;

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use self::accounts::AccountsView;
use self::antivirus::AntivirusView;
use self::connectivity::ConnectivityView;
use self::cost::CostView;
use self::disk::DiskView;
use self::firewall::FirewallView;
use self::software::SoftwareView;
use self::system::SystemView;
use self::updates::UpdatesView;
use crate::domain::firewall_policy::{PermittedPort, compliance};
use crate::domain::reading::{Reading, Section, SectionKind, Status};
use crate::store::{Health, Live, SectionRow};
use crate::web::markup::Look;
use crate::web::words;

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

/// What people decided about this PC that its readings are compared with.
pub struct Known<'a> {
    /// The ports it may open.
    pub permitted: &'a [PermittedPort],
    /// Administrator accounts somebody knows of; `None`: nothing to compare with yet.
    pub administrators: Option<&'a BTreeSet<String>>,
}

/// The sections of a sheet.
pub struct Sections {
    /// See [`AntivirusView`].
    pub antivirus: Option<View<AntivirusView>>,
    /// See [`FirewallView`].
    pub firewall: Option<View<FirewallView>>,
    /// See [`DiskView`].
    pub disk: Option<View<DiskView>>,
    /// See [`ConnectivityView`].
    pub connectivity: Option<View<ConnectivityView>>,
    /// See [`SystemView`].
    pub system: Option<View<SystemView>>,
    /// See [`UpdatesView`].
    pub updates: Option<View<UpdatesView>>,
    /// See [`SoftwareView`].
    pub software: Option<View<SoftwareView>>,
    /// See [`AccountsView`].
    pub accounts: Option<View<AccountsView>>,
    /// What taking each reading cost the PC; empty where the agent does not tell.
    pub costs: Vec<CostView>,
}

impl Sections {
    /// From what is stored.
    pub fn new(
        stored: HashMap<SectionKind, SectionRow>,
        health: &Health,
        live: Option<&Live>,
        known: &Known<'_>,
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
            costs: Vec::new(),
        };
        sections.costs = cost::of(&stored);
        for (kind, row) in stored {
            let heading = heading(kind, &row, health, live, now);
            match row.section {
                Section::Antivirus(reading) => {
                    sections.antivirus = Some(view(heading, reading, AntivirusView::new));
                }
                Section::Firewall(reading) => {
                    let kept = compliance(Some(&reading), known.permitted);
                    let make = |value| FirewallView::new(value, kept, known.permitted);
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
                    sections.updates = Some(view(heading, reading, UpdatesView::new));
                }
                Section::Software(reading) => {
                    sections.software = Some(view(heading, reading, SoftwareView::new));
                }
                Section::Accounts(reading) => {
                    let make = |value| AccountsView::new(value, known.administrators);
                    sections.accounts = Some(view(heading, reading, make));
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
