//! Which runs somebody may see: one condition for every list, page and act. It must not put a value into the text of a
//! statement: every one is bound.

use std::collections::BTreeSet;

use sqlx::{Database, Encode, QueryBuilder, Type};

use super::Result;
use super::engine::{Read, on};
use crate::domain::id::{AreaId, PersonId, RunId};
use crate::domain::person::{Areas, Role, Roles};

/// Which runs somebody may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Sight {
    /// All.
    #[default]
    All,
    /// Of somebody of the unit: what is of these areas, of these procedures where only some are theirs; what they asked
    /// for and what is in their hands besides.
    Unit {
        /// Who.
        person: PersonId,
        /// Where they work.
        areas: Areas,
        /// Codes of the procedures that have a step for them; `None`: all are theirs.
        procedures: Option<BTreeSet<String>>,
    },
    /// Of others: what they asked for, what is in their hands, and what stands at a step of their unit's head where
    /// that is them: in these areas.
    Own {
        /// Who.
        person: PersonId,
        /// Areas of whose unit they are the head.
        heads: BTreeSet<AreaId>,
    },
}

impl Sight {
    /// Of somebody of the unit.
    pub fn of_unit(
        person: &PersonId,
        areas: &Areas,
        procedures: Option<BTreeSet<String>>,
    ) -> Sight {
        match (areas, procedures) {
            (Areas::All, None) => Sight::All,
            (areas, procedures) => {
                Sight::Unit { person: person.clone(), areas: areas.clone(), procedures }
            }
        }
    }

    /// Of somebody who is not of the unit.
    pub fn of_other(person: &PersonId, roles: Roles, areas: &Areas) -> Sight {
        let is_head = roles.has(Role::UnitHead);
        let heads = areas.iter().filter(|_| is_head).cloned().collect();
        Sight::Own { person: person.clone(), heads }
    }

    /// Writes what holds for a run `r` that may be seen, after another condition.
    pub(super) fn conditions<DB>(&self, sql: &mut QueryBuilder<DB>)
    where
        DB: Database,
        for<'q> String: Encode<'q, DB> + Type<DB>,
    {
        match self {
            Sight::All => {}
            Sight::Unit { person, areas, procedures } => {
                own(sql, person);
                sql.push(" OR (1 = 1");
                if let Areas::Only(areas) = areas {
                    sql.push(" AND (r.area_id");
                    listed(sql, areas.iter().map(AreaId::as_str));
                    // A plan is of every area it walks.
                    sql.push(
                        " OR EXISTS (SELECT 1 FROM run_subject s
                             WHERE s.run_id = r.id AND s.kind = 'area' AND s.subject_id",
                    );
                    listed(sql, areas.iter().map(AreaId::as_str));
                    sql.push("))");
                }
                if let Some(procedures) = procedures {
                    sql.push(" AND r.procedure_code");
                    listed(sql, procedures.iter().map(String::as_str));
                }
                sql.push("))");
            }
            Sight::Own { person, heads } => {
                own(sql, person);
                sql.push(" OR (r.step_role = 'unit_head' AND r.area_id");
                listed(sql, heads.iter().map(AreaId::as_str));
                sql.push("))");
            }
        }
    }
}

/// Begins a bracket with what somebody asked for and what is in their hands.
fn own<DB>(sql: &mut QueryBuilder<DB>, person: &PersonId)
where
    DB: Database,
    for<'q> String: Encode<'q, DB> + Type<DB>,
{
    sql.push(" AND (r.requester_id = ").push_bind(person.as_str().to_owned());
    sql.push(" OR r.assignee_id = ").push_bind(person.as_str().to_owned());
}

/// Writes `IN (…)`; of nothing, what never holds.
fn listed<'a, DB>(sql: &mut QueryBuilder<DB>, words: impl Iterator<Item = &'a str>)
where
    DB: Database,
    for<'q> String: Encode<'q, DB> + Type<DB>,
{
    // NULL alone is in no list of words; with it the list is never empty.
    sql.push(" IN (NULL");
    for word in words {
        sql.push(", ").push_bind(word.to_owned());
    }
    sql.push(")");
}

impl Read {
    /// Whether a run is there and may be seen.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sees(&mut self, sight: &Sight, run: &RunId) -> Result<bool> {
        let found: Option<i64> = on!(self, |db| {
            let mut sql = QueryBuilder::new("SELECT cast(1 AS bigint) FROM run r WHERE r.id = ");
            sql.push_bind(run.as_str().to_owned());
            sight.conditions(&mut sql);
            sql.build_query_scalar().fetch_optional(db).await
        })?;
        Ok(found.is_some())
    }
}
