//! /api/v1/devices.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::token::Reader;
use super::{Named, Query, Range, Refusal, answer, unknown_word};
use crate::domain::alert::Rule;
use crate::domain::firewall_policy::{Compliance, compliance, permitted};
use crate::domain::id::{AreaId, DeviceId};
use crate::domain::reading::Section;
use crate::store::DeviceRow;
use crate::web::error::Error;
use crate::web::fleet::Filter;
use crate::web::state::Web;

const STATES: [&str; 8] =
    ["ok", "unknown", "warning", "critical", "silent", "pending", "quarantined", "revoked"];

pub(super) fn router() -> Router<Web> {
    Router::new().route("/api/v1/devices", get(list)).route("/api/v1/devices/{id}", get(one))
}

/// A device in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct DeviceJson {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// Its area.
    area: Option<Named>,
    /// `pending`, `approved`, `quarantined` or `revoked`.
    status: &'static str,
    /// `ok`, `unknown`, `warning`, `critical`, `silent`, `pending`, `quarantined` or `revoked`.
    state: &'static str,
    /// Operating system, as the PC says.
    os: String,
    /// Part of the sample municipality.
    sample: bool,
    /// When it last reported, RFC 3339.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_seen_at: Option<Timestamp>,
    /// What the rules say of each section: `ok`, `unknown`, `warning` or `critical`.
    verdicts: Verdicts,
    /// Open alerts.
    open_alerts: i64,
}

#[derive(Serialize, ToSchema)]
struct Verdicts {
    antivirus: &'static str,
    firewall: &'static str,
    disk: &'static str,
    connectivity: &'static str,
    system: &'static str,
}

/// A device with all that is known of it.
#[derive(Serialize, ToSchema)]
pub(super) struct DeviceDetail {
    #[serde(flatten)]
    device: DeviceJson,
    /// Version of its agent.
    agent_version: String,
    /// Maker, model and serial number, as the PC says.
    hardware: Hardware,
    /// When it was enrolled.
    #[schema(value_type = String, format = DateTime)]
    enrolled_at: Timestamp,
    /// The PC's clock minus the collector's, milliseconds.
    clock_skew_ms: Option<i64>,
    /// Whether its firewall is set up as the policy of its area says.
    firewall_policy: FirewallPolicy,
    /// Each section as `atalaya-agent probe --json` gives it, by name, with `received_at` and `changed_at`:
    /// `antivirus`, `firewall`, `disk`, `connectivity`, `system`, `updates`, `software` and `accounts`, each with
    /// what it cost to read where the agent tells.
    sections: serde_json::Map<String, serde_json::Value>,
}

/// A firewall beside the policy of its area.
#[derive(Serialize, ToSchema)]
struct FirewallPolicy {
    /// Whether it keeps to it; null: it cannot be told.
    conforms: Option<bool>,
    /// Why not, or why it is not known, in Spanish.
    reasons: Vec<String>,
}

impl FirewallPolicy {
    fn new(kept: Compliance) -> FirewallPolicy {
        let (conforms, reasons) = match kept {
            Compliance::Conforms => (Some(true), Vec::new()),
            Compliance::Departs(reasons) => (Some(false), reasons),
            Compliance::Unknown(why) => (None, vec![why]),
        };
        FirewallPolicy { conforms, reasons }
    }
}

#[derive(Serialize, ToSchema)]
struct Hardware {
    manufacturer: String,
    model: String,
    serial: String,
}

/// Which devices.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
pub(super) struct Wanted {
    /// One state.
    state: String,
    /// Id of an area.
    area: String,
    /// A rule with an open alert.
    problem: String,
    /// Words of the name, area or system; accents do not matter.
    q: String,
}

impl DeviceJson {
    fn new(row: &DeviceRow) -> DeviceJson {
        let area = row.area.as_ref().map(AreaId::to_string).zip(row.area_name.clone());
        DeviceJson {
            id: row.id.to_string(),
            name: row.name.clone(),
            area: area.map(|(id, name)| Named { id, name }),
            status: row.status.as_str(),
            state: row.state(),
            os: row.os.clone(),
            sample: row.sample,
            last_seen_at: row.last_seen_at,
            verdicts: Verdicts {
                antivirus: row.antivirus.as_str(),
                firewall: row.firewall.as_str(),
                disk: row.disk.as_str(),
                connectivity: row.connectivity.as_str(),
                system: row.system.as_str(),
            },
            open_alerts: row.open_alerts,
        }
    }
}

#[utoipa::path(get, path = "/api/v1/devices", params(Wanted, Range), responses(
    (status = 200, description = "Devices by name", body = super::List<DeviceJson>),
    (status = 401, body = Refusal), (status = 422, body = Refusal)))]
pub(super) async fn list(
    _: Reader,
    State(web): State<Web>,
    Query(wanted): Query<Wanted>,
    Query(range): Query<Range>,
) -> Result<Response, Error> {
    let range = range.checked()?;
    if !wanted.state.is_empty() && !STATES.contains(&wanted.state.as_str()) {
        return Err(unknown_word("state", &wanted.state, &STATES));
    }
    if !wanted.problem.is_empty() && Rule::parse(&wanted.problem).is_none() {
        let known: Vec<&str> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
        return Err(unknown_word("problem", &wanted.problem, &known));
    }
    let filter = Filter {
        state: wanted.state,
        area: wanted.area,
        problem: wanted.problem,
        text: wanted.q,
        ..Filter::default()
    };
    let fleet = web.fleet().get(&mut web.read().await?).await?;
    let found = filter.apply(&fleet);
    let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let part = found.into_iter().skip(range.offset as usize).take(range.limit as usize);
    Ok(answer(range.list(part.map(DeviceJson::new).collect(), total).0))
}

#[utoipa::path(get, path = "/api/v1/devices/{id}", params(("id", description = "Id of the device")),
    responses((status = 200, description = "All that is known", body = DeviceDetail),
    (status = 401, body = Refusal), (status = 404, body = Refusal)))]
pub(super) async fn one(
    _: Reader,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let id = DeviceId::new(id);
    let mut read = web.read().await?;
    let fleet = web.fleet().get(&mut read).await?;
    let row = fleet.rows.iter().find(|row| row.id == id);
    let device = read.device(&id).await.map_err(Error::internal)?;
    let (Some(row), Some(device)) = (row, device) else {
        return Err(Error::NotFound("No hay ningún equipo con ese id.".into()));
    };
    let live = read.live(&id).await.map_err(Error::internal)?;
    let policy = match &device.area {
        Some(area) => read.area_policy(area).await.map_err(Error::internal)?,
        None => None,
    };
    let permitted = permitted(policy.as_ref(), web.common_ports());
    let mut kept = compliance(None, &permitted);
    let mut sections = serde_json::Map::new();
    for (kind, stored) in read.sections(&id).await.map_err(Error::internal)? {
        if let Section::Firewall(reading) = &stored.section {
            kept = compliance(Some(reading), &permitted);
        }
        let mut section = stored.section.to_json();
        if let Some(fields) = section.as_object_mut() {
            fields.insert("received_at".into(), stored.received_at.to_string().into());
            fields.insert("changed_at".into(), stored.changed_at.to_string().into());
        }
        sections.insert(kind.as_str().into(), section);
    }
    Ok(answer(DeviceDetail {
        device: DeviceJson::new(row),
        agent_version: device.hints.agent_version,
        hardware: Hardware {
            manufacturer: device.hints.manufacturer,
            model: device.hints.model,
            serial: device.hints.serial,
        },
        enrolled_at: device.enrolled_at,
        clock_skew_ms: live.map(|live| live.clock_skew_us / 1_000),
        firewall_policy: FirewallPolicy::new(kept),
        sections,
    }))
}
