//! Who is written to when something is of a role: those who may sign in, have it, and look after that area.

use super::Result;
use super::engine::{Read, on};
use super::people::{PersonColumns, person_columns};
use crate::domain::id::AreaId;
use crate::domain::notice::NoticeKind;
use crate::domain::person::{Person, Role};

/// Most people written to for one thing.
const PEOPLE: i64 = 50;

impl Read {
    /// People of a role who look after an area (`None`: what belongs to no area) and did not do without such notices.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn addressees(
        &mut self,
        role: Role,
        area: Option<&AreaId>,
        kind: NoticeKind,
    ) -> Result<Vec<Person>> {
        let sql = concat!(
            "SELECT ",
            person_columns!(),
            " FROM person p WHERE p.disabled_at IS NULL
                AND EXISTS (SELECT 1 FROM person_role x WHERE x.person_id = p.id AND x.role = $1)
                AND (p.everywhere OR EXISTS (
                    SELECT 1 FROM person_area x WHERE x.person_id = p.id AND x.area_id = $2))
                AND NOT EXISTS (SELECT 1 FROM mail_mute x WHERE x.person_id = p.id AND x.kind = $3)
                ORDER BY p.id LIMIT $4"
        );
        let rows: Vec<PersonColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(role.as_str())
            .bind(area.map(AreaId::as_str))
            .bind(kind.as_str())
            .bind(PEOPLE)
            .fetch_all(db)
            .await)?;
        rows.into_iter().map(PersonColumns::read).collect()
    }
}
