//! Administración → Personas: who may sign in, what they do and where, how they are reached, and links to come in by.

mod import;

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::access::Administrator;
use super::error::Error;
use super::layout::{self, Layout, Page, Pages, Place};
use super::state::Web;
use super::{assets, markup};
use crate::actions::manage_person::Wanted;
use crate::domain::id::{AreaId, PersonId};
use crate::domain::person::{Areas, Person, Role, Roles};
use crate::store::PersonFilter;

/// People of one page.
const ROWS: u32 = 50;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/administracion/personas", get(list).post(add))
        .route("/administracion/personas/nueva", get(new))
        .route("/administracion/personas/{id}", get(show).post(change))
        .route("/administracion/personas/{id}/desactivar", post(disable))
        .route("/administracion/personas/{id}/activar", post(enable))
        .route("/administracion/personas/{id}/enlace", post(link))
        .merge(import::router())
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    layout: Layout,
    asked: Asked,
    roles: Vec<(&'static str, &'static str, bool)>,
    rows: Vec<Row>,
    pages: Pages,
}

struct Row {
    id: String,
    name: String,
    login: String,
    roles: String,
    areas: String,
    unit: Option<String>,
    email: Option<String>,
    administrator: bool,
    disabled: bool,
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    layout: Layout,
    /// `None`: somebody new.
    person: Option<Person>,
    form: PersonForm,
    roles: Vec<(&'static str, &'static str, bool)>,
    areas: Vec<(String, String, bool)>,
    totp: bool,
    /// The viewer may change this person.
    may_change: bool,
    /// The viewer administers and may give that.
    may_appoint: bool,
    is_self: bool,
    problem: Option<String>,
    /// A link that was just made; shown this once.
    link: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    funcion: String,
    ver: String,
    pagina: Option<u32>,
}

/// What is written about a person. Roles and areas come as one name each time they are ticked.
#[derive(Debug, Clone, Default)]
struct PersonForm {
    login: String,
    wanted: Wanted,
}

impl PersonForm {
    /// Reads the pairs of a form; what has no name here is passed over.
    fn of(pairs: Vec<(String, String)>) -> PersonForm {
        let mut form = PersonForm::default();
        for (name, value) in pairs {
            let wanted = &mut form.wanted;
            match name.as_str() {
                "usuario" => form.login = value,
                "nombre" => wanted.name = value,
                "correo" => wanted.email = value,
                "telefono" => wanted.phone = value,
                "unidad" => wanted.unit = value,
                "puesto" => wanted.post = value,
                "administra" => wanted.administrator = value == "si",
                "funcion" => {
                    let role = Role::parse(&value);
                    wanted.roles = role.map_or(wanted.roles, |role| wanted.roles.with(role));
                }
                "area" => wanted.areas.push(AreaId::new(value)),
                _ => {}
            }
        }
        form
    }

    fn about(person: &Person) -> PersonForm {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let wanted = Wanted {
            name: person.name.clone(),
            roles: person.roles,
            areas: person.areas.iter().cloned().collect(),
            email: text(&person.email),
            phone: text(&person.phone),
            unit: text(&person.unit),
            post: text(&person.post),
            administrator: person.administrator,
        };
        PersonForm { login: person.login.clone(), wanted }
    }
}

async fn list(
    _: Administrator,
    mut page: Page,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, Error> {
    let number = asked.pagina.unwrap_or(1).clamp(1, 100_000);
    let role = Role::parse(&asked.funcion);
    let filter = PersonFilter {
        text: asked.q.chars().take(120).collect(),
        role,
        active: Some(asked.ver != "desactivadas"),
        offset: (number - 1).saturating_mul(ROWS),
        limit: ROWS,
    };
    let (people, total) = page.read.list_people(&filter).await.map_err(Error::internal)?;
    let address = |page: u32| {
        let page = if page > 1 { page.to_string() } else { String::new() };
        let parameters = [
            ("q", &*asked.q),
            ("funcion", &*asked.funcion),
            ("ver", &*asked.ver),
            ("pagina", &*page),
        ];
        layout::address("/administracion/personas", &parameters)
    };
    let rows: Vec<Row> = people.into_iter().map(|person| row(&page, person)).collect();
    let shown = PeoplePage {
        pages: Pages::new(number, ROWS, rows.len(), total, address),
        rows,
        roles: choices(role.map_or(Roles::NONE, Roles::of)),
        layout: page.layout("Personas", Place::People),
        asked,
    };
    Ok(Html(shown.render()?))
}

fn row(page: &Page, person: Person) -> Row {
    let name = |id: &AreaId| page.fleet.areas.iter().find(|area| area.id == *id);
    let areas = match &person.areas {
        Areas::All => "Todas las áreas".to_owned(),
        Areas::Only(own) if own.is_empty() => "Ninguna área".to_owned(),
        Areas::Only(own) => own
            .iter()
            .filter_map(name)
            .map(|area| area.name.as_str())
            .collect::<Vec<_>>()
            .join(", "),
    };
    Row {
        id: person.id.to_string(),
        name: person.name,
        login: person.login,
        roles: person.roles.titles(),
        areas,
        unit: person.unit,
        email: person.email,
        administrator: person.administrator,
        disabled: person.disabled_at.is_some(),
    }
}

fn choices(chosen: Roles) -> Vec<(&'static str, &'static str, bool)> {
    Role::ALL.map(|role| (role.as_str(), role.title(), chosen.has(role))).into()
}

/// What is shown of a person beside what is said of them.
#[derive(Default)]
struct Shown {
    problem: Option<String>,
    link: Option<String>,
    form: Option<PersonForm>,
}

async fn person_page(
    mut page: Page,
    id: Option<&PersonId>,
    shown: Shown,
) -> Result<PersonPage, Error> {
    let missing = || Error::NotFound("No hay ninguna persona con ese identificador.".into());
    let (person, totp) = match id {
        None => (None, false),
        Some(id) => {
            let person =
                page.read.person(id).await.map_err(Error::internal)?.ok_or_else(missing)?;
            let totp = page.read.totp(id).await.map_err(Error::internal)?;
            (Some(person), totp.is_some_and(|totp| totp.enrolled_at.is_some()))
        }
    };
    let form = shown.form.or_else(|| person.as_ref().map(PersonForm::about)).unwrap_or_default();
    let chosen = |id: &AreaId| form.wanted.areas.contains(id);
    let areas = page.fleet.areas.iter();
    let viewer = &page.viewer.person;
    Ok(PersonPage {
        roles: choices(form.wanted.roles),
        areas: areas.map(|a| (a.id.to_string(), a.name.clone(), chosen(&a.id))).collect(),
        totp,
        may_change: viewer.administrator || person.as_ref().is_none_or(|p| !p.administrator),
        may_appoint: viewer.administrator,
        is_self: person.as_ref().is_some_and(|person| person.id == viewer.id),
        problem: shown.problem,
        link: shown.link,
        layout: page.layout(
            person.as_ref().map_or("Persona nueva".to_owned(), |person| person.name.clone()),
            Place::People,
        ),
        form,
        person,
    })
}

async fn new(_: Administrator, page: Page) -> Result<Html<String>, Error> {
    Ok(Html(person_page(page, None, Shown::default()).await?.render()?))
}

async fn show(_: Administrator, page: Page, Path(id): Path<String>) -> Result<Html<String>, Error> {
    Ok(Html(person_page(page, Some(&PersonId::new(id)), Shown::default()).await?.render()?))
}

/// The page again, with what was written and what is wrong with it.
async fn refused(
    web: &Web,
    page: Page,
    id: Option<&PersonId>,
    form: Option<PersonForm>,
    error: Error,
) -> Result<Response, Error> {
    let Error::Invalid(problem) = error else { return Err(error) };
    let page = page.renewed(web).await?;
    let shown = Shown { problem: Some(problem), form, link: None };
    let shown = person_page(page, id, shown).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(shown.render()?)).into_response())
}

async fn add(
    State(web): State<Web>,
    administrator: Administrator,
    page: Page,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let form = PersonForm::of(pairs);
    match administrator.add_person(&form.login, &form.wanted).await {
        Ok(id) => Ok(back_to(&id)),
        Err(error) => refused(&web, page, None, Some(form), error).await,
    }
}

async fn change(
    State(web): State<Web>,
    administrator: Administrator,
    page: Page,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let (id, form) = (PersonId::new(id), PersonForm::of(pairs));
    match administrator.change_person(&id, &form.wanted).await {
        Ok(()) => Ok(back_to(&id)),
        Err(error) => refused(&web, page, Some(&id), Some(form), error).await,
    }
}

async fn disable(
    State(web): State<Web>,
    administrator: Administrator,
    page: Page,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let id = PersonId::new(id);
    match administrator.set_disabled(&id, true).await {
        Ok(()) => Ok(back_to(&id)),
        Err(error) => refused(&web, page, Some(&id), None, error).await,
    }
}

async fn enable(administrator: Administrator, Path(id): Path<String>) -> Result<Response, Error> {
    let id = PersonId::new(id);
    administrator.set_disabled(&id, false).await?;
    Ok(back_to(&id))
}

#[derive(Deserialize)]
struct LinkForm {
    #[serde(default)]
    sin_segundo_factor: String,
}

async fn link(
    State(web): State<Web>,
    administrator: Administrator,
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<LinkForm>,
) -> Result<Response, Error> {
    let id = PersonId::new(id);
    match administrator.recovery_link(&id, form.sin_segundo_factor == "si").await {
        Ok(secret) => {
            let page = page.renewed(&web).await?;
            let link = Some(format!("{}/bienvenida/{}", web.web_url(), secret.expose()));
            let shown = person_page(page, Some(&id), Shown { link, ..Shown::default() }).await?;
            Ok(Html(shown.render()?).into_response())
        }
        Err(error) => refused(&web, page, Some(&id), None, error).await,
    }
}

fn back_to(id: &PersonId) -> Response {
    Redirect::to(&format!("/administracion/personas/{id}")).into_response()
}
