//! Following a request by folio and code: where it stands in kind words, what was done, and messages both ways. Remarks of
//! the unit among themselves are not shown.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;

use super::problem;
use crate::actions::portal::{self as action, Followed};
use crate::domain::person::Role;
use crate::domain::procedure::{Procedure, Wait};
use crate::domain::run::{EventKind, Outcome, RecordedEvent, Run, RunState};
use crate::store::PortalMessage;
use crate::web::access::ClientAddress;
use crate::web::error::Error;
use crate::web::markup::Look;
use crate::web::state::Web;
use crate::web::{assets, markup};

/// Most steps shown: the last ones.
const STEPS: usize = 60;

pub(super) fn router() -> Router<Web> {
    Router::new().route("/portal/seguir", get(ask).post(show)).route("/portal/mensajes", post(say))
}

#[derive(Template)]
#[template(path = "portal/follow.html")]
struct FollowPage {
    folio: String,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "portal/state.html")]
struct StatePage {
    folio: String,
    code: String,
    title: String,
    look: Look,
    sentence: String,
    opened_at: Timestamp,
    updated_at: Timestamp,
    done: Vec<Done>,
    messages: Vec<PortalMessage>,
    problem: Option<String>,
    said: bool,
    written: String,
}

struct Done {
    text: String,
    at: Timestamp,
}

#[derive(Deserialize)]
struct Prefilled {
    #[serde(default)]
    folio: String,
}

#[derive(Deserialize)]
struct Owner {
    folio: String,
    codigo: String,
}

#[derive(Deserialize)]
struct Message {
    folio: String,
    codigo: String,
    texto: String,
}

async fn ask(Query(given): Query<Prefilled>) -> Result<Html<String>, Error> {
    let folio = given.folio.chars().take(60).collect();
    Ok(Html(FollowPage { folio, problem: None }.render()?))
}

async fn show(
    State(web): State<Web>,
    ClientAddress(address): ClientAddress,
    Form(owner): Form<Owner>,
) -> Result<Response, Error> {
    let found = action::follow(web.store(), &owner.folio, &owner.codigo, &address, web.now()).await;
    match found {
        Ok(followed) => state(&web, followed, owner.codigo, Said::default()).await,
        Err(error) => refused(owner.folio, error),
    }
}

/// The same answer for whatever did not fit.
fn refused(folio: String, error: action::Error) -> Result<Response, Error> {
    let told = problem(error)?;
    let status = told.status();
    let page = FollowPage { folio: folio.chars().take(60).collect(), problem: Some(told.1) };
    Ok((status, Html(page.render()?)).into_response())
}

/// What came of a message.
#[derive(Default)]
struct Said {
    problem: Option<super::Told>,
    kept: bool,
    written: String,
}

async fn say(
    State(web): State<Web>,
    ClientAddress(address): ClientAddress,
    Form(given): Form<Message>,
) -> Result<Response, Error> {
    let found = action::follow(web.store(), &given.folio, &given.codigo, &address, web.now()).await;
    let followed = match found {
        Ok(followed) => followed,
        Err(error) => return refused(given.folio, error),
    };
    let said = action::say(web.store(), web.bench(), &followed, &given.texto, web.now()).await;
    let said = match said {
        Ok(()) => Said { kept: true, ..Said::default() },
        Err(error) => {
            Said { problem: Some(problem(error)?), written: given.texto, ..Said::default() }
        }
    };
    web.streams().nudge();
    // As it is now, with the message.
    let mut read = web.read().await?;
    let run = read.run(&followed.run.id).await.map_err(Error::internal)?.unwrap_or(followed.run);
    let messages = read.portal_messages(&run.id).await.map_err(Error::internal)?;
    drop(read);
    let followed = Followed { run, messages, service: followed.service };
    state(&web, followed, given.codigo, said).await
}

async fn state(web: &Web, followed: Followed, code: String, said: Said) -> Result<Response, Error> {
    let Followed { run, messages, service } = followed;
    let events = web.read().await?.run_events(&run.id).await.map_err(Error::internal)?;
    let procedure = web.procedure(&run.procedure, &run.edition);
    let missing = || Error::internal(format!("procedure {} is not known", run.procedure));
    let procedure = procedure.ok_or_else(missing)?;
    let (look, sentence) = standing(&run, procedure);
    let mut done: Vec<Done> = events.iter().filter_map(|event| done(procedure, event)).collect();
    done.drain(..done.len().saturating_sub(STEPS));
    let status = said.problem.as_ref().map_or(axum::http::StatusCode::OK, super::Told::status);
    let page = StatePage {
        folio: run.folio,
        code,
        title: service.title().to_owned(),
        look,
        sentence,
        opened_at: run.opened_at,
        updated_at: run.updated_at,
        done,
        messages,
        problem: said.problem.map(|told| told.1),
        said: said.kept,
        written: said.written,
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// A step as its requester reads it: what was done, without names and remarks.
fn done(procedure: &Procedure, event: &RecordedEvent) -> Option<Done> {
    let step = procedure.step(event.step.as_ref()?)?;
    let text = match event.kind {
        EventKind::Opened | EventKind::Completed => step.text.clone(),
        EventKind::Answered => format!("{} {}", step.text, if event.answer? { "Sí" } else { "No" }),
        EventKind::Undone => "Se corrigió el paso anterior".to_owned(),
        _ => return None,
    };
    Some(Done { text, at: event.at })
}

/// Where a run stands, in kind words.
fn standing(run: &Run, procedure: &Procedure) -> (Look, String) {
    const fn look(class: &'static str, icon: &'static str, word: &'static str) -> Look {
        Look { class, icon, word }
    }
    let step = match &run.state {
        RunState::Open { step } => procedure.step(step),
        RunState::Closed { outcome, .. } => {
            let (look, told) = match outcome {
                Outcome::Completed => {
                    (look("ok", "ok", "Terminada"), "Tu solicitud quedó atendida.")
                }
                Outcome::Recovered => {
                    (look("ok", "ok", "Resuelta"), "La falla desapareció y no volvió.")
                }
                Outcome::Rejected => (
                    look("warning", "warning", "No procedió"),
                    "A la solicitud le faltó algo. Escríbenos aquí y te decimos cómo completarla.",
                ),
                Outcome::Retired => (
                    look("info", "end", "Baja propuesta"),
                    "El equipo ya no conviene repararlo; se propuso su baja.",
                ),
                Outcome::Cancelled => {
                    (look("info", "end", "Cancelada"), "Se canceló lo que existía.")
                }
            };
            return (look, told.to_owned());
        }
    };
    if let Some(waiting) = &run.waiting {
        let told = match waiting.wait {
            Wait::SparePart => "Pedimos una refacción y esperamos a que llegue.",
            Wait::Provider => "Esperamos al proveedor de internet.",
            Wait::Signature => {
                "Falta una firma. Si te toca a ti, te llegará un enlace para firmar."
            }
            Wait::Approval => "Esperamos una autorización.",
            Wait::Requester => {
                "Esperamos algo de tu parte. Escríbenos aquí o avísanos cuando esté."
            }
        };
        return (look("pending", "pending", "En espera"), told.to_owned());
    }
    match step.filter(|step| step.role == Role::Requester) {
        Some(step) => (look("pending", "person", "Te toca a ti"), step.text.clone()),
        None => (
            look("info", "clock", "En atención"),
            "La Unidad de TIC la tiene en sus manos.".to_owned(),
        ),
    }
}
