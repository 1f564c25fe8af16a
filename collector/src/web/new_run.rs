//! Nuevo trámite: a run of any of the procedures begins, with what its first step asks for.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Query, RawForm, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::access::{Desk, Viewer};
use super::error::Error;
use super::fields::{self, FieldView, Typed};
use super::layout::{Layout, Page, Place};
use super::state::Web;
use super::{assets, markup};
use crate::actions::open_run::{Opening, TITLE_CHARACTERS};
use crate::domain::device::DeviceStatus;
use crate::domain::id::{AreaId, DeviceId};
use crate::domain::procedure::{About, Procedure, StepKind};
use crate::domain::run::{Entry, Priority, Requester};

/// Most characters of a name or a way to reach somebody.
const NAME_CHARACTERS: usize = 120;

pub(super) fn router() -> Router<Web> {
    Router::new().route("/tramites/nuevo", get(show).post(open))
}

#[derive(Template)]
#[template(path = "new_run.html")]
struct NewRunPage {
    layout: Layout,
    kinds: Vec<Kind>,
    form: Option<OpeningForm>,
    problem: Option<String>,
}

/// A procedure to choose.
struct Kind {
    code: String,
    title: String,
    objective: String,
}

struct OpeningForm {
    code: String,
    title: String,
    text: Option<String>,
    about: About,
    subject: String,
    devices: Vec<Choice>,
    areas: Vec<Choice>,
    networks: Vec<Choice>,
    priorities: Vec<Choice>,
    requester: String,
    contact: String,
    fields: Vec<FieldView>,
    note: String,
}

/// Something to choose, by its identity.
struct Choice {
    value: String,
    word: String,
    aside: String,
    chosen: bool,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    procedimiento: String,
    #[serde(default)]
    equipo: String,
}

async fn show(
    State(web): State<Web>,
    page: Page<Viewer>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let typed = Typed::default();
    Ok(Html(new_page(&web, page, &asked, &typed, None).await?.render()?).into_response())
}

async fn new_page(
    web: &Web,
    mut page: Page<Viewer>,
    asked: &Asked,
    typed: &Typed,
    problem: Option<String>,
) -> Result<NewRunPage, Error> {
    let staff = page.viewer.is_staff();
    let open_to = |procedure: &&Procedure| staff || is_for_everybody(procedure);
    let library = web.library();
    let present: Vec<&Procedure> = library.all().into_iter().filter(open_to).collect();
    let kinds = present.iter().map(|procedure| Kind {
        code: procedure.code.clone(),
        title: procedure.title.clone(),
        objective: procedure.objective.clone(),
    });
    let kinds = kinds.collect();
    let chosen = present.into_iter().find(|one| one.code == asked.procedimiento);
    let form = match chosen {
        Some(procedure) => Some(opening_form(&mut page, procedure, asked, typed).await?),
        None => None,
    };
    Ok(NewRunPage { kinds, form, problem, layout: page.layout("Nuevo trámite", Place::Desk) })
}

/// Whoever is not of the unit may report a fault and ask for services.
fn is_for_everybody(procedure: &Procedure) -> bool {
    matches!(procedure.about, About::Device | About::Request)
}

async fn opening_form(
    page: &mut Page<Viewer>,
    procedure: &Procedure,
    asked: &Asked,
    typed: &Typed,
) -> Result<OpeningForm, Error> {
    let actor = page.viewer.actor();
    let fleet = page.fleet.clone();
    let covered = fleet.rows.iter().filter(|row| actor.covers(row.area.as_ref()));
    let approved = || covered.clone().filter(|row| row.status == DeviceStatus::Approved);
    let of_area = |id: &AreaId| approved().filter(|row| row.area.as_ref() == Some(id)).count();
    let device = match typed.get("equipo") {
        "" => asked.equipo.as_str(),
        typed => typed,
    };
    let devices = approved().map(|row| Choice {
        value: row.id.to_string(),
        word: row.name.clone(),
        aside: String::new(),
        chosen: row.id.as_str() == device,
    });
    let wanted = typed.all("area");
    let areas = fleet.areas.iter().filter(|area| actor.covers(Some(&area.id))).map(|area| {
        let devices = of_area(&area.id);
        let chosen = match procedure.about {
            About::Areas => (typed.is_blank() && devices > 0) || wanted.contains(&area.id.as_str()),
            _ => wanted.contains(&area.id.as_str()),
        };
        let aside = super::units::count(devices, "equipo", "equipos");
        Choice { value: area.id.to_string(), word: area.name.clone(), aside, chosen }
    });
    let networks = match procedure.about {
        About::Networks => page.read.networks().await.map_err(Error::internal)?,
        _ => Vec::new(),
    };
    let picked = typed.all("red");
    let networks = networks.into_iter().map(|network| Choice {
        chosen: typed.is_blank() || picked.contains(&network.id.as_str()),
        value: network.id.to_string(),
        word: network.name,
        aside: network.site_name.unwrap_or_default(),
    });
    let first = procedure.steps.first();
    let plans = first.is_some_and(|step| step.plans);
    let is_outsider = !page.viewer.is_staff();
    let own =
        |own: &str| if is_outsider && typed.is_blank() { own.to_owned() } else { String::new() };
    let given = |name: &str, own_value: String| match typed.get(name) {
        "" => own_value,
        value => value.to_owned(),
    };
    Ok(OpeningForm {
        code: procedure.code.clone(),
        title: procedure.title.clone(),
        text: first.filter(|_| !plans).map(|step| step.text.clone()),
        about: procedure.about,
        subject: typed.get("asunto").to_owned(),
        devices: devices.collect(),
        areas: areas.collect(),
        networks: networks.collect(),
        priorities: priorities(typed.get("prioridad")),
        requester: given("solicita", own(&page.viewer.person.name)),
        contact: given("contacto", String::new()),
        fields: first
            .filter(|step| matches!(step.kind, StepKind::Action { .. }))
            .map(|step| fields::views(&step.fields, typed, &BTreeMap::new()))
            .unwrap_or_default(),
        note: typed.get("nota").to_owned(),
    })
}

fn priorities(chosen: &str) -> Vec<Choice> {
    let chosen = Priority::parse(chosen).unwrap_or_default();
    let all = [Priority::Low, Priority::Normal, Priority::High, Priority::Urgent];
    let choice = |priority: Priority| Choice {
        value: priority.as_str().to_owned(),
        word: super::words::priority(priority).word.to_string(),
        aside: String::new(),
        chosen: priority == chosen,
    };
    all.into_iter().map(choice).collect()
}

async fn open(
    State(web): State<Web>,
    desk: Desk,
    page: Page<Viewer>,
    RawForm(body): RawForm,
) -> Result<Response, Error> {
    let typed = Typed::of(&body);
    let asked =
        Asked { procedimiento: typed.get("procedimiento").to_owned(), equipo: String::new() };
    let opened = match opening(&web, &page, &typed).await {
        Ok(opening) => desk.open(opening).await,
        Err(error) => Err(error),
    };
    let problem = match opened {
        Ok(run) => return Ok(Redirect::to(&format!("/tramites/{}", run.id)).into_response()),
        Err(Error::Invalid(problem) | Error::Conflict(problem)) => problem,
        Err(other) => return Err(other),
    };
    let page = page.renewed(&web).await?;
    let page = new_page(&web, page, &asked, &typed, Some(problem)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response())
}

/// What was asked for, as far as whoever asks may.
async fn opening(web: &Web, page: &Page<Viewer>, typed: &Typed) -> Result<Opening, Error> {
    let code = typed.get("procedimiento");
    let library = web.library();
    let found = library.get(code);
    let procedure = found.filter(|one| page.viewer.is_staff() || is_for_everybody(one));
    let Some(procedure) = procedure else {
        return Err(Error::Invalid("Elige un procedimiento de la lista.".into()));
    };
    let actor = page.viewer.actor();
    let areas = |wanted: &[&str]| {
        let theirs = page.fleet.areas.iter().filter(|area| actor.covers(Some(&area.id)));
        let wanted = theirs.filter(|area| wanted.contains(&area.id.as_str()));
        wanted.map(|area| (area.id.to_string(), area.name.clone())).collect::<Vec<_>>()
    };
    let chosen = typed.get("equipo");
    let device = page.fleet.rows.iter().find(|row| row.id.as_str() == chosen);
    let device = device.filter(|row| actor.covers(row.area.as_ref()));
    let mut opening = Opening::new(code, typed.get("asunto"));
    match procedure.about {
        About::Device => {
            let Some(row) = device else {
                return Err(Error::Invalid("Elige el equipo que falla.".into()));
            };
            opening.device = Some(DeviceId::new(row.id.as_str()));
            opening.area.clone_from(&row.area);
        }
        About::Areas => opening.subjects = areas(&typed.all("area")),
        About::Networks => opening.subjects = networks(web, &typed.all("red")).await?,
        About::Request => {
            let area = areas(&[typed.get("area")]).pop();
            opening.area = area.map(|(id, _)| AreaId::new(id));
        }
    }
    opening.priority = Priority::parse(typed.get("prioridad")).unwrap_or_default();
    opening.requester = requester(page, typed)?;
    opening.entry =
        Entry { note: typed.get("nota").to_owned(), fields: typed.fields(), ..Entry::default() };
    Ok(opening)
}

async fn networks(web: &Web, wanted: &[&str]) -> Result<Vec<(String, String)>, Error> {
    let all = web.read().await?.networks().await.map_err(Error::internal)?;
    let wanted = all.into_iter().filter(|network| wanted.contains(&network.id.as_str()));
    Ok(wanted.map(|network| (network.id.to_string(), network.name)).collect())
}

fn requester(page: &Page<Viewer>, typed: &Typed) -> Result<Requester, Error> {
    let bounded = |name: &str, label: &str| {
        let value = typed.get(name).trim();
        match value.chars().count() {
            long if long > NAME_CHARACTERS => {
                let why = format!("{label} tiene {long} caracteres; caben {NAME_CHARACTERS}.");
                Err(Error::Invalid(why))
            }
            _ => Ok(value.to_owned()),
        }
    };
    let person = (!page.viewer.is_staff()).then(|| page.viewer.person.id.clone());
    let name = bounded("solicita", "El nombre de quien solicita")?;
    Ok(Requester { name, contact: bounded("contacto", "El contacto")?, person })
}
