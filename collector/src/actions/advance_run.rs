//! Somebody does something to a run: carries out a step, answers a question, waits, takes back, remarks.

use jiff::Timestamp;

use super::judge::Bench;
use super::propose::{with_proposal, with_snapshots};
use super::runs::take_in;
use super::{Error, Result, sight};
use crate::domain::access::Actor;
use crate::domain::id::RunId;
use crate::domain::run::{Event, RecordedEvent, Run};
use crate::store::Store;

/// Takes an event into a run. `seen_version` is what the page showed: when the run has moved since, nothing
/// is changed and the answer says who moved it and when.
///
/// # Errors
/// [`Error::Refused`] by the procedure, [`Error::Stale`] when somebody was faster, [`Error::NotFound`].
pub async fn advance_run(
    store: &Store,
    bench: &Bench,
    id: &RunId,
    seen_version: Option<u32>,
    event: Event,
    actor: &Actor,
    now: Timestamp,
) -> Result<Run> {
    let mut db = store.write().await?;
    let run = db.run(id).await?.ok_or(Error::NotFound("el trámite"))?;
    sight::check(&mut db, &bench.library, id, actor).await?;
    if is_of_a_step(&event)
        && let Some(seen) = seen_version
        && seen < run.version
    {
        let since = db.run_events_after(id, seen).await?;
        if let Some(overtaking) = since.iter().find(|event| has_moved(event)) {
            let (by, at) = (overtaking.actor.clone(), overtaking.at);
            return Err(Error::Stale { by, at });
        }
    }
    let event = with_proposal(&mut db, bench, &run, event, now).await?;
    let event = with_snapshots(&mut db, bench, &run, event, now).await?;
    let run = take_in(&mut db, bench, run, event, actor, now).await?;
    db.commit().await?;
    Ok(run)
}

/// Whether an event rests on the step its page showed.
fn is_of_a_step(event: &Event) -> bool {
    !matches!(
        event,
        Event::Note { .. }
            | Event::Assign { .. }
            | Event::Prioritise { .. }
            | Event::Attach { .. }
            | Event::CheckDevice { .. }
            | Event::CarryDevice { .. }
    )
}

/// Whether an event moved the run: evidence and remarks do not make a page stale.
fn has_moved(event: &RecordedEvent) -> bool {
    use crate::domain::run::EventKind::{
        Answered, Completed, Paused, Recovered, Resumed, SubjectTaken, Undone,
    };
    matches!(
        event.kind,
        Answered | Completed | Paused | Recovered | Resumed | SubjectTaken | Undone
    )
}
