//! What surrounds the steps of a run: who has it in hand, how soon, until when, what it waits for, what can be
//! taken back, and the runs it is linked with.

use jiff::Timestamp;

use crate::actions::undoable;
use crate::domain::id::PersonId;
use crate::domain::procedure::{Step, Wait, WordList};
use crate::domain::run::{Priority, RecordedEvent, Run};
use crate::domain::working_time::{self, WorkingHours};
use crate::store::{LinkedRun, PersonFilter, Relation};
use crate::web::access::Viewer;
use crate::web::error::Error;
use crate::web::layout::Page;

/// People to choose from at most.
const PEOPLE: u32 = 500;

/// What may be done beside the steps.
pub struct Manage {
    /// Name of who has it in hand.
    pub assignee: Option<String>,
    /// People to give it to: identity, name, whether they have it.
    pub people: Vec<(PersonId, String, bool)>,
    /// Priorities: word, as read, whether it is this one.
    pub priorities: Vec<(&'static str, &'static str, bool)>,
    /// Its priority as read.
    pub priority: &'static str,
    /// What it can be made to wait for: word and as read; none where it may not.
    pub waits: Vec<(&'static str, &'static str)>,
    /// It waits by somebody's order, who can end it.
    pub resumes: bool,
    /// The step that could be taken back.
    pub undoes: Option<String>,
}

impl Manage {
    /// For whoever asks.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn new(
        page: &mut Page<Viewer>,
        run: &Run,
        events: &[RecordedEvent],
        present: Option<&Step>,
        may_act: bool,
    ) -> Result<Manage, Error> {
        let staff = page.viewer.is_staff();
        let people = match staff {
            true => page.read.list_people(&active()).await.map_err(Error::internal)?.0,
            // Who works here is not for others to read off a list.
            false => Vec::new(),
        };
        let has = |id: &PersonId| run.assignee.as_ref() == Some(id);
        let assignee = match &run.assignee {
            Some(id) => page.read.person(id).await.map_err(Error::internal)?,
            None => None,
        };
        let waits_by_step = present.is_some_and(|step| step.waits_for.is_some());
        let waits = Wait::ALL.iter().map(|wait| (wait.as_str(), wait.title()));
        let undoes = undoable(events, &page.viewer.actor()).ok();
        Ok(Manage {
            assignee: assignee.map(|person| person.name),
            people: people
                .into_iter()
                .map(|person| (person.id.clone(), person.name, has(&person.id)))
                .collect(),
            priorities: Priority::ALL
                .iter()
                .map(|one| (one.as_str(), priority_title(*one), *one == run.priority))
                .collect(),
            priority: priority_title(run.priority),
            waits: if may_act && run.waiting.is_none() { waits.collect() } else { Vec::new() },
            resumes: may_act && run.waiting.is_some() && !waits_by_step,
            undoes: undoes.and_then(|event| event.step.as_ref()).map(ToString::to_string),
        })
    }
}

/// A priority as people read it.
fn priority_title(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "Baja",
        Priority::Normal => "Normal",
        Priority::High => "Alta",
        Priority::Urgent => "Urgente",
    }
}

fn active() -> PersonFilter {
    PersonFilter { active: Some(true), limit: PEOPLE, ..PersonFilter::default() }
}

/// Until when something should be done.
pub struct Deadline {
    /// Of what.
    pub what: &'static str,
    /// When, where its clock runs.
    pub at: Option<Timestamp>,
    /// How much working time is left, in words.
    pub words: String,
    /// It has passed.
    pub late: bool,
}

/// The deadlines of the present step and of the whole run.
pub fn deadlines(run: &Run, hours: &WorkingHours, now: Timestamp) -> Vec<Deadline> {
    let of = |what, at: Option<Timestamp>, left: Option<i64>| {
        let left = match at {
            Some(at) if at >= now => Some(working_time::elapsed(hours, now, at)),
            Some(at) => Some(-working_time::elapsed(hours, at, now).max(1)),
            None => left,
        };
        left.map(|left| Deadline { what, at, words: span(left, at.is_none()), late: left < 0 })
    };
    let clock = &run.clock;
    [
        of("Este paso", clock.step_due_at, clock.step_left_s),
        of("Todo el trámite", clock.due_at, clock.left_s),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Working time in words, e.g. `vence en 3 h hábiles`.
fn span(seconds: i64, stands_still: bool) -> String {
    let minutes = seconds.abs() / 60;
    let amount = match minutes {
        0..60 => format!("{minutes} min hábiles"),
        _ => format!("{} h hábiles", minutes / 60),
    };
    match (seconds < 0, stands_still) {
        (true, _) => format!("venció hace {amount}"),
        (false, true) => format!("quedan {amount}; el reloj está detenido"),
        (false, false) => format!("vence en {amount}"),
    }
}

/// A run this one is linked with.
pub struct Link {
    /// How they are linked.
    pub how: &'static str,
    /// Its address.
    pub address: String,
    /// Its folio.
    pub folio: String,
    /// What it is about.
    pub title: String,
    /// It is not over.
    pub open: bool,
}

/// The runs this one is linked with.
///
/// # Errors
/// When the store refuses.
pub async fn links(page: &mut Page<Viewer>, run: &Run) -> Result<Vec<Link>, Error> {
    let linked = page.read.linked_runs(run).await.map_err(Error::internal)?;
    Ok(linked.into_iter().map(link).collect())
}

fn link(linked: LinkedRun) -> Link {
    Link {
        how: match linked.relation {
            Relation::Restarted => "Retoma el trámite rechazado",
            Relation::RestartedBy => "Se retomó en",
            Relation::Parent => "Es parte de",
            Relation::Child => "Incluye",
        },
        address: format!("/tramites/{}", linked.id),
        folio: linked.folio,
        title: linked.title,
        open: linked.open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_told_in_working_time() {
        for (seconds, still, words) in [
            (3 * 3_600, false, "vence en 3 h hábiles"),
            (59 * 60, false, "vence en 59 min hábiles"),
            (-7_200, false, "venció hace 2 h hábiles"),
            (5_400, true, "quedan 1 h hábiles; el reloj está detenido"),
        ] {
            assert_eq!(span(seconds, still), words);
        }
    }
}
