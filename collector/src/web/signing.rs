//! Signatures of a run from the unit's side: asking for one by link (shown once, with its QR), taking a link back, signing in
//! person, what was signed, and messages to the requester.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use data_encoding::BASE64;
use jiff::Timestamp;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;

use super::access::{ClientAddress, Desk, Viewer};
use super::error::Error;
use super::layout::{Layout, Page, Place};
use super::portal::sentence;
use super::state::Web;
use super::{assets, markup};
use crate::actions::sign_step::{self, Given};
use crate::domain::id::RunId;
use crate::domain::procedure::{Need, Procedure};
use crate::domain::run::Run;
use crate::domain::signature::{Signature, signs_by_link};
use crate::store::Read;

/// A drawing as a form sends it: every bracket and comma takes three bytes.
pub const FORM_BYTES: usize = 256 * 1024;
/// Most lines of evidence shown.
const EVIDENCE: usize = 20;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/tramites/{id}/enlace-de-firma", post(create_link))
        .route("/tramites/{id}/enlace-de-firma/retirar", post(revoke))
        .route("/tramites/{id}/mensajes", post(reply))
        .route("/tramites/{id}/firma", get(ask).post(sign))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
}

/// What is signed and the form to sign it: by link and in person.
#[derive(Template)]
#[template(path = "portal/sign.html")]
pub struct SignPage {
    /// Folio of the run.
    pub folio: String,
    /// What is signed.
    pub text: String,
    /// Its hash.
    pub text_sha256: String,
    /// What the agents saw.
    pub evidence: Vec<String>,
    /// Where the form goes; empty: to the page's own address.
    pub action: String,
    /// What was written.
    pub given: SignForm,
    /// Why it was not taken.
    pub problem: Option<String>,
    /// Until when the link is good; `None`: in person.
    pub expires_at: Option<Timestamp>,
}

/// That it was signed.
#[derive(Template)]
#[template(path = "portal/signed.html")]
pub struct SignedPage {
    folio: String,
    name: String,
    at: Timestamp,
    text_sha256: String,
}

impl SignedPage {
    /// Of the last signature of a run.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn of(web: &Web, run: &RunId) -> Result<SignedPage, Error> {
        let mut read = web.read().await?;
        let folio = read.run(run).await.map_err(Error::internal)?.map(|run| run.folio);
        let last = read.signatures(run).await.map_err(Error::internal)?.pop();
        let last = last.ok_or_else(|| Error::internal("a signature that was kept is not there"))?;
        let Signature { name, signed_at: at, text_sha256, .. } = last;
        Ok(SignedPage { folio: folio.unwrap_or_default(), name, at, text_sha256 })
    }
}

/// What somebody signs with.
#[derive(Debug, Default, Deserialize)]
pub struct SignForm {
    /// Name.
    #[serde(rename = "nombre")]
    pub name: String,
    /// Post.
    #[serde(rename = "cargo")]
    pub post: String,
    #[serde(default)]
    trazos: String,
    #[serde(default)]
    escrita: String,
    #[serde(default)]
    huella: String,
}

impl SignForm {
    /// As the action takes it.
    pub fn given(&self) -> Given {
        Given {
            name: self.name.clone(),
            post: self.post.clone(),
            strokes: self.trazos.clone(),
            typed: self.escrita == "si",
        }
    }
}

/// What the agents saw, one line each, the last ones.
///
/// # Errors
/// When the store refuses.
pub async fn evidence(read: &mut Read, run: &RunId) -> Result<Vec<String>, Error> {
    let events = read.run_events(run).await.map_err(Error::internal)?;
    let mut lines: Vec<String> = events
        .into_iter()
        .filter_map(|event| event.evidence)
        .map(|evidence| format!("{} ({})", evidence.summary, evidence.source))
        .collect();
    lines.drain(..lines.len().saturating_sub(EVIDENCE));
    Ok(lines)
}

/// What is told on the page itself; everything else is an error page.
///
/// # Errors
/// What is not for the page.
pub fn told(error: sign_step::Error) -> Result<String, Error> {
    use sign_step::Error as Why;
    match error {
        Why::Link => Ok(error.to_string()),
        Why::Unfit(_) | Why::Drawing(_) | Why::Name | Why::Post | Why::Unsigned => {
            Ok(sentence(&error.to_string()))
        }
        Why::Run(run) => match Error::from(run) {
            Error::Invalid(text) | Error::Conflict(text) => Ok(text),
            other => Err(other),
        },
        Why::Random(_) => Err(Error::internal(error)),
    }
}

impl From<sign_step::Error> for Error {
    fn from(error: sign_step::Error) -> Self {
        match error {
            sign_step::Error::Link => Error::NotFound(error.to_string()),
            other => told(other).map_or_else(|error| error, Error::Invalid),
        }
    }
}

/// Signatures of a run as its page shows them: `templates/run_signing.html`, included under this name.
pub struct Panel {
    /// The run.
    pub run: String,
    /// The present step asks for a signature that may come by link.
    pub by_link: bool,
    /// The viewer may sign the present step themselves.
    pub in_person: bool,
    /// Until when a link that was handed out is good; who made it.
    pub waiting: Option<(Timestamp, String)>,
    /// What was signed.
    pub signatures: Vec<SignatureView>,
    /// Whoever asked follows the run by the portal.
    pub followed: bool,
}

/// A signature as shown.
pub struct SignatureView {
    /// Who.
    pub name: String,
    /// Their post.
    pub post: String,
    /// When.
    pub at: Timestamp,
    /// At which step.
    pub step: String,
    /// From where.
    pub address: String,
    /// Hash of the text, its beginning.
    pub text_sha256: String,
    /// The drawing: frame and path; `None`: typed.
    pub drawing: Option<(String, String)>,
}

impl Panel {
    /// Reads the signatures of a run; `None` where there is nothing to show.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn of(
        page: &mut Page<Viewer>,
        run: &Run,
        procedure: &Procedure,
    ) -> Result<Option<Panel>, Error> {
        let step = run.present_step().and_then(|step| procedure.step(step));
        let step = step.filter(|step| step.needs(Need::Signature));
        let links = page.read.signing_links(&run.id).await.map_err(Error::internal)?;
        let good = links.into_iter().find(|link| link.is_good(page.now) && step.is_some());
        let kept = page.read.signatures(&run.id).await.map_err(Error::internal)?;
        let followed = page.read.is_from_portal(&run.id).await.map_err(Error::internal)?;
        if step.is_none() && kept.is_empty() && !followed {
            return Ok(None);
        }
        let actor = page.viewer.actor();
        Ok(Some(Panel {
            run: run.id.to_string(),
            by_link: step.is_some_and(|step| signs_by_link(step.role)),
            in_person: step.is_some_and(|step| actor.may_act_as(step.role)),
            waiting: good.map(|link| (link.expires_at, link.created_by)),
            signatures: kept.into_iter().map(SignatureView::new).collect(),
            followed,
        }))
    }
}

impl SignatureView {
    fn new(signature: Signature) -> SignatureView {
        let drawing = signature.strokes.map(|strokes| {
            let (x, y, width, height) = strokes.frame();
            (format!("{x} {y} {width} {height}"), strokes.path())
        });
        SignatureView {
            name: signature.name,
            post: signature.post,
            at: signature.signed_at,
            step: signature.step.to_string(),
            address: signature.address,
            text_sha256: signature.text_sha256.chars().take(16).collect(),
            drawing,
        }
    }
}

#[derive(Template)]
#[template(path = "signing_link.html")]
struct LinkPage {
    layout: Layout,
    run: String,
    folio: String,
    link: String,
    qr: String,
    text: String,
    expires_at: Timestamp,
}

async fn create_link(
    State(web): State<Web>,
    Path(id): Path<String>,
    desk: Desk,
    page: Page,
) -> Result<Html<String>, Error> {
    let id = RunId::new(id);
    let (secret, link) = desk.create_signing_link(&id).await?;
    let mut page = page.renewed(&web).await?;
    let folio = page.read.run(&id).await.map_err(Error::internal)?.map(|run| run.folio);
    let folio = folio.unwrap_or_default();
    let address = format!("{}/portal/firmar/{}", web.web_url(), secret.expose());
    let page = LinkPage {
        layout: page.layout(format!("Firma de {folio}"), Place::Desk),
        run: id.to_string(),
        folio,
        qr: qr(&address)?,
        link: address,
        text: link.text,
        expires_at: link.expires_at,
    };
    Ok(Html(page.render()?))
}

/// A QR as an address an image can have.
fn qr(text: &str) -> Result<String, Error> {
    let code = QrCode::new(text.as_bytes()).map_err(Error::internal)?;
    let svg = code.render::<svg::Color<'_>>().build();
    Ok(format!("data:image/svg+xml;base64,{}", BASE64.encode(svg.as_bytes())))
}

async fn revoke(Path(id): Path<String>, desk: Desk) -> Result<Redirect, Error> {
    let id = RunId::new(id);
    desk.revoke_signing_links(&id).await?;
    Ok(Redirect::to(&format!("/tramites/{id}#firmas")))
}

#[derive(Deserialize)]
struct Message {
    texto: String,
}

async fn reply(
    Path(id): Path<String>,
    desk: Desk,
    Form(message): Form<Message>,
) -> Result<Redirect, Error> {
    let id = RunId::new(id);
    desk.reply(&id, &message.texto).await?;
    Ok(Redirect::to(&format!("/tramites/{id}#firmas")))
}

async fn ask(
    State(web): State<Web>,
    Path(id): Path<String>,
    page: Page,
) -> Result<Response, Error> {
    let given = SignForm { name: page.viewer.person.name.clone(), ..SignForm::default() };
    in_person(&web, page, &RunId::new(id), given, None).await
}

async fn in_person(
    web: &Web,
    page: Page,
    id: &RunId,
    given: SignForm,
    problem: Option<String>,
) -> Result<Response, Error> {
    let actor = page.viewer.actor();
    drop(page);
    let (run, text, text_sha256) =
        sign_step::text_for(web.store(), web.bench(), id, &actor).await?;
    let evidence = evidence(&mut web.read().await?, id).await?;
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = SignPage {
        action: format!("/tramites/{id}/firma"),
        folio: run.folio,
        text,
        text_sha256,
        evidence,
        given,
        problem,
        expires_at: None,
    };
    Ok((status, Html(page.render()?)).into_response())
}

async fn sign(
    State(web): State<Web>,
    ClientAddress(address): ClientAddress,
    Path(id): Path<String>,
    desk: Desk,
    page: Page,
    Form(form): Form<SignForm>,
) -> Result<Response, Error> {
    let id = RunId::new(id);
    match desk.sign(&id, (form.given(), &form.huella), &address).await {
        Ok(_) => Ok(Redirect::to(&format!("/tramites/{id}#firmas")).into_response()),
        Err(Error::Invalid(told)) => in_person(&web, page, &id, form, Some(told)).await,
        Err(other) => Err(other),
    }
}
