//! Reporting a failure or asking for a service: one form, phone first, and the folio and code it gives.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::{notice, problem};
use crate::actions::portal as action;
use crate::domain::access::Actor;
use crate::domain::area::Area;
use crate::domain::id::AreaId;
use crate::domain::person::Role;
use crate::domain::portal::{Request, Service, shown_code};
use crate::web::access::ClientAddress;
use crate::web::error::Error;
use crate::web::state::Web;
use crate::web::upload::{self, Upload};
use crate::web::{assets, layout, markup};

pub(super) fn router() -> Router<Web> {
    Router::new().route("/portal", get(ask)).route("/portal/equipo/{number}", get(ask_about))
}

pub(super) fn uploads() -> Router<Web> {
    Router::new().route("/portal", post(take)).layer(DefaultBodyLimit::max(upload::BODY_BYTES))
}

#[derive(Template)]
#[template(path = "portal/request.html")]
struct RequestPage {
    notice: String,
    services: Vec<ServiceView>,
    areas: Vec<Area>,
    form: Form,
    problem: Option<String>,
    /// Files were chosen and have to be chosen again: a browser does not keep them.
    lost_files: bool,
}

struct ServiceView {
    word: &'static str,
    title: &'static str,
    icon: &'static str,
    chosen: bool,
}

/// What was written, as it was written.
#[derive(Default)]
struct Form {
    service: Option<Service>,
    text: String,
    name: String,
    area: String,
    contact: String,
    number: String,
}

#[derive(Template)]
#[template(path = "portal/received.html")]
struct ReceivedPage {
    folio: String,
    code: String,
    follow: String,
}

fn icon(service: Service) -> &'static str {
    match service {
        Service::Device => "fleet",
        Service::Internet => "connectivity",
        Service::Publication => "software",
        Service::Advice => "person",
        Service::Backup => "disk",
        Service::Mailbox => "note",
    }
}

async fn page(
    web: &Web,
    form: Form,
    problem: Option<String>,
    lost_files: bool,
) -> Result<Html<String>, Error> {
    let notice = notice(web)?.to_owned();
    let areas = web.read().await?.areas().await.map_err(Error::internal)?;
    let services = Service::ALL
        .iter()
        .map(|service| ServiceView {
            word: service.as_str(),
            title: service.title(),
            icon: icon(*service),
            chosen: form.service == Some(*service),
        })
        .collect();
    let page = RequestPage { notice, services, areas, form, problem, lost_files };
    Ok(Html(page.render()?))
}

async fn ask(State(web): State<Web>) -> Result<Html<String>, Error> {
    page(&web, Form::default(), None, false).await
}

/// Where the label on a PC leads. Whether there is such a PC is not told.
async fn ask_about(
    State(web): State<Web>,
    Path(number): Path<String>,
) -> Result<Html<String>, Error> {
    let number: String = number.chars().filter(char::is_ascii_digit).take(9).collect();
    let form = Form { service: Some(Service::Device), number, ..Form::default() };
    page(&web, form, None, false).await
}

async fn take(
    State(web): State<Web>,
    ClientAddress(address): ClientAddress,
    body: Multipart,
) -> Result<Response, Error> {
    let notice = HEXLOWER.encode(&Sha256::digest(notice(&web)?.as_bytes()));
    action::count_request(web.store(), &address, web.now()).await?;
    let mut upload = Upload::read(body, web.attachments()).await?;
    let form = Form {
        service: Service::parse(upload.text("servicio")),
        text: upload.text("que").to_owned(),
        name: upload.text("nombre").to_owned(),
        area: upload.text("area").to_owned(),
        contact: upload.text("contacto").to_owned(),
        number: upload.text("equipo").to_owned(),
    };
    let chosen = !upload.files.is_empty();
    let again = async |form, told: String| {
        let page = page(&web, form, Some(told), chosen).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    if !upload.text("sitio_web").is_empty() {
        return again(form, "No se pudo registrar: deja vacío el último campo.".into()).await;
    }
    if let Some(told) = upload.problem.take() {
        return again(form, told).await;
    }
    let Some(request) = request(&form) else {
        return again(
            form,
            "Elige qué necesitas y escribe el número del equipo sin letras.".into(),
        )
        .await;
    };
    match open(&web, request, upload, &notice).await {
        Ok(received) => {
            web.streams().nudge();
            let folio = received.run.folio;
            let follow = layout::address("/portal/seguir", &[("folio", &folio)]);
            let page = ReceivedPage { folio, code: shown_code(&received.code), follow };
            Ok(Html(page.render()?).into_response())
        }
        Err(error) => {
            let told = problem(error)?;
            again(form, told.1).await
        }
    }
}

/// `None` when the service or the number cannot be used.
fn request(form: &Form) -> Option<Request> {
    let number = match form.number.as_str() {
        "" => None,
        digits => Some(digits.parse().ok().filter(|number| (1..=999_999_999).contains(number))?),
    };
    Some(Request {
        service: form.service?,
        name: form.name.clone(),
        area: AreaId::new(form.area.clone()),
        contact: form.contact.clone(),
        text: form.text.clone(),
        device_number: number,
    })
}

async fn open(
    web: &Web,
    request: Request,
    upload: Upload,
    notice_sha256: &str,
) -> Result<action::Received, action::Error> {
    let request = request.checked()?;
    let actor = Actor::Guest { name: request.name.clone(), role: Role::Requester };
    let mut files = Vec::new();
    for (name, incoming) in upload.files {
        let fit = web.attachments().examine(web.store(), incoming, &name, &actor, web.now());
        files.push(fit.await?);
    }
    action::open_request(web.store(), web.bench(), request, files, notice_sha256, web.now()).await
}
