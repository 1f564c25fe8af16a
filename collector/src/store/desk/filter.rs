//! Which runs the list of the Mesa de Ayuda shows, and in which order. It must not put a value into the text of a
//! statement: every one is bound.

use jiff::Timestamp;
use sqlx::{Database, Encode, QueryBuilder, Type};

use crate::domain::area::Area;
use crate::domain::id::{AreaId, DeviceId, PersonId};
use crate::domain::person::Role;
use crate::domain::procedure::{StepId, Wait};
use crate::domain::run::Priority;
use crate::domain::text::fold;
use crate::store::sight::Sight;

/// Words of a search that are looked at.
const WORDS: usize = 6;
/// Characters of each.
const CHARACTERS: usize = 60;
/// Areas of the same word that are looked at.
const AREAS: usize = 200;

/// Which runs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeskFilter {
    /// Open ones, closed ones, or all.
    pub which: Which,
    /// How they stand against their deadlines; open runs only.
    pub timing: Option<Timing>,
    /// In whose hands they are; all of these hold.
    pub assigned: Vec<Assigned>,
    /// What whoever looks may see.
    pub sight: Sight,
    /// Of this area; of no area.
    pub area: Option<Option<AreaId>>,
    /// Of this device.
    pub device: Option<DeviceId>,
    /// Of this procedure.
    pub procedure: Option<String>,
    /// Timing at this step.
    pub step: Option<StepId>,
    /// Timing at a step of this role.
    pub role: Option<Role>,
    /// Of this priority.
    pub priority: Option<Priority>,
    /// Waiting for this.
    pub waiting: Option<Wait>,
    /// With all these words in folio, title, device, area or requester; without accents and case.
    pub words: Vec<String>,
    /// In which order.
    pub order: DeskOrder,
    /// How many to pass over.
    pub offset: u32,
    /// At most how many.
    pub limit: u32,
}

/// Open runs, closed runs, or all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Which {
    /// Not over.
    #[default]
    Open,
    /// Over.
    Closed,
    /// Both.
    All,
}

/// How an open run stands against its deadlines. Each run is in exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// The deadline of its step or its own is over.
    Overdue,
    /// It has one, and it is not over.
    OnTime,
    /// It has none.
    Unlimited,
    /// It waits for somebody else; its clock stands still.
    Paused,
}

/// In whose hands a run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assigned {
    /// This person's.
    To(PersonId),
    /// Somebody's, but not this person's.
    ToOthers(PersonId),
    /// Nobody's.
    ToNobody,
}

/// In which order runs are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeskOrder {
    /// Highest priority first, then the nearest deadline; closed ones by their end, the last first.
    #[default]
    Urgency,
    /// Nearest deadline first.
    Due,
    /// Last change first.
    Activity,
    /// Longest open first.
    Age,
}

impl DeskFilter {
    /// The words of a search, as the list compares them.
    pub fn words_of(text: &str) -> Vec<String> {
        let folded = fold(text);
        let words = folded.split_whitespace().take(WORDS);
        words.map(|word| word.chars().take(CHARACTERS).collect()).collect()
    }

    pub(super) fn order_by(&self) -> &'static str {
        match (self.order, self.which) {
            (DeskOrder::Urgency, Which::Open) => {
                "CASE r.priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END,
                 CASE WHEN r.step_due_at IS NULL OR r.due_at < r.step_due_at THEN r.due_at
                     ELSE r.step_due_at END NULLS LAST, r.updated_at DESC, r.id"
            }
            (DeskOrder::Due, Which::Open) => {
                "CASE WHEN r.step_due_at IS NULL OR r.due_at < r.step_due_at THEN r.due_at
                     ELSE r.step_due_at END NULLS LAST, r.updated_at DESC, r.id"
            }
            (DeskOrder::Urgency | DeskOrder::Due, Which::Closed) => "r.closed_at DESC, r.id",
            (DeskOrder::Activity, _) | (DeskOrder::Urgency | DeskOrder::Due, Which::All) => {
                "r.updated_at DESC, r.id"
            }
            (DeskOrder::Age, _) => "r.opened_at, r.id",
        }
    }

    /// Writes what holds for a listed run `r`, after `WHERE`.
    pub(super) fn conditions<DB>(&self, sql: &mut QueryBuilder<DB>, at: &Moment)
    where
        DB: Database,
        for<'q> String: Encode<'q, DB> + Type<DB>,
        for<'q> i64: Encode<'q, DB> + Type<DB>,
    {
        sql.push(match self.which {
            Which::Open => "r.closed_at IS NULL",
            Which::Closed => "r.closed_at IS NOT NULL",
            Which::All => "1 = 1",
        });
        if let Some(timing) = self.timing {
            timing_conditions(sql, timing, at.now);
        }
        for assigned in &self.assigned {
            match assigned {
                Assigned::To(person) => equal(sql, "r.assignee_id", person.as_str()),
                Assigned::ToOthers(person) => {
                    sql.push(" AND r.assignee_id <> ").push_bind(person.as_str().to_owned());
                }
                Assigned::ToNobody => {
                    sql.push(" AND r.assignee_id IS NULL");
                }
            }
        }
        self.sight.conditions(sql);
        match &self.area {
            None => {}
            Some(Some(area)) => equal(sql, "r.area_id", area.as_str()),
            Some(None) => {
                sql.push(" AND r.area_id IS NULL");
            }
        }
        let words = [
            ("r.device_id", self.device.as_ref().map(DeviceId::as_str)),
            ("r.procedure_code", self.procedure.as_deref()),
            ("r.step", self.step.as_ref().map(StepId::as_str)),
            ("r.step_role", self.role.map(Role::as_str)),
            ("r.priority", self.priority.map(Priority::as_str)),
            ("r.waiting", self.waiting.map(Wait::as_str)),
        ];
        for (column, word) in words {
            if let Some(word) = word {
                equal(sql, column, word);
            }
        }
        for (word, areas) in self.words.iter().zip(&at.areas) {
            mentions(sql, word, areas);
        }
    }
}

/// What a statement needs to know beside its filter.
#[derive(Debug)]
pub(super) struct Moment {
    /// The clock.
    pub now: Timestamp,
    /// For each word of the search, the areas whose name has it.
    pub areas: Vec<Vec<AreaId>>,
}

impl Moment {
    pub(super) fn of(filter: &DeskFilter, areas: &[Area], now: Timestamp) -> Moment {
        let names: Vec<(String, &AreaId)> =
            areas.iter().map(|area| (fold(&area.name), &area.id)).collect();
        let with = |word: &String| {
            let found = names.iter().filter(|(name, _)| name.contains(word.as_str()));
            found.take(AREAS).map(|(_, id)| (*id).clone()).collect()
        };
        Moment { now, areas: filter.words.iter().map(with).collect() }
    }
}

/// Writes that a word stands in folio, title or requester, or in the present name of device or area.
fn mentions<DB>(sql: &mut QueryBuilder<DB>, word: &str, areas: &[AreaId])
where
    DB: Database,
    for<'q> String: Encode<'q, DB> + Type<DB>,
{
    let pattern = containing(word);
    sql.push(" AND (r.folded LIKE ").push_bind(pattern.clone()).push(" ESCAPE '!'");
    sql.push(" OR r.device_id IN (SELECT d.id FROM device d WHERE d.folded_name LIKE ");
    sql.push_bind(pattern).push(" ESCAPE '!')");
    if !areas.is_empty() {
        sql.push(" OR r.area_id IN (");
        listed(sql, areas);
        sql.push(")");
    }
    sql.push(")");
}

fn timing_conditions<DB>(sql: &mut QueryBuilder<DB>, timing: Timing, now: Timestamp)
where
    DB: Database,
    for<'q> i64: Encode<'q, DB> + Type<DB>,
{
    let now = now.as_microsecond();
    match timing {
        Timing::Overdue => {
            sql.push(" AND r.waiting IS NULL AND (r.step_due_at < ").push_bind(now);
            sql.push(" OR r.due_at < ").push_bind(now).push(")");
        }
        Timing::OnTime => {
            sql.push(" AND r.waiting IS NULL AND coalesce(r.step_due_at, r.due_at) IS NOT NULL");
            sql.push(" AND (r.step_due_at IS NULL OR r.step_due_at >= ").push_bind(now);
            sql.push(") AND (r.due_at IS NULL OR r.due_at >= ").push_bind(now).push(")");
        }
        Timing::Unlimited => {
            sql.push(" AND r.waiting IS NULL AND r.step_due_at IS NULL AND r.due_at IS NULL");
        }
        Timing::Paused => {
            sql.push(" AND r.waiting IS NOT NULL");
        }
    }
}

/// Writes `AND column = value`; `column` is a text of this file.
fn equal<DB>(sql: &mut QueryBuilder<DB>, column: &'static str, value: &str)
where
    DB: Database,
    for<'q> String: Encode<'q, DB> + Type<DB>,
{
    sql.push(" AND ").push(column).push(" = ").push_bind(value.to_owned());
}

fn listed<'a, DB>(sql: &mut QueryBuilder<DB>, areas: impl IntoIterator<Item = &'a AreaId>)
where
    DB: Database,
    for<'q> String: Encode<'q, DB> + Type<DB>,
{
    let mut list = sql.separated(", ");
    for area in areas {
        list.push_bind(area.as_str().to_owned());
    }
}

/// The pattern of a word anywhere; what a pattern would take for its own is taken literally.
fn containing(word: &str) -> String {
    let mut pattern = String::from("%");
    for character in word.chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pattern_takes_for_its_own_is_taken_literally() {
        assert_eq!(containing("100%_a!"), "%100!%!_a!!%");
    }

    #[test]
    fn a_search_is_bounded_and_without_accents() {
        assert_eq!(DeskFilter::words_of("  Área   MUÑOZ "), ["area", "munoz"]);
        let long = "x".repeat(500);
        assert_eq!(DeskFilter::words_of(&long)[0].len(), CHARACTERS);
        assert_eq!(DeskFilter::words_of("a b c d e f g h").len(), WORDS);
    }
}
