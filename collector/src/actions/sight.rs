//! What somebody sees of the runs, by their roles and areas; and that nobody acts on what they do not see.

use std::collections::BTreeSet;

use super::{Error, Library, Result};
use crate::domain::access::Actor;
use crate::domain::id::RunId;
use crate::domain::person::{Person, Role, Roles};
use crate::store::{Read, Sight, Store};

/// Whether somebody with these roles belongs to the unit.
pub fn is_of_unit(roles: Roles) -> bool {
    !roles.iter().all(|role| matches!(role, Role::UnitHead | Role::Requester))
}

/// What a person sees. Whoever hands work out (the head, technicians, the front desk) and administrators see every
/// procedure; others of the unit those that have a step for them.
pub fn sight_of(person: &Person, library: &Library) -> Sight {
    let Person { id, roles, areas, administrator, .. } = person;
    if *administrator {
        return Sight::of_unit(id, areas, None);
    }
    if is_of_unit(*roles) {
        return Sight::of_unit(id, areas, procedures_of(*roles, library));
    }
    Sight::of_other(id, *roles, areas)
}

fn procedures_of(roles: Roles, library: &Library) -> Option<BTreeSet<String>> {
    if [Role::Technician, Role::FrontDesk].into_iter().any(|role| roles.may_act_as(role)) {
        return None;
    }
    let theirs = library
        .all()
        .into_iter()
        .filter(|procedure| procedure.steps.iter().any(|step| roles.has(step.role)));
    Some(theirs.map(|procedure| procedure.code.clone()).collect())
}

/// As [`check`], before what an action does by itself.
///
/// # Errors
/// [`Error::NotAllowed`] for a run that is not of their areas and roles.
pub async fn check_run(store: &Store, library: &Library, run: &RunId, actor: &Actor) -> Result<()> {
    check(&mut store.read().await?, library, run, actor).await
}

/// Whether an actor may act on a run at all; whose each step is, the procedure says. Programs, the collector and guests
/// with a link have their own bounds.
///
/// # Errors
/// [`Error::NotAllowed`] for a run that is not of their areas and roles.
pub(super) async fn check(
    db: &mut Read,
    library: &Library,
    run: &RunId,
    actor: &Actor,
) -> Result<()> {
    let Actor::Person { id, roles, areas, .. } = actor else { return Ok(()) };
    let sight = if is_of_unit(*roles) {
        Sight::of_unit(id, areas, procedures_of(*roles, library))
    } else {
        Sight::of_other(id, *roles, areas)
    };
    if db.sees(&sight, run).await? {
        return Ok(());
    }
    Err(Error::NotAllowed("este trámite no es de sus áreas ni de sus funciones"))
}
