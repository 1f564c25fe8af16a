//! Redes: the routers, access points, switches and printers of each place, whether they answer, and to which PCs.

mod manage;

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use jiff::Timestamp;
use std::collections::HashMap;

use super::error::Error;
use super::layout::{Layout, Page, Place};
use super::markup::Look;
use super::state::Web;
use super::{assets, markup, units, words};
use crate::actions::watch_network::sightings;
use crate::domain::device::DeviceStatus;
use crate::domain::id::DeviceId;
use crate::domain::network_device::{NetworkDevice, NetworkDeviceKind, Sighting};
use crate::domain::reading::TargetKind;
use crate::store::{AlertFilter, AlertRow, DeviceRow, RunFilter, RunRow};

/// Alerts and runs of one device.
const RECENT: u32 = 12;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/redes", get(list).post(manage::add))
        .route("/redes/{id}", get(show).post(manage::change))
        .route("/redes/{id}/vigilar", post(manage::watch))
        .route("/redes/{id}/dejar", post(manage::unwatch))
        .route("/redes/{id}/quitar", post(manage::remove))
}

#[derive(Template)]
#[template(path = "networks.html")]
struct NetworksPage {
    layout: Layout,
    places: Vec<PlaceView>,
    form: Form,
    sites: Vec<String>,
    operates: bool,
}

/// The devices of one place.
struct PlaceView {
    name: Option<String>,
    rows: Vec<Row>,
}

struct Row {
    device: NetworkDevice,
    kind: &'static str,
    look: Look,
    sightings: Vec<Seen>,
}

/// What one PC saw, as shown.
struct Seen {
    sighting: Sighting,
    look: Look,
}

/// What the form to add or change holds.
#[derive(Default)]
struct Form {
    name: String,
    kind: String,
    probe: &'static str,
    address: String,
    site: String,
    problem: Option<String>,
}

impl Form {
    fn of(device: &NetworkDevice) -> Form {
        Form {
            name: device.name.clone(),
            kind: device.kind.as_str().into(),
            probe: if device.probe == TargetKind::Tcp { "tcp" } else { "icmp" },
            address: device.address.clone(),
            site: device.site_name.clone().unwrap_or_default(),
            problem: None,
        }
    }

    fn kinds(&self) -> [(&'static str, &'static str, bool); 5] {
        NetworkDeviceKind::ALL
            .map(|kind| (kind.as_str(), words::network_device(kind), kind.as_str() == self.kind))
    }
}

#[derive(Template)]
#[template(path = "network_device.html")]
struct NetworkDevicePage {
    layout: Layout,
    row: Row,
    form: Form,
    sites: Vec<String>,
    pcs: Vec<String>,
    open: Vec<AlertRow>,
    past: Vec<AlertRow>,
    runs: Vec<RunRow>,
    problem: Option<String>,
    operates: bool,
}

async fn list(page: Page) -> Result<Html<String>, Error> {
    let form = Form { kind: "printer".into(), probe: "icmp", ..Form::default() };
    Ok(Html(networks(page, form).await?.render()?))
}

/// The list with the form to add one.
async fn networks(mut page: Page, form: Form) -> Result<NetworksPage, Error> {
    let devices = page.read.network_devices().await.map_err(Error::internal)?;
    let mut seen = sightings(&mut page.read).await?;
    let sites = sites(&devices);
    let mut places: Vec<PlaceView> = Vec::new();
    for device in devices {
        let row = row(device, &mut seen, page.now);
        match places.last_mut().filter(|place| place.name == row.device.site_name) {
            Some(place) => place.rows.push(row),
            None => places.push(PlaceView { name: row.device.site_name.clone(), rows: vec![row] }),
        }
    }
    let operates = page.viewer.operates();
    Ok(NetworksPage {
        places,
        form,
        sites,
        operates,
        layout: page.layout("Redes", Place::Networks),
    })
}

fn sites(devices: &[NetworkDevice]) -> Vec<String> {
    let mut sites: Vec<String> =
        devices.iter().filter_map(|device| device.site_name.clone()).collect();
    sites.dedup();
    sites
}

fn row(device: NetworkDevice, seen: &mut HashMap<DeviceId, Vec<Sighting>>, now: Timestamp) -> Row {
    let sightings = seen.remove(&device.id).unwrap_or_default();
    Row {
        kind: words::network_device(device.kind),
        look: words::answering(device.state),
        sightings: sightings
            .into_iter()
            .map(|sighting| Seen { look: words::answering(sighting.says(now)), sighting })
            .collect(),
        device,
    }
}

async fn show(Path(id): Path<String>, page: Page) -> Result<Html<String>, Error> {
    let shown = network_device(&DeviceId::new(id), page, None, None).await?;
    Ok(Html(shown.render()?))
}

/// The page of one device; `refused` is the form as it was sent, `problem` what else went wrong.
async fn network_device(
    id: &DeviceId,
    mut page: Page,
    refused: Option<Form>,
    problem: Option<String>,
) -> Result<NetworkDevicePage, Error> {
    let read = &mut page.read;
    let missing = || Error::NotFound("Ese equipo de red no existe o ya no se vigila.".into());
    let devices = read.network_devices().await.map_err(Error::internal)?;
    let sites = sites(&devices);
    let device = devices.into_iter().find(|device| device.id == *id).ok_or_else(missing)?;
    let mut seen = sightings(read).await?;
    let recent = AlertFilter { device: Some(id.clone()), limit: RECENT, ..AlertFilter::default() };
    let (alerts, _) = read.list_alerts(&recent).await.map_err(Error::internal)?;
    let recent = RunFilter { device: Some(id.clone()), limit: RECENT, ..RunFilter::default() };
    let (runs, _) = read.list_runs(&recent).await.map_err(Error::internal)?;
    let (open, past) = alerts.into_iter().partition(|row| row.alert.cleared_at.is_none());
    let approved = |row: &&DeviceRow| row.status == DeviceStatus::Approved;
    Ok(NetworkDevicePage {
        form: refused.unwrap_or_else(|| Form::of(&device)),
        pcs: page.fleet.rows.iter().filter(approved).map(|row| row.name.clone()).collect(),
        operates: page.viewer.operates(),
        layout: page.layout(device.name.clone(), Place::Networks),
        row: row(device, &mut seen, page.now),
        sites,
        open,
        past,
        runs,
        problem,
    })
}

/// Where a device that is no PC has its page.
pub fn instead_of_sheet(id: &DeviceId) -> Redirect {
    Redirect::to(&format!("/redes/{id}"))
}
