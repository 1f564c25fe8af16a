//! Administración → Áreas: which ports the PCs of each area may open, and who keeps to that.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::access::Administrator;
use super::error::Error;
use super::fleet_view::Fleet;
use super::layout::{Layout, Page, Place};
use super::state::Web;
use super::{assets, markup, units};
use crate::actions::manage_area::{WantedPolicy, ports_of};
use crate::domain::alert::{Rule, Verdict};
use crate::domain::area::Area;
use crate::domain::device::DeviceStatus;
use crate::domain::firewall_policy::{AreaPolicy, PermittedPort, permitted};
use crate::domain::id::AreaId;
use crate::store::DeviceRow;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/administracion/areas", get(list))
        .route("/administracion/areas/{id}", get(show))
        .route("/administracion/areas/{id}/politica", post(save))
}

#[derive(Template)]
#[template(path = "areas.html")]
struct AreasPage {
    layout: Layout,
    rows: Vec<Row>,
    common: usize,
}

struct Row {
    id: String,
    name: String,
    sample: bool,
    devices: usize,
    departing: usize,
    policy: String,
}

#[derive(Template)]
#[template(path = "area.html")]
struct AreaPage {
    layout: Layout,
    area: Area,
    policy: Option<AreaPolicy>,
    common: Vec<PermittedPort>,
    holds: Vec<PermittedPort>,
    mode: &'static str,
    ports: String,
    problem: Option<String>,
    devices: usize,
    departing: usize,
    unknown: usize,
    administers: bool,
}

#[derive(Deserialize)]
struct Wanted {
    modo: String,
    #[serde(default)]
    puertos: String,
}

async fn list(State(web): State<Web>, page: Page) -> Result<Html<String>, Error> {
    let fleet = &page.fleet;
    let rows = fleet.areas.iter().map(|area| {
        let (devices, departing, _) = standing(fleet, &area.id);
        Row {
            id: area.id.to_string(),
            name: area.name.clone(),
            sample: area.sample,
            devices,
            departing,
            policy: summary(fleet.policies.get(&area.id)),
        }
    });
    let shown = AreasPage {
        rows: rows.collect(),
        common: web.common_ports().len(),
        layout: page.layout("Áreas", Place::Administration),
    };
    Ok(Html(shown.render()?))
}

/// PCs of an area, those that depart from its policy, and those of which it is not known.
fn standing(fleet: &Fleet, area: &AreaId) -> (usize, usize, usize) {
    let listened = |row: &&DeviceRow| row.status == DeviceStatus::Approved;
    let own = || fleet.rows.iter().filter(listened).filter(|row| row.area.as_ref() == Some(area));
    let departs = |row: &&DeviceRow| {
        fleet.alerts_of(&row.id).iter().any(|row| row.alert.rule == Rule::FirewallPolicy)
    };
    let unknown = own().filter(|row| row.firewall == Verdict::Unknown).count();
    (own().count(), own().filter(departs).count(), unknown)
}

fn summary(policy: Option<&AreaPolicy>) -> String {
    match policy {
        None => "La común".into(),
        Some(policy) => {
            let ports = units::count(policy.ports.len(), "puerto propio", "puertos propios");
            if policy.with_common {
                format!("La común y {ports}")
            } else {
                format!("Solo {ports}")
            }
        }
    }
}

async fn show(
    State(web): State<Web>,
    Path(id): Path<String>,
    page: Page,
) -> Result<Html<String>, Error> {
    let shown = area_page(&web, &AreaId::new(id), page, None)?;
    Ok(Html(shown.render()?))
}

/// The page of an area; `refused` brings back what was written and what is wrong with it.
fn area_page(
    web: &Web,
    id: &AreaId,
    page: Page,
    refused: Option<(Wanted, String)>,
) -> Result<AreaPage, Error> {
    let missing = || Error::NotFound("No hay ninguna área con ese identificador.".into());
    let area = page.fleet.areas.iter().find(|area| area.id == *id).cloned().ok_or_else(missing)?;
    let policy = page.fleet.policies.get(id).cloned();
    let (devices, departing, unknown) = standing(&page.fleet, id);
    let kept = policy.as_ref().map(|policy| &policy.ports);
    let lines = |ports: &[PermittedPort]| {
        ports.iter().map(PermittedPort::to_string).collect::<Vec<_>>().join("\n")
    };
    let (mode, ports, problem) = match refused {
        Some((wanted, problem)) => (mode_of(&wanted.modo), wanted.puertos, Some(problem)),
        None => {
            let mode = match &policy {
                None => "comun",
                Some(policy) if policy.with_common => "suma",
                Some(_) => "propia",
            };
            (mode, kept.map(|ports| lines(ports)).unwrap_or_default(), None)
        }
    };
    Ok(AreaPage {
        holds: permitted(policy.as_ref(), web.common_ports()),
        common: web.common_ports().to_vec(),
        policy,
        mode,
        ports,
        problem,
        devices,
        departing,
        unknown,
        administers: page.viewer.administers(),
        layout: page.layout(area.name.clone(), Place::Administration),
        area,
    })
}

fn mode_of(word: &str) -> &'static str {
    match word {
        "suma" => "suma",
        "propia" => "propia",
        _ => "comun",
    }
}

async fn save(
    State(web): State<Web>,
    Path(id): Path<String>,
    administrator: Administrator,
    page: Page,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Error> {
    let id = AreaId::new(id);
    let policy = match mode_of(&wanted.modo) {
        "comun" => None,
        mode => match ports_of(&wanted.puertos) {
            Ok(ports) => Some(WantedPolicy { with_common: mode == "suma", ports }),
            Err(problem) => {
                let shown = area_page(&web, &id, page, Some((wanted, problem)))?;
                return Ok(
                    (StatusCode::UNPROCESSABLE_ENTITY, Html(shown.render()?)).into_response()
                );
            }
        },
    };
    // The page's view of the store is let go before something is written.
    drop(page);
    administrator.set_policy(&id, policy).await?;
    Ok(Redirect::to(&format!("/administracion/areas/{id}")).into_response())
}
