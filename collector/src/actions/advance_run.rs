//! Somebody carries out a step, answers a question or adds a remark.

use jiff::Timestamp;

use super::runs::{edition_of, save};
use super::{Error, Result};
use crate::domain::access::Actor;
use crate::domain::id::RunId;
use crate::domain::run::{Event, RecordedEvent, Run};
use crate::procedure::{self, Library};
use crate::store::Store;

/// Takes an event into a run. `seen_version` is what the page showed: when the run has moved since, nothing
/// is changed and the answer says who moved it and when.
///
/// # Errors
/// [`Error::Refused`] by the procedure, [`Error::Stale`] when somebody was faster, [`Error::NotFound`].
pub async fn advance_run(
    store: &Store,
    library: &Library,
    id: &RunId,
    seen_version: Option<u32>,
    event: Event,
    actor: &Actor,
    now: Timestamp,
) -> Result<Run> {
    let mut db = store.write().await?;
    let run = db.run(id).await?.ok_or(Error::NotFound("el trámite"))?;
    let moves = !matches!(event, Event::Note { .. });
    if moves && let Some(seen) = seen_version {
        let since = db.run_events(id).await?;
        if let Some(overtaking) = moved_since(&since, seen) {
            let (by, at) = (overtaking.actor.clone(), overtaking.at);
            return Err(Error::Stale { by, at });
        }
    }
    let procedure = edition_of(library, &run)?;
    let taken = procedure::next(procedure, &run, event, actor, now)?;
    save(&mut db, run.version, &taken, now).await?;
    db.commit().await?;
    Ok(taken.run)
}

/// The event after `seen` that moved the run: evidence and remarks do not make a page stale.
fn moved_since(events: &[RecordedEvent], seen: u32) -> Option<&RecordedEvent> {
    use crate::domain::run::EventKind::{Answered, Completed, Recovered};
    let moved = |event: &&RecordedEvent| matches!(event.kind, Answered | Completed | Recovered);
    events.iter().filter(|event| event.number > seen).find(moved)
}
