//! What the clock does about deadlines that passed: the priority rises a level and whoever has the run is told; when as
//! much time again has passed, the head is. Each is done once for each time a run stands at a step.

use jiff::Timestamp;

use super::judge::Bench;
use super::notify::{Notice, To, local, notify};
use super::runs::append_machine_event;
use super::{Error, Result};
use crate::domain::notice::{NoticeKind, Placeholder, Values};
use crate::domain::person::Role;
use crate::domain::run::{Event, Priority, Run};
use crate::domain::working_time::add;
use crate::store::{Lateness, Level, Store, Write};

/// Runs seen to at a time; the rest at the next tick, a few seconds later.
const AT_A_TIME: u32 = 200;
const HOUR: i64 = 3_600;

/// Sees to all deadlines that passed. Returns how many runs it escalated.
///
/// # Errors
/// When the store refuses; runs before the failing one are done.
pub async fn escalate(store: &Store, bench: &Bench, now: Timestamp) -> Result<usize> {
    let mut late = Vec::new();
    let mut db = store.read().await?;
    for level in [Level::Step, Level::StepTwice, Level::Run] {
        late.extend(db.late(level, now, AT_A_TIME).await?);
    }
    drop(db);
    let mut escalated = 0;
    for late in late {
        let mut db = store.write().await?;
        match see_to(&mut db, bench, &late, now).await {
            Ok(true) => db.commit().await?,
            Ok(false) => continue,
            // Somebody moved it in this very moment: then it is looked at anew.
            Err(Error::Overtaken | Error::Refused(_)) => continue,
            Err(error) => return Err(error),
        }
        escalated += 1;
    }
    Ok(escalated)
}

/// One run; false when there is nothing to do any more.
async fn see_to(db: &mut Write, bench: &Bench, late: &Lateness, now: Timestamp) -> Result<bool> {
    let Some(run) = db.run(&late.run).await? else { return Ok(false) };
    let (due_at, since) = match late.level {
        Level::Step | Level::StepTwice => (run.clock.step_due_at, run.clock.step_since),
        Level::Run => (run.clock.due_at, Some(run.opened_at)),
    };
    // It moved on or began to wait since it was found.
    let (Some(due_at), Some(since)) = (due_at, since) else { return Ok(false) };
    if !run.is_open() || run.waiting.is_some() || due_at >= now || since != late.since {
        return Ok(false);
    }
    let twice = twice(bench, &run, due_at);
    if late.level == Level::StepTwice && twice.is_none_or(|twice| twice > now) {
        // It stood still meanwhile: its second deadline comes later than was thought.
        db.postpone_escalation(&run.id, since, twice).await?;
        return Ok(true);
    }
    let next_at = if late.level == Level::Step { twice } else { None };
    if !db.note_escalation(&run.id, late.level, since, next_at, now).await? {
        return Ok(false);
    }
    append_machine_event(db, bench, &run.id, event(&run, late.level, due_at), now).await?;
    tell(db, bench, &run, late, due_at, now).await?;
    Ok(true)
}

/// Writes to whoever has the run, or whose step it is where nobody has; to the head where it is about them.
async fn tell(
    db: &mut Write,
    bench: &Bench,
    run: &Run,
    late: &Lateness,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let procedure = bench.library.edition(&run.procedure, &run.edition);
    let step = run.present_step().and_then(|id| procedure?.step(id));
    let Some((procedure, step)) = procedure.zip(step) else { return Ok(()) };
    let to = match (late.level, &run.assignee) {
        (Level::StepTwice | Level::Run, _) => To::Role(Role::Head),
        (Level::Step, Some(person)) => To::Person(person.clone()),
        (Level::Step, None) => To::Role(step.role),
    };
    let values = Values::default()
        .with(Placeholder::Procedure, &procedure.title)
        .with(Placeholder::Step, step.id.as_str())
        .with(Placeholder::StepText, &step.text)
        .with(Placeholder::Requester, &run.requester.name)
        .with(Placeholder::Due, local(due_at))
        .with(Placeholder::Reason, reason(run, late.level, due_at));
    let notice = Notice {
        kind: NoticeKind::Overdue,
        run,
        cause: format!("{}:{}", late.level.as_str(), late.since.as_microsecond()),
        values,
        path: format!("/tramites/{}", run.id),
        to,
        by: None,
    };
    notify(db, &notice, now).await?;
    Ok(())
}

/// When as much working time again as the step's limit has passed after its deadline.
fn twice(bench: &Bench, run: &Run, due_at: Timestamp) -> Option<Timestamp> {
    let procedure = bench.library.edition(&run.procedure, &run.edition)?;
    let limit = procedure.step(run.present_step()?)?.limit_hours?;
    Some(add(&bench.hours, due_at, i64::from(limit) * HOUR))
}

/// What is recorded: the priority where it can still rise, else a remark.
fn event(run: &Run, level: Level, due_at: Timestamp) -> Event {
    let why = reason(run, level, due_at);
    match raised(run.priority) {
        Some(priority) if level != Level::StepTwice => Event::Prioritise { priority, note: why },
        _ => Event::Note { text: why },
    }
}

/// Why, for people.
fn reason(run: &Run, level: Level, due_at: Timestamp) -> String {
    let step = run.present_step().map(ToString::to_string).unwrap_or_default();
    let due = local(due_at);
    match level {
        Level::Step => format!("El paso {step} debía estar hecho el {due}."),
        Level::StepTwice => format!(
            "El paso {step} lleva más del doble de su plazo, que terminó el {due}: se avisa al titular."
        ),
        Level::Run => format!("El trámite debía terminar el {due}: se avisa al titular."),
    }
}

fn raised(priority: Priority) -> Option<Priority> {
    match priority {
        Priority::Low => Some(Priority::Normal),
        Priority::Normal => Some(Priority::High),
        Priority::High => Some(Priority::Urgent),
        Priority::Urgent => None,
    }
}
