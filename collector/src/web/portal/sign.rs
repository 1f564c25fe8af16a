//! Signing by link, on a phone: what was done, name and post, and a drawn or typed signature.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use crate::actions::secret::Secret;
use crate::actions::sign_step;
use crate::web::access::ClientAddress;
use crate::web::error::Error;
use crate::web::signing::{self, FORM_BYTES, SignForm, SignPage, SignedPage};
use crate::web::state::Web;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/portal/firmar/{token}", get(ask).post(sign))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
}

async fn ask(State(web): State<Web>, Path(token): Path<String>) -> Result<Response, Error> {
    page(&web, &token, SignForm::default(), None).await
}

async fn page(
    web: &Web,
    token: &str,
    given: SignForm,
    problem: Option<String>,
) -> Result<Response, Error> {
    let mut read = web.read().await?;
    let (link, run) = sign_step::open_link(&mut read, &Secret::presented(token), web.now()).await?;
    let evidence = signing::evidence(&mut read, &run.id).await?;
    drop(read);
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = SignPage {
        folio: run.folio,
        text: link.text,
        text_sha256: link.text_sha256,
        evidence,
        action: String::new(),
        given,
        problem,
        expires_at: Some(link.expires_at),
    };
    Ok((status, Html(page.render()?)).into_response())
}

async fn sign(
    State(web): State<Web>,
    ClientAddress(address): ClientAddress,
    Path(token): Path<String>,
    Form(form): Form<SignForm>,
) -> Result<Response, Error> {
    let (store, bench, now) = (web.store(), web.bench(), web.now());
    let link = Secret::presented(&token);
    match sign_step::sign_by_link(store, bench, &link, form.given(), &address, now).await {
        Ok(run) => {
            web.streams().nudge();
            Ok(Html(SignedPage::of(&web, &run.id).await?.render()?).into_response())
        }
        Err(error) => match signing::told(error)? {
            told if told == sign_step::Error::Link.to_string() => Err(Error::NotFound(told)),
            told => page(&web, &token, form, Some(told)).await,
        },
    }
}
