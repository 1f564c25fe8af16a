//! Who has a run in hand, and how soon it should be seen to. Nothing is recorded where nothing changes.

use jiff::Timestamp;

use super::advance_run::advance_run;
use super::judge::Bench;
use super::{Error, Result};
use crate::domain::access::Actor;
use crate::domain::id::{PersonId, RunId};
use crate::domain::person::Role;
use crate::domain::run::{Event, Priority, Run};
use crate::store::Store;

/// Gives a run to somebody, or to nobody. Whoever works here may take a run or let their own go; to give it to
/// others is for the head, technicians and the front desk.
///
/// # Errors
/// [`Error::NotFound`], [`Error::NotAllowed`], [`Error::Unfitting`] when the person cannot take it,
/// [`Error::Refused`] when the run is over.
pub async fn assign_run(
    store: &Store,
    bench: &Bench,
    id: &RunId,
    to: Option<&PersonId>,
    actor: &Actor,
    now: Timestamp,
) -> Result<Run> {
    let mut db = store.read().await?;
    let run = db.run(id).await?.ok_or(Error::NotFound("el trámite"))?;
    check_may_assign(actor, run.assignee.as_ref(), to)?;
    let to = match to {
        None => None,
        Some(person) => {
            let person = db.person(person).await?.ok_or(Error::NotFound("esa persona"))?;
            if person.disabled_at.is_some() {
                return Err(Error::Unfitting("esa persona ya no tiene acceso"));
            }
            if !person.roles.iter().any(works_here) {
                return Err(Error::Unfitting("esa persona no atiende trámites"));
            }
            Some((person.id, person.name))
        }
    };
    drop(db);
    if run.is_open() && run.assignee.as_ref() == to.as_ref().map(|(id, _)| id) {
        return Ok(run);
    }
    advance_run(store, bench, id, None, Event::Assign { to }, actor, now).await
}

/// Changes how soon a run should be seen to; `note` says why and may be empty.
///
/// # Errors
/// [`Error::NotFound`], [`Error::NotAllowed`], [`Error::Refused`] when the run is over.
pub async fn prioritise_run(
    store: &Store,
    bench: &Bench,
    id: &RunId,
    (priority, note): (Priority, String),
    actor: &Actor,
    now: Timestamp,
) -> Result<Run> {
    let run = store.read().await?.run(id).await?.ok_or(Error::NotFound("el trámite"))?;
    let own = actor.person().is_some() && actor.person() == run.assignee.as_ref();
    if !own && !hands_out(actor) {
        return Err(Error::NotAllowed(
            "la prioridad la cambia quien tiene el trámite, el titular, el personal técnico o la ventanilla",
        ));
    }
    if run.is_open() && run.priority == priority {
        return Ok(run);
    }
    advance_run(store, bench, id, None, Event::Prioritise { priority, note }, actor, now).await
}

fn check_may_assign(actor: &Actor, from: Option<&PersonId>, to: Option<&PersonId>) -> Result<()> {
    if hands_out(actor) {
        return Ok(());
    }
    let own = |person: Option<&PersonId>| person.is_none() || person == actor.person();
    if own(from) && own(to) {
        return Ok(());
    }
    Err(Error::NotAllowed(
        "asignar a otras personas corresponde al titular, al personal técnico o a la ventanilla",
    ))
}

fn hands_out(actor: &Actor) -> bool {
    [Role::Technician, Role::FrontDesk].into_iter().any(|role| actor.may_act_as(role))
}

fn works_here(role: Role) -> bool {
    !matches!(role, Role::Requester | Role::UnitHead)
}
