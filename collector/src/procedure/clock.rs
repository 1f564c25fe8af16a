//! The clock of a run in working time: it runs at a step and stands still while the run waits for others.

use jiff::Timestamp;

use crate::domain::procedure::{Procedure, Step};
use crate::domain::run::{Clock, Run};
use crate::domain::working_time::{WorkingHours, add, elapsed};

const HOUR: i64 = 3_600;

/// Working seconds from now to an instant; below 0 once it has passed.
fn left(hours: &WorkingHours, now: Timestamp, due: Timestamp) -> i64 {
    elapsed(hours, now, due) - elapsed(hours, due, now)
}

fn after(hours: &WorkingHours, now: Timestamp, seconds: i64) -> Timestamp {
    add(hours, now, seconds)
}

/// The clock of a run that is about to begin.
pub(super) fn begun(procedure: &Procedure, hours: &WorkingHours, now: Timestamp) -> Clock {
    let limit = procedure.limit_hours.map(|limit| after(hours, now, i64::from(limit) * HOUR));
    Clock { due_at: limit, ..Clock::default() }
}

/// The clock of a run that arrives at a step.
pub(super) fn arrived(run: &Run, step: &Step, hours: &WorkingHours, now: Timestamp) -> Clock {
    let due_at = running(run, hours, now).due_at;
    let limit = step.limit_hours.map(|limit| i64::from(limit) * HOUR);
    if step.waits_for.is_some() {
        let left_s = due_at.map(|due| left(hours, now, due));
        return Clock { step_since: Some(now), step_left_s: limit, left_s, ..Clock::default() };
    }
    let step_due_at = limit.map(|limit| after(hours, now, limit));
    Clock { step_since: Some(now), step_due_at, due_at, ..Clock::default() }
}

/// The clock stands still from now on.
pub(super) fn paused(run: &Run, hours: &WorkingHours, now: Timestamp) -> Clock {
    let clock = run.clock;
    Clock {
        step_since: clock.step_since,
        step_left_s: clock.step_due_at.map(|due| left(hours, now, due)).or(clock.step_left_s),
        left_s: clock.due_at.map(|due| left(hours, now, due)).or(clock.left_s),
        ..Clock::default()
    }
}

/// The clock runs from now on.
pub(super) fn running(run: &Run, hours: &WorkingHours, now: Timestamp) -> Clock {
    let clock = run.clock;
    let due = |left: Option<i64>| left.map(|left| after(hours, now, left));
    Clock {
        step_since: clock.step_since,
        step_due_at: clock.step_due_at.or_else(|| due(clock.step_left_s)),
        due_at: clock.due_at.or_else(|| due(clock.left_s)),
        ..Clock::default()
    }
}
