//! Mi cuenta → Avisos: which notices a person wants by e-mail. Everybody decides that of their own.

use askama::Template;
use axum::Router;
use axum::extract::Form;
use axum::response::{Html, Redirect};
use axum::routing::get;

use crate::domain::notice::NoticeKind;
use crate::web::access::{Desk, Viewer};
use crate::web::error::Error;
use crate::web::layout::{Layout, Page, Place};
use crate::web::state::Web;
use crate::web::{assets, markup};

pub(super) fn router() -> Router<Web> {
    Router::new().route("/cuenta/avisos", get(show).post(save))
}

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesPage {
    layout: Layout,
    email: Option<String>,
    kinds: Vec<(NoticeKind, bool)>,
}

async fn show(mut page: Page<Viewer>) -> Result<Html<String>, Error> {
    let person = &page.viewer.person;
    let muted = page.read.muted_notices(&person.id).await.map_err(Error::internal)?;
    let kinds = NoticeKind::ALL.into_iter().filter(|kind| kind.may_be_muted());
    let shown = NoticesPage {
        email: person.email.clone(),
        kinds: kinds.map(|kind| (kind, !muted.contains(&kind))).collect(),
        layout: page.layout("Mis avisos", Place::Account),
    };
    Ok(Html(shown.render()?))
}

/// The kinds that are ticked are wanted; the others are not.
async fn save(right: Desk, Form(wanted): Form<Vec<(String, String)>>) -> Result<Redirect, Error> {
    let ticked: Vec<NoticeKind> =
        wanted.iter().filter_map(|(name, _)| NoticeKind::parse(name)).collect();
    let muted: Vec<NoticeKind> =
        NoticeKind::ALL.into_iter().filter(|kind| !ticked.contains(kind)).collect();
    right.mute_notices(&muted).await?;
    Ok(Redirect::to("/cuenta/avisos"))
}
