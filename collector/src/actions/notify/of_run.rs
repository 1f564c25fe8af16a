//! Which notices follow from what happens to a run: whose step it is now, what its requester should know.

use jiff::Timestamp;

use super::{Notice, To, local, notify};
use crate::actions::Result;
use crate::domain::access::Actor;
use crate::domain::id::{PersonId, RunId};
use crate::domain::notice::{NoticeKind, Placeholder, Values};
use crate::domain::person::Role;
use crate::domain::procedure::{Procedure, Step};
use crate::domain::run::{Outcome, Run};
use crate::procedure::Effect;
use crate::store::Write;

/// Queues the notices of an effect; `run` is the run afterwards.
///
/// # Errors
/// When the store refuses.
pub async fn of_effect(
    db: &mut Write,
    procedure: &Procedure,
    run: &Run,
    effect: &Effect,
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let by = actor.person();
    match effect {
        Effect::Arrived { step } => match procedure.step(step) {
            Some(step) => arrived(db, procedure, run, step, actor, now).await?,
            None => 0,
        },
        Effect::Assigned => match (&run.assignee, present(procedure, run)) {
            (Some(assignee), Some(step)) => {
                let values =
                    of_step(procedure, run, step).with(Placeholder::Reason, "se le asignó");
                let to = To::Person(assignee.clone());
                let notice = notice(NoticeKind::Step, run, values, page(&run.id), to, by);
                notify(db, &notice, now).await?
            }
            _ => 0,
        },
        Effect::WaitChanged => {
            let (kind, reason) = match &run.waiting {
                Some(waiting) => {
                    (NoticeKind::Waiting, format!("se espera {}", waiting.wait.title()))
                }
                None => (NoticeKind::Resumed, String::new()),
            };
            let values = of_procedure(procedure, run).with(Placeholder::Reason, reason);
            to_requester(db, kind, run, values, by, now).await?
        }
        Effect::Closed { outcome } => {
            let values = of_procedure(procedure, run).with(Placeholder::Outcome, word(*outcome));
            to_requester(db, NoticeKind::Closed, run, values, by, now).await?
        }
        Effect::Issues { .. } | Effect::Restart { .. } => 0,
    };
    Ok(())
}

/// Tells whoever asked that their request has a folio; `code` is what they follow it with, where there is one.
///
/// # Errors
/// When the store refuses.
pub async fn opened(
    db: &mut Write,
    procedure: &Procedure,
    run: &Run,
    code: Option<&str>,
    now: Timestamp,
) -> Result<usize> {
    let values = of_procedure(procedure, run).with(Placeholder::Code, code.unwrap_or_default());
    to_requester(db, NoticeKind::Opened, run, values, None, now).await
}

/// Sends the link by which the present step is signed to whoever is to sign it. `path` holds the secret: it is kept
/// nowhere once the message is sent; `cause` is unique in the run.
///
/// # Errors
/// When the store refuses.
pub async fn ask_to_sign(
    db: &mut Write,
    procedure: &Procedure,
    run: &Run,
    (path, expires_at): (String, Timestamp),
    cause: &str,
    now: Timestamp,
) -> Result<usize> {
    let Some(step) = present(procedure, run) else { return Ok(0) };
    let values = of_step(procedure, run, step).with(Placeholder::Due, local(expires_at));
    let to = match (step.role, requester(run)) {
        (Role::Requester, Some((to, _))) => to,
        (Role::Requester, None) => return Ok(0),
        (role, _) => To::Role(role),
    };
    let notice = notice(NoticeKind::Sign, run, values, path, to, None);
    notify(db, &Notice { cause: cause.to_owned(), ..notice }, now).await
}

/// Whoever's step it is now. Nobody is told what they or their own role just brought about, unless the step says so.
async fn arrived(
    db: &mut Write,
    procedure: &Procedure,
    run: &Run,
    step: &Step,
    actor: &Actor,
    now: Timestamp,
) -> Result<usize> {
    let values = of_step(procedure, run, step);
    if step.role == Role::Requester {
        return to_requester(db, NoticeKind::Step, run, values, actor.person(), now).await;
    }
    let to = match &run.assignee {
        Some(assignee) if has_it_in_hand(db, assignee, step.role).await? => {
            To::Person(assignee.clone())
        }
        _ if goes_on(actor, step.role) && !step.notify => return Ok(0),
        _ => To::Role(step.role),
    };
    let notice = notice(NoticeKind::Step, run, values, page(&run.id), to, actor.person());
    notify(db, &notice, now).await
}

async fn has_it_in_hand(db: &mut Write, assignee: &PersonId, role: Role) -> Result<bool> {
    let person = db.person(assignee).await?.filter(|person| person.disabled_at.is_none());
    Ok(person.is_some_and(|person| person.roles.may_act_as(role)))
}

/// Whether whoever acted has the role of the next step themselves.
fn goes_on(actor: &Actor, role: Role) -> bool {
    match actor {
        Actor::Person { roles, .. } => roles.has(role),
        Actor::Guest { role: own, .. } => *own == role,
        Actor::Token { .. } | Actor::Machine | Actor::Console => false,
    }
}

/// Writes to whoever asked, if anybody did.
async fn to_requester(
    db: &mut Write,
    kind: NoticeKind,
    run: &Run,
    values: Values,
    by: Option<&PersonId>,
    now: Timestamp,
) -> Result<usize> {
    let Some((to, path)) = requester(run) else { return Ok(0) };
    notify(db, &notice(kind, run, values, path, to, by), now).await
}

/// Whoever asked, and where they follow it; `None`: nobody did.
fn requester(run: &Run) -> Option<(To, String)> {
    let requester = &run.requester;
    if let Some(person) = &requester.person {
        return Some((To::Person(person.clone()), page(&run.id)));
    }
    if requester.name.is_empty() && requester.contact.is_empty() {
        return None;
    }
    let (name, address) = (requester.name.clone(), requester.contact.clone());
    Some((To::Address { name, address }, format!("/portal/seguir?folio={}", run.folio)))
}

fn notice<'a>(
    kind: NoticeKind,
    run: &'a Run,
    values: Values,
    path: String,
    to: To,
    by: Option<&'a PersonId>,
) -> Notice<'a> {
    Notice { kind, run, cause: run.version.to_string(), values, path, to, by }
}

fn page(run: &RunId) -> String {
    format!("/tramites/{run}")
}

fn present<'a>(procedure: &'a Procedure, run: &Run) -> Option<&'a Step> {
    run.present_step().and_then(|step| procedure.step(step))
}

fn of_procedure(procedure: &Procedure, run: &Run) -> Values {
    Values::default()
        .with(Placeholder::Procedure, &procedure.title)
        .with(Placeholder::Requester, &run.requester.name)
}

fn of_step(procedure: &Procedure, run: &Run, step: &Step) -> Values {
    let due = run.clock.step_due_at.map(local).unwrap_or_default();
    of_procedure(procedure, run)
        .with(Placeholder::Step, step.id.as_str())
        .with(Placeholder::StepText, &step.text)
        .with(Placeholder::Due, due)
}

/// How a run ended, as part of a sentence.
fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Completed => "quedó atendido",
        Outcome::Recovered => "la falla desapareció por sí sola",
        Outcome::Rejected => "no procedió; la Unidad de TIC le dirá qué falta",
        Outcome::Retired => "se propone la baja del equipo",
        Outcome::Cancelled => "se canceló",
    }
}
