//! /api/v1/network-devices.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::token::Reader;
use super::{Query, Range, Refusal, answer};
use crate::actions::watch_network::sightings;
use crate::domain::network_device::{NetworkDevice, Sighting};
use crate::domain::reading::TargetKind;
use crate::web::error::Error;
use crate::web::state::Web;

pub(super) fn router() -> Router<Web> {
    Router::new().route("/api/v1/network-devices", get(list))
}

/// A router, access point, switch, printer or the like that PCs look at.
#[derive(Serialize, ToSchema)]
pub(super) struct NetworkDeviceJson {
    /// Its id; alerts and runs name it as their device.
    id: String,
    /// Its name.
    name: String,
    /// `router`, `access_point`, `switch`, `printer` or `other`.
    kind: &'static str,
    /// `icmp` or `tcp`.
    probe: &'static str,
    /// Address or host name; with `tcp`, and port.
    address: String,
    /// Name of the place it is in.
    site: Option<String>,
    /// `up`, `down`, or `unknown` while nobody who looks can tell.
    state: &'static str,
    /// Since when, RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// The PCs that look at it, and what each last saw.
    watchers: Vec<WatcherJson>,
    /// Part of the sample municipality.
    sample: bool,
}

/// What a PC last saw of a network device.
#[derive(Serialize, ToSchema)]
struct WatcherJson {
    /// Id of the PC.
    device_id: String,
    /// Its name.
    name: String,
    /// `up`, `down` or `unknown`.
    says: &'static str,
    /// When it last looked; null while it never did.
    #[schema(value_type = Option<String>, format = DateTime)]
    looked_at: Option<Timestamp>,
    /// Lost requests, per cent; null when nothing was sent.
    loss_pct: Option<f64>,
    /// Median round trip, milliseconds; null when nothing came back.
    median_ms: Option<f64>,
}

impl NetworkDeviceJson {
    fn new(device: NetworkDevice, sightings: &[Sighting], now: Timestamp) -> NetworkDeviceJson {
        let watcher = |seen: &Sighting| WatcherJson {
            device_id: seen.watcher.to_string(),
            name: seen.watcher_name.clone(),
            says: seen.says(now).as_str(),
            looked_at: seen.looked_at,
            loss_pct: seen.measured.and_then(|measured| measured.loss_pct),
            median_ms: seen.measured.and_then(|measured| measured.median_ms),
        };
        NetworkDeviceJson {
            id: device.id.to_string(),
            name: device.name,
            kind: device.kind.as_str(),
            probe: if device.probe == TargetKind::Tcp { "tcp" } else { "icmp" },
            address: device.address,
            site: device.site_name,
            state: device.state.as_str(),
            since: device.state_since,
            watchers: sightings.iter().map(watcher).collect(),
            sample: device.sample,
        }
    }
}

#[utoipa::path(get, path = "/api/v1/network-devices", params(Range), responses(
    (status = 200, description = "Network devices by place and name", body = super::List<NetworkDeviceJson>),
    (status = 401, body = Refusal), (status = 422, body = Refusal)))]
pub(super) async fn list(
    _: Reader,
    State(web): State<Web>,
    Query(range): Query<Range>,
) -> Result<Response, Error> {
    let range = range.checked()?;
    let mut read = web.read().await?;
    let devices = read.network_devices().await.map_err(Error::internal)?;
    let mut seen = sightings(&mut read).await?;
    let total = i64::try_from(devices.len()).unwrap_or(i64::MAX);
    let part = devices.into_iter().skip(range.offset as usize).take(range.limit as usize);
    let items = part.map(|device| {
        let sightings = seen.remove(&device.id).unwrap_or_default();
        NetworkDeviceJson::new(device, &sightings, web.now())
    });
    Ok(answer(range.list(items.collect(), total).0))
}
