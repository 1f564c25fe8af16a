//! The text of one kind of notice: written, looked at with examples, kept, or brought back as shipped.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::check;
use crate::domain::notice::{BODY, NoticeKind, Placeholder, SUBJECT, Text, Values};
use crate::store::WordedText;
use crate::web::access::Administrator;
use crate::web::error::Error;
use crate::web::layout::{Layout, Page, Place};
use crate::web::state::Web;
use crate::web::{assets, markup};

pub(super) fn router() -> Router<Web> {
    Router::new().route("/administracion/correo/textos/{kind}", get(show).post(save))
}

#[derive(Template)]
#[template(path = "mail_text.html")]
struct TextPage {
    layout: Layout,
    kind: NoticeKind,
    own: Option<WordedText>,
    text: Text,
    preview: Text,
    /// With their braces.
    placeholders: Vec<String>,
    longest: (usize, usize),
    problem: Option<String>,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    asunto: String,
    #[serde(default)]
    texto: String,
    /// `ver`, `guardar` or `fabrica`.
    accion: String,
}

async fn show(page: Page, Path(kind): Path<String>) -> Result<Html<String>, Error> {
    Ok(Html(text_page(page, kind_of(&kind)?, None, None).await?.render()?))
}

async fn save(
    right: Administrator,
    page: Page,
    Path(kind): Path<String>,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Error> {
    let kind = kind_of(&kind)?;
    let text = Text { subject: wanted.asunto, body: wanted.texto.replace("\r\n", "\n") };
    if wanted.accion == "ver" {
        let problem = text.check(kind).err().map(|fault| fault.to_string());
        let shown = text_page(page, kind, Some(text), problem).await?;
        return Ok(Html(shown.render()?).into_response());
    }
    let kept = (wanted.accion != "fabrica").then(|| text.clone());
    match right.set_mail_text(kind, kept).await {
        Ok(()) => {
            let path = format!("/administracion/correo/textos/{}", kind.as_str());
            Ok(Redirect::to(&path).into_response())
        }
        Err(Error::Invalid(problem)) => {
            let shown = text_page(page, kind, Some(text), Some(problem)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(shown.render()?)).into_response())
        }
        Err(error) => Err(error),
    }
}

/// The page of a text; `written` brings back what was typed and `problem` what is wrong with it.
async fn text_page(
    mut page: Page,
    kind: NoticeKind,
    written: Option<Text>,
    problem: Option<String>,
) -> Result<TextPage, Error> {
    check(&page)?;
    let own = page.read.mail_texts(Some(kind)).await.map_err(Error::internal)?.pop();
    let held = || own.as_ref().map_or_else(|| kind.shipped(), |own| own.text.clone());
    let text = written.unwrap_or_else(held);
    Ok(TextPage {
        preview: text.fill(&Values::example()),
        text,
        own,
        kind,
        placeholders: kind.placeholders().iter().map(in_braces).collect(),
        longest: (SUBJECT, BODY),
        problem,
        layout: page.layout(kind.title(), Place::Mail),
    })
}

fn in_braces(placeholder: &Placeholder) -> String {
    format!("{{{}}}", placeholder.word())
}

fn kind_of(word: &str) -> Result<NoticeKind, Error> {
    NoticeKind::parse(word)
        .ok_or_else(|| Error::NotFound("No hay ningún aviso de esa clase.".into()))
}
