//! A run as a line of the Mesa de Ayuda, in words; the exported table has the same words.

use jiff::Timestamp;

use crate::domain::person::Role;
use crate::domain::working_time::{WorkingHours, elapsed};
use crate::store::DeskRow;
use crate::web::markup::Look;
use crate::web::state::Web;
use crate::web::{since, words};

/// See the module.
pub(in crate::web) struct Row {
    pub id: String,
    pub folio: String,
    pub title: String,
    pub sample: bool,
    pub procedure: String,
    /// Device, area and requester, those there are.
    pub about: Vec<String>,
    /// `Paso 4: …`; how it ended, once over.
    pub step: String,
    /// Whom it waits for.
    pub waits: Waits,
    pub priority: Look,
    pub due: Option<Due>,
    pub assignee: Option<String>,
    pub opened_at: Timestamp,
    pub updated_at: Timestamp,
    /// It is not over.
    pub open: bool,
    /// Name for the box that selects it.
    pub select: String,
}

/// Whom a run waits for.
pub(in crate::web) enum Waits {
    /// A role of the unit, whose step it is.
    For(&'static str),
    /// Somebody else, since when; the clock stands still.
    Paused(Look, Timestamp),
    /// Nobody: it is over.
    Over(Look),
}

/// A deadline.
pub(in crate::web) struct Due {
    /// How it stands.
    pub look: Look,
    /// Working time until then, or since then.
    pub span: String,
    pub at: Timestamp,
}

impl Row {
    /// Whether its clock stands still.
    pub fn is_paused(&self) -> bool {
        matches!(self.waits, Waits::Paused(..))
    }

    pub fn new(web: &Web, row: DeskRow, now: Timestamp) -> Row {
        let procedure = web.procedure(&row.procedure, &row.edition);
        let step = row.step.as_ref().map(|id| {
            let step = procedure.and_then(|procedure| procedure.step(id));
            step.map_or_else(|| format!("Paso {id}"), |step| format!("Paso {id}: {}", step.text))
        });
        let waits = match (row.closed, row.waiting) {
            (Some((outcome, _)), _) => Waits::Over(words::outcome(outcome)),
            (None, Some((wait, since))) => Waits::Paused(words::waiting(wait), since),
            (None, None) => Waits::For(row.step_role.map_or("", Role::title)),
        };
        let names = [row.device.map(|(_, name)| name), row.area.map(|(_, name)| name)];
        let requester = (!row.requester.is_empty()).then_some(row.requester);
        Row {
            id: row.id.to_string(),
            select: format!("Elegir {}", row.folio),
            title: row.title,
            sample: row.sample,
            procedure: procedure.map_or_else(|| row.procedure.clone(), |one| one.title.clone()),
            about: names.into_iter().flatten().chain(requester).collect(),
            step: step.unwrap_or_default(),
            waits,
            priority: words::priority(row.priority),
            due: row
                .due_at
                .filter(|_| row.closed.is_none())
                .map(|at| due(&web.bench().hours, at, now)),
            assignee: row.assignee.map(|(_, name)| name),
            opened_at: row.opened_at,
            updated_at: row.updated_at,
            open: row.closed.is_none(),
            folio: row.folio,
        }
    }
}

/// A deadline in working time.
pub(in crate::web) fn due(hours: &WorkingHours, at: Timestamp, now: Timestamp) -> Due {
    let day = i64::from(hours.to_minute.saturating_sub(hours.from_minute)) * 60;
    let over = at < now;
    let seconds = if over { elapsed(hours, at, now) } else { elapsed(hours, now, at) };
    let span = since::working_span(seconds, day);
    Due {
        // Less than two working hours left is worth a look.
        look: match (over, seconds) {
            (true, _) => words::OVERDUE,
            (false, ..7_200) => words::DUE_SOON,
            (false, _) => words::DUE_LATER,
        },
        span: if over { format!("hace {span}") } else { format!("en {span}") },
        at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_told_in_working_time() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        // Friday 20 November 2026, an hour before work ends.
        let now = at("2026-11-20T17:00:00-06:00");
        for (due_at, span, look) in [
            ("2026-11-23T09:30:00-06:00", "en 1 h hábil", words::DUE_SOON),
            ("2026-11-23T12:00:00-06:00", "en 4 h hábiles", words::DUE_LATER),
            ("2026-11-25T12:00:00-06:00", "en 2 d hábiles", words::DUE_LATER),
            ("2026-11-20T16:30:00-06:00", "hace 30 min hábiles", words::OVERDUE),
            ("2026-11-20T16:59:59-06:00", "hace menos de 1 min", words::OVERDUE),
        ] {
            let told = due(&WorkingHours::default(), at(due_at), now);
            assert_eq!((told.span.as_str(), told.look), (span, look), "{due_at}");
        }
    }
}
