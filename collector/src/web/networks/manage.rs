//! What is sent from the pages of Redes: a new device, a change, who looks at it, its end. A form that cannot be used
//! comes back as it was, with what is wrong.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::{network_device, networks};
use crate::actions::manage_network::{self, Wanted};
use crate::domain::device::DeviceStatus;
use crate::domain::id::DeviceId;
use crate::domain::network_device::NetworkDeviceKind;
use crate::domain::reading::TargetKind;
use crate::web::access::Technical;
use crate::web::error::Error;
use crate::web::layout::Page;
use crate::web::state::Web;

/// The form as it is sent.
#[derive(Deserialize)]
pub(super) struct Sent {
    nombre: String,
    tipo: String,
    medio: String,
    direccion: String,
    #[serde(default)]
    sede: String,
}

impl Sent {
    fn wanted(&self) -> Wanted {
        Wanted {
            name: self.nombre.clone(),
            kind: NetworkDeviceKind::parse(&self.tipo).unwrap_or(NetworkDeviceKind::Other),
            probe: if self.medio == "tcp" { TargetKind::Tcp } else { TargetKind::Icmp },
            address: self.direccion.clone(),
            site: Some(self.sede.clone()),
        }
    }

    fn refused(self, problem: String) -> super::Form {
        super::Form {
            probe: if self.medio == "tcp" { "tcp" } else { "icmp" },
            name: self.nombre,
            kind: self.tipo,
            address: self.direccion,
            site: self.sede,
            problem: Some(problem),
        }
    }
}

/// A PC named in a form.
#[derive(Deserialize)]
pub(super) struct Pc {
    equipo: String,
}

pub(super) async fn add(
    State(web): State<Web>,
    technical: Technical,
    page: Page,
    Form(sent): Form<Sent>,
) -> Result<Response, Error> {
    // The page's view of the store is let go while something is written, and read anew if it is to be shown.
    match technical.add_network_device(&sent.wanted()).await {
        Ok(id) => Ok(Redirect::to(&format!("/redes/{id}")).into_response()),
        Err(Error::Invalid(problem)) => {
            let page = page.renewed(&web).await?;
            let shown = networks(page, sent.refused(problem)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(shown.render()?)).into_response())
        }
        Err(other) => Err(other),
    }
}

pub(super) async fn change(
    State(web): State<Web>,
    Path(id): Path<String>,
    technical: Technical,
    page: Page,
    Form(sent): Form<Sent>,
) -> Result<Response, Error> {
    let id = DeviceId::new(id);
    match technical.change_network_device(&id, &sent.wanted()).await {
        Ok(()) => Ok(back_to(&id)),
        Err(Error::Invalid(problem)) => {
            let refused = Some(sent.refused(problem));
            let page = page.renewed(&web).await?;
            let shown = network_device(&id, page, refused, None).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(shown.render()?)).into_response())
        }
        Err(other) => Err(other),
    }
}

/// Another PC looks at it too.
pub(super) async fn watch(
    State(web): State<Web>,
    Path(id): Path<String>,
    technical: Technical,
    mut page: Page,
    Form(pc): Form<Pc>,
) -> Result<Response, Error> {
    let id = DeviceId::new(id);
    let named = pc.equipo.trim();
    let found: Vec<DeviceId> = page
        .fleet
        .rows
        .iter()
        .filter(|row| row.status == DeviceStatus::Approved)
        .filter(|row| row.name == named || row.id.as_str() == named)
        .map(|row| row.id.clone())
        .collect();
    let outcome = match found.as_slice() {
        [one] => {
            let mut watchers = watchers(&mut page, &id).await?;
            watchers.push(one.clone());
            technical.set_watchers(&id, &watchers).await
        }
        [] => Err(Error::Invalid(format!("No hay ningún equipo aprobado que se llame «{named}»."))),
        _ => Err(Error::Invalid(format!(
            "Varios equipos se llaman «{named}»: escribe el identificador de su ficha."
        ))),
    };
    match outcome {
        Ok(()) => Ok(back_to(&id)),
        Err(Error::Invalid(problem)) => {
            let page = page.renewed(&web).await?;
            let shown = network_device(&id, page, None, Some(problem)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(shown.render()?)).into_response())
        }
        Err(other) => Err(other),
    }
}

pub(super) async fn unwatch(
    Path(id): Path<String>,
    technical: Technical,
    mut page: Page,
    Form(pc): Form<Pc>,
) -> Result<Response, Error> {
    let id = DeviceId::new(id);
    let mut watchers = watchers(&mut page, &id).await?;
    drop(page);
    watchers.retain(|watcher| watcher.as_str() != pc.equipo);
    technical.set_watchers(&id, &watchers).await?;
    Ok(back_to(&id))
}

pub(super) async fn remove(
    Path(id): Path<String>,
    technical: Technical,
) -> Result<Redirect, Error> {
    technical.remove_network_device(&DeviceId::new(id)).await?;
    Ok(Redirect::to("/redes"))
}

async fn watchers(page: &mut Page, id: &DeviceId) -> Result<Vec<DeviceId>, Error> {
    let watches = page.read.watches().await.map_err(Error::internal)?;
    let own = watches.into_iter().filter(|watch| watch.network_device == *id);
    Ok(own.map(|watch| watch.watcher).collect())
}

/// The id has been found in the store, so it is one of ours.
fn back_to(id: &DeviceId) -> Response {
    Redirect::to(&format!("/redes/{id}")).into_response()
}

impl From<manage_network::Error> for Error {
    fn from(error: manage_network::Error) -> Self {
        use manage_network::Error as Refused;
        match error {
            Refused::Other(error) => error.into(),
            Refused::NotFound(what) => Error::NotFound(format!("No existe {what}.")),
            Refused::Name | Refused::Address(_) | Refused::Full | Refused::Busy(_) => {
                Error::Invalid(format!("No se guardó: {error}."))
            }
        }
    }
}
