//! What is done to a run beside its steps: waiting, taking back, giving to somebody, priority, remarks, and
//! what concerns the areas and PCs it walks. Every act has an address of its own and works without a script.

use axum::Router;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use axum::routing::post;

use super::form::{day, event, version};
use super::outcome;
use crate::domain::id::{DeviceId, PersonId, RunId};
use crate::domain::procedure::Wait;
use crate::domain::run::{Event, Priority};
use crate::web::access::{Desk, Viewer};
use crate::web::error::Error;
use crate::web::fields::Typed;
use crate::web::layout::Page;
use crate::web::state::Web;

pub fn router() -> Router<Web> {
    Router::new()
        .route("/tramites/{id}/pasos", post(step))
        .route("/tramites/{id}/notas", post(note))
        .route("/tramites/{id}/espera", post(wait))
        .route("/tramites/{id}/deshacer", post(undo))
        .route("/tramites/{id}/asignar", post(assign))
        .route("/tramites/{id}/prioridad", post(prioritise))
        .route("/tramites/{id}/visita", post(visit))
        .route("/tramites/{id}/equipos/{device}", post(device))
}

async fn step(
    State(web): State<Web>,
    Path(id): Path<String>,
    desk: Desk,
    page: Page<Viewer>,
    RawForm(body): RawForm,
) -> Result<Response, Error> {
    let (id, sent) = (RunId::new(id), Typed::of(&body));
    let taken = match (version(&sent), event(&sent)) {
        (Ok(version), Ok(event)) => desk.advance(&id, Some(version), event).await,
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    outcome(&web, page, &id, taken, sent).await
}

async fn note(
    State(web): State<Web>,
    Path(id): Path<String>,
    desk: Desk,
    page: Page<Viewer>,
    RawForm(body): RawForm,
) -> Result<Response, Error> {
    let (id, sent) = (RunId::new(id), Typed::of(&body));
    let event = Event::Note { text: sent.get("texto").to_owned() };
    let taken = desk.advance(&id, None, event).await;
    outcome(&web, page, &id, taken, sent).await
}

async fn wait(
    State(web): State<Web>,
    Path(id): Path<String>,
    desk: Desk,
    page: Page<Viewer>,
    RawForm(body): RawForm,
) -> Result<Response, Error> {
    let (id, sent) = (RunId::new(id), Typed::of(&body));
    let note = sent.get("particulares").to_owned();
    let event = match sent.get("espera") {
        "" => Ok(Event::Resume { note }),
        word => Wait::parse(word)
            .map(|wait| Event::Pause { wait, note })
            .ok_or_else(|| Error::Invalid("Elige qué se espera de la lista.".to_owned())),
    };
    let taken = match (version(&sent), event) {
        (Ok(version), Ok(event)) => desk.advance(&id, Some(version), event).await,
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    outcome(&web, page, &id, taken, sent).await
}

async fn undo(
    State(web): State<Web>,
    Path(id): Path<String>,
    desk: Desk,
    page: Page<Viewer>,
    RawForm(body): RawForm,
) -> Result<Response, Error> {
    let (id, sent) = (RunId::new(id), Typed::of(&body));
    let event = Event::Undo { reason: sent.get("motivo").to_owned() };
    let taken = match version(&sent) {
        Ok(version) => desk.advance(&id, Some(version), event).await,
        Err(error) => Err(error),
    };
    outcome(&web, page, &id, taken, sent).await
}

async fn assign(
    State(web): State<Web>,
    Path(id): Path<String>,
    desk: Desk,
    page: Page<Viewer>,
    RawForm(body): RawForm,
) -> Result<Response, Error> {
    let (id, sent) = (RunId::new(id), Typed::of(&body));
    let wanted = sent.get("persona");
    let to = (!wanted.is_empty()).then(|| PersonId::new(wanted));
    let taken = desk.assign(&id, to.as_ref()).await;
    outcome(&web, page, &id, taken, sent).await
}

async fn prioritise(
    State(web): State<Web>,
    Path(id): Path<String>,
    desk: Desk,
    page: Page<Viewer>,
    RawForm(body): RawForm,
) -> Result<Response, Error> {
    let (id, sent) = (RunId::new(id), Typed::of(&body));
    let note = sent.get("motivo").to_owned();
    let taken = match Priority::parse(sent.get("prioridad")) {
        Some(priority) => desk.prioritise(&id, (priority, note)).await,
        None => Err(Error::Invalid("Elige la prioridad de la lista.".to_owned())),
    };
    outcome(&web, page, &id, taken, sent).await
}

async fn visit(
    State(web): State<Web>,
    Path(id): Path<String>,
    desk: Desk,
    page: Page<Viewer>,
    RawForm(body): RawForm,
) -> Result<Response, Error> {
    let (id, sent) = (RunId::new(id), Typed::of(&body));
    let bad = |_| Error::Invalid("Elige un lugar de la lista.".to_owned());
    let taken = match (version(&sent), sent.get("lugar").parse().map_err(bad)) {
        (Ok(version), Ok(position)) => {
            desk.advance(&id, Some(version), Event::TakeSubject { position }).await
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    outcome(&web, page, &id, taken, sent).await
}

async fn device(
    State(web): State<Web>,
    Path((id, device)): Path<(String, String)>,
    desk: Desk,
    page: Page<Viewer>,
    RawForm(body): RawForm,
) -> Result<Response, Error> {
    const CHECK: &str = "revisado.";
    let (id, sent) = (RunId::new(id), Typed::of(&body));
    // A box is sent as «no» and, if it is ticked, as «si» after it: the last value of a line counts.
    let checks = sent.under(CHECK).into_iter();
    let checks = checks.map(|(code, value)| (code.to_owned(), value == "si")).collect();
    let (device, note) = (DeviceId::new(device), sent.get("nota_equipo").to_owned());
    let event = match sent.get("que") {
        "posponer" => day(sent.get("para")).map(|to| Event::CarryDevice {
            device,
            reason: sent.get("motivo").to_owned(),
            to,
        }),
        what => Ok(Event::CheckDevice {
            device,
            checks,
            note,
            done: what == "hecho",
            snapshots: (None, None),
        }),
    };
    let taken = match event {
        Ok(event) => desk.advance(&id, None, event).await,
        Err(error) => Err(error),
    };
    outcome(&web, page, &id, taken, sent).await
}
