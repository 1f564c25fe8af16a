//! Something done to several runs of the list: given to somebody, made more or less urgent, commented. Each run is a
//! transaction of its own, and what was refused is told with its reason.

use askama::Template;
use axum::extract::{RawForm, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::asked::Asked;
use super::desk_page;
use crate::domain::id::{PersonId, RunId};
use crate::domain::run::{Event, Priority};
use crate::web::access::Desk;
use crate::web::error::Error;
use crate::web::layout::{self, Page};
use crate::web::state::Web;

/// Runs changed at a time: two pages.
const MOST: usize = 100;

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    /// What was done to how many; empty where it was done to none.
    pub done: String,
    /// Why it could not even be tried.
    pub problem: Option<String>,
    /// Folio and id of each that was refused, and why.
    pub refused: Vec<(String, String, String)>,
}

/// What is done to each.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    Assign(Option<PersonId>),
    Prioritise(Priority, String),
    Comment(String),
}

/// What the form says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sent {
    runs: Vec<RunId>,
    change: String,
    person: String,
    priority: String,
    note: String,
    /// The list it was sent from, as its address has it.
    filter: String,
}

impl Sent {
    fn read(form: &[u8]) -> Sent {
        let mut sent = Sent::default();
        for (name, value) in form_urlencoded::parse(form) {
            let value = value.into_owned();
            match name.as_ref() {
                "tramite" => sent.runs.push(RunId::new(value)),
                "hacer" => sent.change = value,
                "persona" => sent.person = value,
                "prioridad" => sent.priority = value,
                "nota" => sent.note = value,
                "filtro" => sent.filter = value,
                _ => {}
            }
        }
        sent.runs.sort();
        sent.runs.dedup();
        sent
    }

    fn change(&self) -> Result<Change, &'static str> {
        match self.runs.len() {
            0 => return Err("Elige al menos un trámite: marca la casilla a su izquierda."),
            more if more > MOST => return Err("Son demasiados a la vez: elige hasta 100."),
            _ => {}
        }
        match (self.change.as_str(), self.person.as_str()) {
            ("asignar", "") => Err("Elige a quién se asignan."),
            ("asignar", "-") => Ok(Change::Assign(None)),
            ("asignar", id) => Ok(Change::Assign(Some(PersonId::new(id)))),
            ("prioridad", _) => Priority::parse(&self.priority)
                .map(|priority| Change::Prioritise(priority, self.note.trim().to_owned()))
                .ok_or("Elige la prioridad que deben tener."),
            ("comentar", _) if self.note.trim().is_empty() => Err("Escribe el comentario."),
            ("comentar", _) => Ok(Change::Comment(self.note.trim().to_owned())),
            _ => Err("Elige qué hacer con los trámites marcados."),
        }
    }

    /// The list it was sent from; what cannot be read of it filters nothing.
    fn asked(&self) -> Asked {
        let mut asked = Asked::default();
        let query = self.filter.split_once('?').map_or("", |(_, query)| query);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match name.as_ref() {
                "ver" => &mut asked.view,
                "procedimiento" => &mut asked.procedure,
                "area" => &mut asked.area,
                "paso" => &mut asked.step,
                "rol" => &mut asked.role,
                "prioridad" => &mut asked.priority,
                "asignado" => &mut asked.assignee,
                "espera" => &mut asked.waiting,
                "q" => &mut asked.text,
                "orden" => &mut asked.order,
                "pagina" => &mut asked.page,
                _ => continue,
            };
            *place = value.into_owned();
        }
        asked
    }
}

impl Report {
    /// What an address one was led to says was done; `None` for anything else.
    pub fn of_success(what: &str, how_many: &str) -> Option<Report> {
        let count: usize = how_many.parse().ok().filter(|count| (1..=MOST).contains(count))?;
        let done = sentence(what, count)?;
        Some(Report { done, problem: None, refused: Vec::new() })
    }
}

fn sentence(what: &str, count: usize) -> Option<String> {
    let one = count == 1;
    Some(match what {
        "asignar" if one => "Se asignó 1 trámite.".into(),
        "asignar" => format!("Se asignaron {count} trámites."),
        "prioridad" if one => "Se cambió la prioridad de 1 trámite.".into(),
        "prioridad" => format!("Se cambió la prioridad de {count} trámites."),
        "comentar" if one => "Se comentó 1 trámite.".into(),
        "comentar" => format!("Se comentaron {count} trámites."),
        _ => return None,
    })
}

pub(super) async fn change(
    State(web): State<Web>,
    desk: Desk,
    page: Page,
    RawForm(form): RawForm,
) -> Result<Response, Error> {
    let sent = Sent::read(&form);
    let asked = sent.asked();
    let report = match sent.change() {
        Ok(change) => carry_out(&web, &desk, &sent, &change).await?,
        Err(problem) => {
            Report { done: String::new(), problem: Some(problem.into()), refused: Vec::new() }
        }
    };
    if report.refused.is_empty() && report.problem.is_none() {
        let count = sent.runs.len().to_string();
        let path = asked.address();
        let done = layout::address("", &[("hecho", &sent.change), ("cuantos", &count)]);
        let done = done.trim_start_matches('?');
        let joint = if path.contains('?') { '&' } else { '?' };
        return Ok(Redirect::to(&format!("{path}{joint}{done}")).into_response());
    }
    let none = report.done.is_empty();
    let status = if none { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = page.renewed(&web).await?;
    let shown = desk_page(&web, page, asked, Some(report)).await?;
    Ok((status, Html(shown.render()?)).into_response())
}

async fn carry_out(web: &Web, desk: &Desk, sent: &Sent, change: &Change) -> Result<Report, Error> {
    let mut refused = Vec::new();
    for id in &sent.runs {
        let done = match change {
            Change::Assign(to) => desk.assign(id, to.as_ref()).await,
            Change::Prioritise(priority, note) => {
                desk.prioritise(id, (*priority, note.clone())).await
            }
            Change::Comment(text) => {
                desk.advance(id, None, Event::Note { text: text.clone() }).await
            }
        };
        match done {
            Ok(_) => {}
            // The collector's own failure is not a refusal: what was done is done, the rest is not tried.
            Err(Error::Internal(cause)) => return Err(Error::Internal(cause)),
            Err(error) => refused.push((id.clone(), error.to_string())),
        }
    }
    let done = sent.runs.len() - refused.len();
    let mut named = Vec::new();
    let mut read = web.read().await?;
    for (id, why) in refused {
        let run = read.run(&id).await.map_err(Error::internal)?;
        let folio = run.map_or_else(|| "Un trámite que ya no está".to_owned(), |run| run.folio);
        named.push((folio, id.to_string(), why));
    }
    let done = if done == 0 { None } else { sentence(&sent.change, done) };
    Ok(Report { done: done.unwrap_or_default(), problem: None, refused: named })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(form: &str) -> Sent {
        Sent::read(form.as_bytes())
    }

    #[test]
    fn a_form_names_each_run_once_and_says_what_is_missing() {
        let both = sent("tramite=b&tramite=a&tramite=b&hacer=asignar&persona=p");
        assert_eq!(both.runs.len(), 2);
        assert_eq!(both.change(), Ok(Change::Assign(Some(PersonId::new("p")))));
        for (form, part) in [
            ("hacer=asignar&persona=p", "al menos un"),
            ("tramite=a&hacer=asignar", "a quién"),
            ("tramite=a&hacer=prioridad&prioridad=ya", "la prioridad"),
            ("tramite=a&hacer=comentar&nota=+%0A", "comentario"),
            ("tramite=a", "qué hacer"),
            ("", "al menos un"),
        ] {
            assert!(sent(form).change().unwrap_err().contains(part), "{form}");
        }
        let many: Vec<String> = (0..=MOST).map(|n| format!("tramite={n}")).collect();
        assert!(sent(&many.join("&")).change().unwrap_err().contains("demasiados"));
    }

    #[test]
    fn one_returns_to_the_list_one_came_from() {
        let from =
            sent("filtro=%2Fmesa%3Fver%3Dvencidos%26q%3Dmonitor%2Broto%26pagina%3D2").asked();
        assert_eq!(from.address(), "/mesa?ver=vencidos&q=monitor+roto&pagina=2");
        assert_eq!(
            sent("filtro=http%3A%2F%2Fmal.mx%2Fx%3Fver%3Dmios").asked().address(),
            "/mesa?ver=mios"
        );
    }

    #[test]
    fn an_address_cannot_claim_what_cannot_be() {
        assert_eq!(Report::of_success("asignar", "2").unwrap().done, "Se asignaron 2 trámites.");
        for (what, count) in [("asignar", "0"), ("asignar", "9999"), ("<b>", "1"), ("", "")] {
            assert_eq!(Report::of_success(what, count), None);
        }
    }
}
