//! Mesa de Ayuda: the one list of all runs. What it shows stands in its address; its counters lead to what they count.

mod asked;
mod bulk;
mod export;
mod row;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use serde::Deserialize;

use self::asked::ROWS;
pub(in crate::web) use self::asked::{Asked, View};
use self::bulk::Report;
pub(in crate::web) use self::row::{Row, Waits};
use super::access::Viewer;
use super::error::Error;
use super::layout::{Layout, Page, Pages, Place};
use super::markup::Look;
use super::state::Web;
use super::{assets, markup, words};
use crate::domain::id::PersonId;
use crate::domain::person::{Areas, Role};
use crate::domain::procedure::{Wait, WordList};
use crate::domain::run::Priority;
use crate::store::{DESK_COUNTED, DeskCounts};

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/mesa", get(show))
        .route("/mesa.csv", get(export::export))
        .route("/mesa/varios", post(bulk::change))
        .route("/tramites", get(moved))
}

#[derive(Template)]
#[template(path = "desk.html")]
struct DeskPage {
    layout: Layout,
    asked: Asked,
    view: View,
    groups: Vec<Group>,
    waits: Vec<Tab>,
    tabs: Vec<Tab>,
    procedures: Vec<Choice>,
    steps: Vec<Choice>,
    areas: Vec<Choice>,
    roles: Vec<Choice>,
    priorities: Vec<Choice>,
    people: Vec<Choice>,
    orders: Vec<Choice>,
    rows: Vec<Row>,
    pages: Pages,
    /// Which of how many are shown.
    range: String,
    csv: String,
    report: Option<Report>,
    /// They belong to the unit and may do something to several at once.
    staff: bool,
}

/// Counters that add up to their first one.
struct Group {
    label: &'static str,
    counters: Vec<Counter>,
}

/// How many runs are on a list, leading to it.
pub(in crate::web) struct Counter {
    /// How the list looks.
    pub look: Look,
    /// Runs on it.
    pub count: i64,
    /// Its address.
    pub address: String,
    /// It is shown now.
    pub current: bool,
}

struct Tab {
    word: &'static str,
    count: Option<i64>,
    address: String,
    current: bool,
}

/// An entry of a filter's list.
struct Choice {
    value: String,
    word: String,
    chosen: bool,
}

impl Choice {
    fn new(value: &str, word: impl Into<String>, chosen: &str) -> Choice {
        Choice { value: value.to_owned(), word: word.into(), chosen: value == chosen }
    }
}

async fn show(
    State(web): State<Web>,
    page: Page<Viewer>,
    Query(asked): Query<Asked>,
    Query(done): Query<Done>,
) -> Result<Html<String>, Error> {
    let report = Report::of_success(&done.hecho, &done.cuantos);
    Ok(Html(desk_page(&web, page, asked, report).await?.render()?))
}

/// What was just done to several runs, told by the address one is led to.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Done {
    hecho: String,
    cuantos: String,
}

async fn desk_page<W>(
    web: &Web,
    mut page: Page<W>,
    asked: Asked,
    report: Option<Report>,
) -> Result<DeskPage, Error> {
    let me = page.viewer.person.id.clone();
    let filter = asked.filter(&page.viewer);
    let (found, total) = page.read.desk(&filter, page.now).await.map_err(Error::internal)?;
    let base = asked.without_view(&page.viewer);
    let counts = page.read.desk_counts(&base, &me, page.now).await.map_err(Error::internal)?;
    let waits = page.read.desk_waits(&base, page.now).await.map_err(Error::internal)?;
    let staff = page.viewer.is_staff();
    // Who works here is not for others to read off a list.
    let people = match staff {
        true => page.read.desk_people().await.map_err(Error::internal)?,
        false => Vec::new(),
    };
    let rows: Vec<Row> = found.into_iter().map(|run| Row::new(web, run, page.now)).collect();
    let address = |page: u32| Asked { page: page.to_string(), ..asked.clone() }.address();
    let pages = Pages::new(asked.page(), ROWS, rows.len(), total.min(DESK_COUNTED), address);
    Ok(DeskPage {
        view: asked.view(),
        groups: groups(&asked, counts),
        waits: waits_tabs(&asked, &waits),
        tabs: tabs(&asked, counts, page.viewer.person.areas == Areas::All),
        procedures: procedures(web, &asked),
        steps: steps(web, &asked),
        areas: areas(&page, &asked),
        roles: Role::ALL
            .into_iter()
            .map(|role| Choice::new(role.as_str(), role.title(), &asked.role))
            .collect(),
        priorities: Priority::ALL
            .iter()
            .rev()
            .map(|one| Choice::new(one.as_str(), words::priority(*one).word, &asked.priority))
            .collect(),
        people: choices_of(&people, &asked.assignee),
        orders: orders(&asked),
        range: if total > DESK_COUNTED {
            format!("{} (o más)", pages.words())
        } else {
            pages.words()
        },
        pages,
        csv: asked.address_of("/mesa.csv"),
        rows,
        report,
        staff,
        layout: page.layout("Mesa de Ayuda", Place::Desk),
        asked,
    })
}

/// What the front page counts: the lists one acts on.
pub(in crate::web) fn to_act_on(counts: DeskCounts) -> Vec<Counter> {
    let lists = [
        (View::Mine, counts.mine),
        (View::Unassigned, counts.unassigned),
        (View::Overdue, counts.overdue),
        (View::Paused, counts.paused),
    ];
    let counter = |(view, count): (View, i64)| Counter {
        look: words::list(view),
        count,
        address: Asked::default().on(view).address(),
        current: false,
    };
    lists.map(counter).into()
}

/// Two ways to divide what is in progress: by who has it, and by how it stands. Each adds up.
fn groups(asked: &Asked, counts: DeskCounts) -> Vec<Group> {
    let counter = |view: View, look: Look, count: i64| Counter {
        look,
        count,
        address: asked.on(view).address(),
        current: asked.view() == view,
    };
    vec![
        Group {
            label: "En curso, por quién los tiene",
            counters: vec![
                counter(View::Open, words::list(View::Open), counts.open),
                counter(View::Mine, words::list(View::Mine), counts.mine),
                counter(View::Others, words::list(View::Others), counts.others),
                counter(View::Unassigned, words::list(View::Unassigned), counts.unassigned),
            ],
        },
        Group {
            label: "En curso, por su plazo",
            counters: vec![
                counter(View::Overdue, words::list(View::Overdue), counts.overdue),
                counter(View::OnTime, words::list(View::OnTime), counts.on_time),
                counter(View::Unlimited, words::list(View::Unlimited), counts.unlimited),
                counter(View::Paused, words::list(View::Paused), counts.paused),
            ],
        },
    ]
}

fn tabs(asked: &Asked, counts: DeskCounts, everywhere: bool) -> Vec<Tab> {
    let open = if everywhere { "En curso" } else { "En curso en mi área" };
    let tab = |view: View, word, count| Tab {
        word,
        count,
        address: asked.on(view).address(),
        current: asked.view() == view,
    };
    vec![
        tab(View::Open, open, Some(counts.open)),
        tab(View::Closed, "Terminados", None),
        tab(View::All, "Todos", None),
    ]
}

/// Whom those that wait are waiting for; together they are those that wait.
fn waits_tabs(asked: &Asked, waits: &[(Wait, i64)]) -> Vec<Tab> {
    if asked.view() != View::Paused {
        return Vec::new();
    }
    let address =
        |waiting: &str| Asked { waiting: waiting.to_owned(), ..asked.on(View::Paused) }.address();
    let all = Tab {
        word: "Todo lo que espera",
        count: Some(waits.iter().map(|(_, count)| count).sum()),
        address: address(""),
        current: asked.waiting.is_empty(),
    };
    let of = waits.iter().map(|(wait, count)| Tab {
        word: words::waiting(*wait).word,
        count: Some(*count),
        address: address(wait.as_str()),
        current: asked.waiting == wait.as_str(),
    });
    std::iter::once(all).chain(of).collect()
}

fn procedures(web: &Web, asked: &Asked) -> Vec<Choice> {
    let all = web.library().all().into_iter();
    all.map(|one| Choice::new(&one.code, one.title.as_str(), &asked.procedure)).collect()
}

/// The steps of the chosen procedure, of its present edition.
fn steps(web: &Web, asked: &Asked) -> Vec<Choice> {
    let Some(procedure) = web.library().get(&asked.procedure) else { return Vec::new() };
    let open = procedure.steps.iter().filter(|step| !step.is_end());
    open.map(|step| {
        let word: String = format!("{}. {}", step.id, step.text).chars().take(80).collect();
        Choice::new(step.id.as_str(), word, &asked.step)
    })
    .collect()
}

fn areas<W>(page: &Page<W>, asked: &Asked) -> Vec<Choice> {
    let all = page.fleet.areas.iter();
    let named = all.map(|area| Choice::new(area.id.as_str(), area.name.as_str(), &asked.area));
    named.chain([Choice::new("-", "Sin área", &asked.area)]).collect()
}

fn choices_of(people: &[(PersonId, String)], chosen: &str) -> Vec<Choice> {
    people.iter().map(|(id, name)| Choice::new(id.as_str(), name.as_str(), chosen)).collect()
}

fn orders(asked: &Asked) -> Vec<Choice> {
    [
        ("", "Primero lo urgente"),
        ("vence", "Primero lo que vence"),
        ("actividad", "Primero lo último que se movió"),
        ("antiguedad", "Primero lo más antiguo"),
    ]
    .map(|(value, word)| Choice::new(value, word, &asked.order))
    .into()
}

/// The list was called Trámites and stood there.
async fn moved(Query(asked): Query<Asked>) -> Redirect {
    Redirect::permanent(&asked.address())
}
