//! Flota: the table of PCs, filtered by what the address says. It must not ask the database per row.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Html;
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;

use super::error::Error;
use super::fleet_view::Fleet;
use super::layout::{self, Layout, Page, Pages, Place};
use super::markup::Look;
use super::state::Web;
use super::{assets, markup, words};
use crate::domain::alert::{Rule, Verdict};
use crate::domain::reading::SectionKind;
use crate::domain::text::fold;
use crate::store::{AlertRow, DeviceRow, FleetCounts};

/// Rows of one page of the table.
const ROWS: u32 = 100;

pub(super) fn router() -> Router<Web> {
    Router::new().route("/flota", get(show))
}

/// A state with how many devices are in it, leading to them.
pub struct Counter {
    /// How the state looks.
    pub look: Look,
    /// Devices in it.
    pub count: i64,
    /// Where they are listed.
    pub address: String,
    /// They are listed now.
    pub current: bool,
}

/// One counter per state; together they are the whole fleet.
pub fn counters(counts: &FleetCounts, current: Option<&Filter>) -> Vec<Counter> {
    words::STATES
        .into_iter()
        .map(|state| {
            let chosen =
                Filter { state: state.into(), page: 1, ..current.cloned().unwrap_or_default() };
            Counter {
                look: words::state(state),
                count: counted(counts, state),
                address: chosen.address(1),
                current: current.is_some_and(|filter| filter.state == state),
            }
        })
        .collect()
}

fn counted(counts: &FleetCounts, state: &str) -> i64 {
    match state {
        "critical" => counts.critical,
        "warning" => counts.warning,
        "silent" => counts.silent,
        "unknown" => counts.unknown,
        "pending" => counts.pending,
        _ => counts.ok,
    }
}

/// What the address asks for; anything unknown in it filters nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// A state of [`words::STATES`], or `revoked`.
    #[serde(rename = "estado")]
    pub state: String,
    /// Id of an area, or `-` for none.
    #[serde(rename = "area")]
    pub area: String,
    /// A rule with an open alert.
    #[serde(rename = "problema")]
    pub problem: String,
    /// `comun` for PCs whose area decided nothing about open ports, `propia` for the others.
    #[serde(rename = "politica")]
    pub policy: String,
    /// Words of the name, area or system.
    #[serde(rename = "q")]
    pub text: String,
    /// Page, 1 being the first.
    #[serde(rename = "pagina", deserialize_with = "page")]
    pub page: u32,
}

/// A page that is no number is the first.
fn page<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(text.parse().unwrap_or(1))
}

impl Filter {
    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        [&self.state, &self.area, &self.problem, &self.policy, &self.text]
            .into_iter()
            .all(String::is_empty)
    }

    fn address(&self, page: u32) -> String {
        let page = if page > 1 { page.to_string() } else { String::new() };
        layout::address(
            "/flota",
            &[
                ("estado", &self.state),
                ("area", &self.area),
                ("problema", &self.problem),
                ("politica", &self.policy),
                ("q", &self.text),
                ("pagina", &page),
            ],
        )
    }

    /// The devices it lets through, by name.
    pub fn apply<'a>(&self, fleet: &'a Fleet) -> Vec<&'a DeviceRow> {
        let words: Vec<String> = fold(&self.text).split_whitespace().map(str::to_owned).collect();
        let rule = Rule::parse(&self.problem);
        fleet
            .rows
            .iter()
            .filter(|row| match self.state.as_str() {
                "" => words::STATES.contains(&row.state()) || row.state() == "quarantined",
                state => row.state() == state,
            })
            .filter(|row| match self.area.as_str() {
                "" => true,
                "-" => row.area.is_none(),
                area => row.area.as_ref().is_some_and(|own| own.as_str() == area),
            })
            .filter(|row| {
                rule.is_none_or(|rule| {
                    fleet.alerts_of(&row.id).iter().any(|row| row.alert.rule == rule)
                })
            })
            .filter(|row| {
                let own = row.area.as_ref().is_some_and(|area| fleet.policies.contains_key(area));
                match self.policy.as_str() {
                    "comun" => !own,
                    "propia" => own,
                    _ => true,
                }
            })
            .filter(|row| words.iter().all(|word| mentions(row, word)))
            .collect()
    }
}

fn mentions(row: &DeviceRow, word: &str) -> bool {
    row.folded_name.contains(word)
        || row.area_name.as_deref().is_some_and(|area| fold(area).contains(word))
        || fold(&row.os).contains(word)
        || row.id.as_str().starts_with(word)
}

#[derive(Template)]
#[template(path = "fleet.html")]
struct FleetPage<'a> {
    layout: Layout,
    counters: Vec<Counter>,
    filter: Filter,
    states: Vec<Choice>,
    areas: Vec<Choice>,
    problems: Vec<Choice>,
    rows: Vec<Row<'a>>,
    pages: Pages,
}

/// An entry of a filter's list.
struct Choice {
    value: String,
    word: String,
    chosen: bool,
}

struct Row<'a> {
    id: &'a str,
    name: &'a str,
    area: Option<&'a str>,
    sample: bool,
    look: Look,
    cells: [(&'static str, Look); 4],
    seen_at: Option<Timestamp>,
}

async fn show(page: Page, Query(filter): Query<Filter>) -> Result<Html<String>, Error> {
    let fleet = page.fleet.clone();
    let mut found = filter.apply(&fleet);
    // Worst first; the sort is stable, so that within a state they stay by name.
    found.sort_by_key(|row| words::STATES.iter().position(|state| *state == row.state()));
    let number = filter.page.max(1);
    let from = (number - 1).saturating_mul(ROWS) as usize;
    let rows: Vec<Row<'_>> = found
        .iter()
        .skip(from)
        .take(ROWS as usize)
        .map(|device| row(device, fleet.alerts_of(&device.id)))
        .collect();
    let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let shown = FleetPage {
        layout: page.layout("Flota", Place::Fleet),
        counters: counters(&fleet.counts, Some(&filter)),
        states: states(&filter),
        areas: areas(&fleet, &filter),
        problems: problems(&filter),
        pages: Pages::new(number, ROWS, rows.len(), total, |page| filter.address(page)),
        rows,
        filter,
    };
    Ok(Html(shown.render()?))
}

fn row<'a>(device: &'a DeviceRow, alerts: &[AlertRow]) -> Row<'a> {
    let cell = |label, kind, verdict| (label, cell(kind, verdict, alerts));
    Row {
        id: device.id.as_str(),
        name: &device.name,
        area: device.area_name.as_deref(),
        sample: device.sample,
        look: words::state(device.state()),
        cells: [
            cell("Antivirus", SectionKind::Antivirus, device.antivirus),
            cell("Cortafuegos", SectionKind::Firewall, device.firewall),
            cell("Disco", SectionKind::Disk, device.disk),
            cell("Conexión", SectionKind::Connectivity, device.connectivity),
        ],
        seen_at: device.last_seen_at,
    }
}

/// The worst open alert of the section in a word, else the verdict.
fn cell(kind: SectionKind, verdict: Verdict, alerts: &[AlertRow]) -> Look {
    let worst = alerts
        .iter()
        .filter(|row| row.alert.rule.section() == kind)
        .max_by_key(|row| row.alert.severity);
    worst.map_or_else(
        || words::verdict(verdict),
        |row| Look { word: words::brief(row.alert.rule), ..words::severity(row.alert.severity) },
    )
}

fn states(filter: &Filter) -> Vec<Choice> {
    let more = ["quarantined", "revoked"];
    words::STATES
        .into_iter()
        .chain(more)
        .map(|state| Choice {
            value: state.into(),
            word: words::state(state).word.into(),
            chosen: filter.state == state,
        })
        .collect()
}

fn areas(fleet: &Fleet, filter: &Filter) -> Vec<Choice> {
    let mut choices: Vec<Choice> = fleet
        .areas
        .iter()
        .map(|area| Choice {
            value: area.id.to_string(),
            word: area.name.clone(),
            chosen: filter.area == area.id.as_str(),
        })
        .collect();
    choices
        .push(Choice { value: "-".into(), word: "Sin área".into(), chosen: filter.area == "-" });
    choices
}

fn problems(filter: &Filter) -> Vec<Choice> {
    Rule::ALL
        .iter()
        .map(|rule| Choice {
            value: rule.as_str().into(),
            word: rule.title().into(),
            chosen: filter.problem == rule.as_str(),
        })
        .collect()
}
