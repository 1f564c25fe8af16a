//! Administración → Correo: what the outbox holds, what failed and may be sent again, the server as configured, a test,
//! and the texts of the notices. Never a password.

mod mute;
mod texts;

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::access::Administrator;
use super::error::Error;
use super::layout::{Layout, Page, Place};
use super::markup::Look;
use super::state::Web;
use super::{assets, markup, units};
use crate::domain::mail::{Mail, MailState};
use crate::domain::notice::NoticeKind;
use crate::store::MailSetting;

/// Messages shown of each list.
const ROWS: u32 = 100;
/// Longest address looked at, characters.
const ADDRESS: usize = 254;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/administracion/correo", get(show))
        .route("/administracion/correo/prueba", post(test))
        .route("/administracion/correo/{id}/reintentar", post(again))
        .merge(texts::router())
        .merge(mute::router())
}

#[derive(Template)]
#[template(path = "mail.html")]
struct MailPage {
    layout: Layout,
    setting: Option<MailSetting>,
    counts: Vec<(Look, i64)>,
    stuck: Vec<Row>,
    waiting: Vec<Row>,
    sent: Vec<Row>,
    texts: Vec<TextRow>,
    address: String,
    problem: Option<String>,
}

struct Row {
    mail: Mail,
    look: Look,
    attempts: usize,
}

struct TextRow {
    kind: NoticeKind,
    changed: Option<String>,
}

#[derive(Deserialize)]
struct Wanted {
    direccion: String,
}

/// What a state looks like.
fn look(state: MailState) -> Look {
    let (class, icon) = match state {
        MailState::Queued | MailState::Sending => ("pending", "pending"),
        MailState::Sent => ("ok", "ok"),
        MailState::Uncertain => ("warning", "warning"),
        MailState::GivenUp => ("critical", "critical"),
        MailState::Unaddressed => ("unknown", "unknown"),
    };
    Look { class, icon, word: state.title() }
}

/// Only whoever administers sees to whom was written.
fn check(page: &Page) -> Result<(), Error> {
    if page.viewer.administers() {
        return Ok(());
    }
    Err(Error::Forbidden("El correo lo ve el titular o quien administra.".to_owned()))
}

async fn show(page: Page) -> Result<Html<String>, Error> {
    let address = page.viewer.person.email.clone().unwrap_or_default();
    Ok(Html(mail_page(page, address, None).await?.render()?))
}

async fn mail_page(
    mut page: Page,
    address: String,
    problem: Option<String>,
) -> Result<MailPage, Error> {
    check(&page)?;
    let mut list = async |states: &[MailState]| {
        let mails = page.read.mails(states, None, ROWS).await.map_err(Error::internal)?;
        let row = |mail: Mail| Row {
            look: look(mail.state),
            attempts: usize::try_from(mail.attempts).unwrap_or(usize::MAX),
            mail,
        };
        Ok::<Vec<Row>, Error>(mails.into_iter().map(row).collect())
    };
    let stuck = [MailState::Uncertain, MailState::GivenUp, MailState::Unaddressed];
    let stuck = list(&stuck).await?;
    let waiting = list(&[MailState::Queued, MailState::Sending]).await?;
    let sent = list(&[MailState::Sent]).await?;
    let mut counts = page.read.mail_counts().await.map_err(Error::internal)?;
    counts.sort_unstable();
    let worded = page.read.mail_texts(None).await.map_err(Error::internal)?;
    let texts = NoticeKind::ALL.into_iter().map(|kind| {
        let own = worded.iter().find(|own| own.kind == kind && own.text != kind.shipped());
        TextRow { kind, changed: own.map(|own| own.changed_by.clone()) }
    });
    Ok(MailPage {
        setting: page.read.mail_setting().await.map_err(Error::internal)?,
        counts: counts.into_iter().map(|(state, count)| (look(state), count)).collect(),
        stuck,
        waiting,
        sent,
        texts: texts.collect(),
        address,
        problem,
        layout: page.layout("Correo", Place::Mail),
    })
}

async fn test(
    right: Administrator,
    page: Page,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Error> {
    let address: String = wanted.direccion.trim().chars().take(ADDRESS + 1).collect();
    match right.queue_test_mail(&address).await {
        Ok(()) => Ok(Redirect::to("/administracion/correo").into_response()),
        Err(Error::Invalid(problem)) => {
            let shown = mail_page(page, address, Some(problem)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(shown.render()?)).into_response())
        }
        Err(error) => Err(error),
    }
}

async fn again(right: Administrator, Path(id): Path<String>) -> Result<Redirect, Error> {
    right.send_mail_again(&id).await?;
    Ok(Redirect::to("/administracion/correo"))
}
