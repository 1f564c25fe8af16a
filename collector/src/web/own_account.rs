//! Mi cuenta: who one is here, the password, the second factor, and the places one is signed in at.

use askama::Template;
use axum::Router;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;

use super::access::{Own, Viewer};
use super::error::Error;
use super::layout::{Layout, Page, Place};
use super::state::Web;
use super::{assets, markup, units};
use crate::actions::second_factor::Enrolment;
use crate::actions::sign_in::{self, SHORTEST_PASSWORD};
use crate::domain::person::Areas;
use crate::store::SessionRow;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/cuenta", get(show))
        .route("/cuenta/clave", post(change_password))
        .route("/cuenta/sesiones/cerrar", post(end_session))
        .route("/cuenta/sesiones/cerrar-otras", post(end_other_sessions))
        .route("/cuenta/segundo-factor", get(second_factor).post(enrol))
        .route("/cuenta/segundo-factor/quitar", post(remove_second_factor))
}

#[derive(Template)]
#[template(path = "own_account.html")]
struct AccountPage {
    layout: Layout,
    areas: Vec<String>,
    totp: bool,
    must: bool,
    codes_left: usize,
    sessions: Vec<SessionRow>,
    present: String,
    shortest: usize,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "second_factor.html")]
struct SecondFactorPage {
    login: String,
    must: bool,
    secret: String,
    address: String,
    qr: Qr,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct RecoveryCodesPage {
    codes: Vec<String>,
}

/// A QR as an image of the page: no request carries what it holds.
struct Qr(String);

impl askama::filters::HtmlSafe for Qr {}

impl std::fmt::Display for Qr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Qr {
    fn of(text: &str) -> Result<Qr, Error> {
        let code = QrCode::new(text).map_err(Error::internal)?;
        let drawn = code.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
        // Within a page an SVG has no XML declaration.
        let inline = drawn.find("<svg").map(|at| drawn[at..].to_owned());
        Ok(Qr(inline.unwrap_or(drawn)))
    }
}

async fn show(State(web): State<Web>, own: Own, page: Page<Viewer>) -> Result<Response, Error> {
    let page = account_page(&web, &own, page, None).await?;
    Ok(Html(page.render()?).into_response())
}

async fn account_page(
    web: &Web,
    own: &Own,
    mut page: Page<Viewer>,
    problem: Option<String>,
) -> Result<AccountPage, Error> {
    let id = &own.person.id;
    let sessions = page.read.sessions_of(id, page.now).await.map_err(Error::internal)?;
    let codes_left = page.read.recovery_codes_left(id).await.map_err(Error::internal)?;
    let areas = match &own.person.areas {
        Areas::All => vec!["Todas".to_owned()],
        Areas::Only(own) => {
            let names = page.fleet.areas.iter().filter(|area| own.contains(&area.id));
            names.map(|area| area.name.clone()).collect()
        }
    };
    Ok(AccountPage {
        areas,
        totp: own.totp,
        must: web.totp_rule().holds_for(&own.person),
        codes_left: usize::try_from(codes_left).unwrap_or_default(),
        sessions,
        present: own.session(),
        shortest: SHORTEST_PASSWORD,
        problem,
        layout: page.layout("Mi cuenta", Place::Account),
    })
}

/// Back to the account, or the account with what was wrong.
async fn outcome(
    web: &Web,
    own: &Own,
    page: Page<Viewer>,
    done: Result<(), sign_in::Error>,
) -> Result<Response, Error> {
    let problem = match done {
        Ok(()) => return Ok(Redirect::to("/cuenta").into_response()),
        Err(sign_in::Error::Mismatch) => "La contraseña actual no es esa.".to_owned(),
        Err(
            error @ (sign_in::Error::Password(_)
            | sign_in::Error::Refused(_)
            | sign_in::Error::Wait(_)),
        ) => error.to_string(),
        Err(other) => return Err(other.into()),
    };
    let page = page.renewed(web).await?;
    let shown = account_page(web, own, page, Some(problem)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(shown.render()?)).into_response())
}

#[derive(Deserialize)]
struct NewPassword {
    actual: String,
    clave: String,
    otra: String,
}

async fn change_password(
    State(web): State<Web>,
    own: Own,
    page: Page<Viewer>,
    Form(given): Form<NewPassword>,
) -> Result<Response, Error> {
    let done = if given.clave == given.otra {
        own.change_password(given.actual, given.clave).await
    } else {
        let problem = "Las dos contraseñas nuevas no son iguales; escríbelas de nuevo.";
        Err(sign_in::Error::Refused(problem.into()))
    };
    outcome(&web, &own, page, done).await
}

#[derive(Deserialize)]
struct Named {
    sesion: String,
}

async fn end_session(own: Own, Form(named): Form<Named>) -> Result<Redirect, Error> {
    own.end_session(&named.sesion).await?;
    Ok(Redirect::to("/cuenta#sesiones"))
}

async fn end_other_sessions(own: Own) -> Result<Redirect, Error> {
    own.end_other_sessions().await?;
    Ok(Redirect::to("/cuenta#sesiones"))
}

async fn second_factor(State(web): State<Web>, own: Own) -> Result<Response, Error> {
    match own.begin_second_factor().await {
        Ok(enrolment) => second_factor_page(&web, &own, enrolment, None),
        Err(sign_in::Error::Refused(_)) => Ok(Redirect::to("/cuenta").into_response()),
        Err(other) => Err(other.into()),
    }
}

fn second_factor_page(
    web: &Web,
    own: &Own,
    enrolment: Enrolment,
    problem: Option<String>,
) -> Result<Response, Error> {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = SecondFactorPage {
        login: own.person.login.clone(),
        must: web.totp_rule().holds_for(&own.person),
        qr: Qr::of(&enrolment.address)?,
        secret: enrolment.secret,
        address: enrolment.address,
        problem,
    };
    Ok((status, Html(page.render()?)).into_response())
}

#[derive(Deserialize)]
struct Code {
    codigo: String,
}

async fn enrol(
    State(web): State<Web>,
    own: Own,
    Form(given): Form<Code>,
) -> Result<Response, Error> {
    match own.enrol(&given.codigo).await {
        Ok(codes) => Ok(Html(RecoveryCodesPage { codes }.render()?).into_response()),
        Err(error @ sign_in::Error::Code) => {
            let enrolment = own.begin_second_factor().await?;
            second_factor_page(&web, &own, enrolment, Some(error.to_string()))
        }
        Err(other) => Err(other.into()),
    }
}

#[derive(Deserialize)]
struct Password {
    actual: String,
}

async fn remove_second_factor(
    State(web): State<Web>,
    own: Own,
    page: Page<Viewer>,
    Form(given): Form<Password>,
) -> Result<Response, Error> {
    let done = own.remove_second_factor(given.actual).await;
    outcome(&web, &own, page, done).await
}
