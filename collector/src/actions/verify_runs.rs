//! Somebody verifies the runs: where each stands, as its row says, must be what its events make of it. The events are
//! vouched for by the ledger, the rows by this.

use crate::domain::id::RunId;
use crate::domain::run::{Course, Run};
use crate::procedure::{Library, replay};
use crate::store::{Read, Result};

/// Runs looked at together.
const PAGE: u32 = 500;

/// What a look at every run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunsVerdict {
    /// Runs rebuilt from their events and compared.
    pub compared: u64,
    /// Runs that cannot be rebuilt: of an edition that is not here, or from before events said all.
    pub passed_over: u64,
    /// Runs that are not what their events make of them: folio, and the names of what differs.
    pub differing: Vec<(String, Vec<&'static str>)>,
}

/// Rebuilds every run from its events and compares. `progress` is told how many have been looked at.
///
/// # Errors
/// When the store refuses, or a row is not one this program writes.
pub async fn verify_runs(
    read: &mut Read,
    library: &Library,
    mut progress: impl FnMut(u64),
) -> Result<RunsVerdict> {
    let mut verdict = RunsVerdict::default();
    let mut last = RunId::new(String::new());
    loop {
        let runs = read.runs_after(&last, PAGE).await?;
        let Some(end) = runs.last().map(|run| run.id.clone()) else { return Ok(verdict) };
        let mut events = read.events_of_runs(&last, &end).await?;
        last = end;
        for run in runs {
            let events = events.remove(&run.id).unwrap_or_default();
            let Some(procedure) = library.edition(&run.procedure, &run.edition) else {
                verdict.passed_over += 1;
                continue;
            };
            // Before events said where they lead, a run cannot be rebuilt.
            if events.first().is_some_and(|first| first.data.clock.is_none()) {
                verdict.passed_over += 1;
                continue;
            }
            let mut course = Course::default();
            if procedure.subjects().is_some() || procedure.walks_devices() {
                course.subjects = read.run_subjects(&run.id).await?;
                course.devices = read.run_devices(&run.id, None).await?;
            }
            let rebuilt = replay(procedure, &run, &course, &events);
            verdict.compared += 1;
            let differing = differing((&run, &course), (&rebuilt.0, &rebuilt.1));
            if !differing.is_empty() {
                verdict.differing.push((run.folio, differing));
            }
        }
        progress(verdict.compared + verdict.passed_over);
    }
}

/// Names of what is not the same.
fn differing(
    (is, walks): (&Run, &Course),
    (ought, ought_walk): (&Run, &Course),
) -> Vec<&'static str> {
    [
        ("paso o estado", is.state == ought.state),
        ("área o red presente", is.subject == ought.subject),
        ("equipo presente", is.present_device == ought.present_device),
        ("espera", is.waiting == ought.waiting),
        ("plazos", is.clock == ought.clock),
        ("prioridad", is.priority == ought.priority),
        ("responsable", is.assignee == ought.assignee),
        ("campos", is.fields == ought.fields),
        ("atendido por una persona", is.touched == ought.touched),
        ("número de eventos", is.version == ought.version),
        ("último cambio", is.updated_at == ought.updated_at),
        ("áreas o redes del plan", walks.subjects == ought_walk.subjects),
        ("equipos del plan", walks.devices == ought_walk.devices),
    ]
    .into_iter()
    .filter_map(|(name, same)| (!same).then_some(name))
    .collect()
}
