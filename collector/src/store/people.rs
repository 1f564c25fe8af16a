//! People: who they are, their roles and areas, and the hash of their password.

use jiff::Timestamp;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::{AreaId, PersonId};
use crate::domain::person::{Areas, Person, Role};
use crate::domain::text::fold;

/// What a [`PersonColumns`] is read from, of a person `p`.
macro_rules! person_columns {
    () => {
        "p.id, p.login, p.name, p.email, p.phone, p.unit, p.post, p.administrator, p.everywhere, p.disabled_at,
            (SELECT string_agg(x.role, ' ') FROM person_role x WHERE x.person_id = p.id) AS roles,
            (SELECT string_agg(x.area_id, ' ') FROM person_area x WHERE x.person_id = p.id) AS areas"
    };
}
pub(super) use person_columns;

#[derive(FromRow)]
pub(super) struct PersonColumns {
    id: String,
    login: String,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    unit: Option<String>,
    post: Option<String>,
    administrator: bool,
    everywhere: bool,
    disabled_at: Option<i64>,
    roles: Option<String>,
    areas: Option<String>,
}

impl PersonColumns {
    pub(super) fn read(self) -> Result<Person> {
        let words = self.roles.as_deref().unwrap_or_default().split_whitespace();
        let roles = words.map(|word| row::word("person_role", "role", word, Role::parse));
        let areas = self.areas.as_deref().unwrap_or_default().split_whitespace();
        Ok(Person {
            id: PersonId::new(self.id),
            login: self.login,
            name: self.name,
            roles: roles.collect::<Result<_>>()?,
            areas: if self.everywhere {
                Areas::All
            } else {
                Areas::Only(areas.map(AreaId::new).collect())
            },
            email: self.email,
            phone: self.phone,
            unit: self.unit,
            post: self.post,
            administrator: self.administrator,
            disabled_at: row::some_instant("person", "disabled_at", self.disabled_at)?,
        })
    }
}

/// Which people to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonFilter {
    /// Words that all must be in login, name, e-mail or unit; accents and case do not matter. Empty: anybody.
    pub text: String,
    /// Only those with this role.
    pub role: Option<Role>,
    /// Only those who may sign in (true) or who were shut out (false).
    pub active: Option<bool>,
    /// How many to pass over.
    pub offset: u32,
    /// At most how many.
    pub limit: u32,
}

/// What people are found by.
fn folded(person: &Person) -> String {
    let parts =
        [Some(&person.name), Some(&person.login), person.email.as_ref(), person.unit.as_ref()];
    fold(&parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" "))
}

/// Patterns of LIKE for the words of a search, one each; the fourth word and those after it must follow the third.
fn patterns(text: &str) -> [String; 3] {
    let mut patterns = [const { String::new() }; 3];
    for (at, word) in fold(text).split_whitespace().enumerate() {
        let pattern = &mut patterns[at.min(2)];
        pattern.push('%');
        pattern.extend(word.chars().flat_map(|character| {
            let escape = matches!(character, '%' | '_' | '\\').then_some('\\');
            escape.into_iter().chain([character])
        }));
    }
    patterns.map(|pattern| pattern + "%")
}

/// The condition of [`PersonFilter`], of a person `p`.
macro_rules! wanted {
    () => {
        "coalesce(p.folded, p.login) LIKE $1 ESCAPE '\\' AND coalesce(p.folded, p.login) LIKE $2 ESCAPE '\\'
            AND coalesce(p.folded, p.login) LIKE $3 ESCAPE '\\'
            AND (cast($4 AS text) IS NULL OR EXISTS (
                SELECT 1 FROM person_role x WHERE x.person_id = p.id AND x.role = $4))
            AND (cast($5 AS boolean) IS NULL OR (p.disabled_at IS NULL) = $5)"
    };
}

impl Read {
    /// A person.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn person(&mut self, id: &PersonId) -> Result<Option<Person>> {
        let sql = concat!("SELECT ", person_columns!(), " FROM person p WHERE p.id = $1");
        let found: Option<PersonColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(id.as_str()).fetch_optional(db).await)?;
        found.map(PersonColumns::read).transpose()
    }

    /// The person of that login, and the hash of their password if they chose one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn person_by_login(
        &mut self,
        login: &str,
    ) -> Result<Option<(Person, Option<String>)>> {
        let sql = "SELECT id, password_hash FROM person WHERE login = $1";
        let found: Option<(String, Option<String>)> =
            on!(self, |db| sqlx::query_as(sql).bind(login).fetch_optional(db).await)?;
        let Some((id, hash)) = found else { return Ok(None) };
        Ok(self.person(&PersonId::new(id)).await?.map(|person| (person, hash)))
    }

    /// A list of people by name, and how many there are in all.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn list_people(&mut self, filter: &PersonFilter) -> Result<(Vec<Person>, i64)> {
        let sql = concat!(
            "SELECT ",
            person_columns!(),
            " FROM person p WHERE ",
            wanted!(),
            " ORDER BY p.folded, p.id LIMIT $6 OFFSET $7"
        );
        let count = concat!("SELECT count(*) FROM person p WHERE ", wanted!());
        let ([first, second, third], role) =
            (patterns(&filter.text), filter.role.map(Role::as_str));
        let rows: Vec<PersonColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(&first)
            .bind(&second)
            .bind(&third)
            .bind(role)
            .bind(filter.active)
            .bind(i64::from(filter.limit))
            .bind(i64::from(filter.offset))
            .fetch_all(db)
            .await)?;
        let total: i64 = on!(self, |db| sqlx::query_scalar(count)
            .bind(&first)
            .bind(&second)
            .bind(&third)
            .bind(role)
            .bind(filter.active)
            .fetch_one(db)
            .await)?;
        Ok((rows.into_iter().map(PersonColumns::read).collect::<Result<_>>()?, total))
    }

    /// How many people can administer.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn administrators(&mut self) -> Result<i64> {
        let sql = "SELECT count(*) FROM person WHERE administrator AND disabled_at IS NULL";
        Ok(on!(self, |db| sqlx::query_scalar(sql).fetch_one(db).await)?)
    }
}

impl Write {
    /// Adds a person without a password.
    ///
    /// # Errors
    /// A conflict when the login is taken.
    pub async fn add_person(&mut self, person: &Person, now: Timestamp) -> Result<()> {
        let sql = "INSERT INTO person (id, login, name, administrator, everywhere, created_at)
                   VALUES ($1, $2, $3, FALSE, TRUE, $4)";
        on!(self, |db| sqlx::query(sql)
            .bind(person.id.as_str())
            .bind(&person.login)
            .bind(&person.name)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        self.save_person(person).await
    }

    /// Keeps what is said of a person, roles and areas included; their login and password stay.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn save_person(&mut self, person: &Person) -> Result<()> {
        let sql = "UPDATE person SET name = $2, email = $3, phone = $4, unit = $5, post = $6,
                       administrator = $7, everywhere = $8, disabled_at = $9, folded = $10
                   WHERE id = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(person.id.as_str())
            .bind(&person.name)
            .bind(&person.email)
            .bind(&person.phone)
            .bind(&person.unit)
            .bind(&person.post)
            .bind(person.administrator)
            .bind(person.areas == Areas::All)
            .bind(person.disabled_at.map(Timestamp::as_microsecond))
            .bind(folded(person))
            .execute(db)
            .await
            .map(drop))?;
        for sql in [
            "DELETE FROM person_role WHERE person_id = $1",
            "DELETE FROM person_area WHERE person_id = $1",
        ] {
            on!(self, |db| sqlx::query(sql).bind(person.id.as_str()).execute(db).await.map(drop))?;
        }
        let role = "INSERT INTO person_role (person_id, role) VALUES ($1, $2)";
        for word in person.roles.iter().map(Role::as_str) {
            on!(self, |db| sqlx::query(role)
                .bind(person.id.as_str())
                .bind(word)
                .execute(db)
                .await
                .map(drop))?;
        }
        let area = "INSERT INTO person_area (person_id, area_id) VALUES ($1, $2)";
        for id in person.areas.iter() {
            on!(self, |db| sqlx::query(area)
                .bind(person.id.as_str())
                .bind(id.as_str())
                .execute(db)
                .await
                .map(drop))?;
        }
        Ok(())
    }

    /// Keeps the hash of a person's password and ends their sessions but the one of secret hash `kept`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_password_hash(
        &mut self,
        person: &PersonId,
        hash: &str,
        kept: Option<&str>,
    ) -> Result<()> {
        let sql = "UPDATE person SET password_hash = $2 WHERE id = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(person.as_str())
            .bind(hash)
            .execute(db)
            .await
            .map(drop))?;
        self.end_sessions_of(person, kept).await.map(drop)
    }

    /// Makes people of an older version findable without accents.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn fold_people(&mut self) -> Result<()> {
        let sql = concat!("SELECT ", person_columns!(), " FROM person p WHERE p.folded IS NULL");
        let rows: Vec<PersonColumns> = on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        for row in rows {
            self.save_person(&row.read()?).await?;
        }
        Ok(())
    }
}
