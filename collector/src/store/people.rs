//! People, their one-time links and their sessions. Secrets are here only as hashes.

use jiff::Timestamp;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::PersonId;
use crate::domain::person::{Person, Role};

#[derive(FromRow)]
struct PersonColumns {
    id: String,
    login: String,
    name: String,
    role: String,
    administrator: bool,
    disabled_at: Option<i64>,
}

impl PersonColumns {
    fn read(self) -> Result<Person> {
        Ok(Person {
            id: PersonId::new(self.id),
            login: self.login,
            name: self.name,
            role: row::word("person", "role", &self.role, Role::parse)?,
            administrator: self.administrator,
            disabled_at: row::some_instant("person", "disabled_at", self.disabled_at)?,
        })
    }
}

/// A link that lets a person choose a password, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginLink {
    /// Whose.
    pub person: PersonId,
    /// When it stops being good.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// A web session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub person: Person,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

#[derive(FromRow)]
struct SessionColumns {
    #[sqlx(flatten)]
    person: PersonColumns,
    seen_at: i64,
    expires_at: i64,
}

const PERSON: &str =
    "SELECT id, login, name, role, administrator, disabled_at FROM person WHERE id = $1";

impl Read {
    /// A person.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn person(&mut self, id: &PersonId) -> Result<Option<Person>> {
        let found: Option<PersonColumns> =
            on!(self, |db| sqlx::query_as(PERSON).bind(id.as_str()).fetch_optional(db).await)?;
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

    /// How many people can administer.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn administrators(&mut self) -> Result<i64> {
        let sql = "SELECT count(*) FROM person WHERE administrator AND disabled_at IS NULL";
        Ok(on!(self, |db| sqlx::query_scalar(sql).fetch_one(db).await)?)
    }

    /// A one-time link.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn login_link(&mut self, secret_hash: &str) -> Result<Option<LoginLink>> {
        let sql = "SELECT person_id, expires_at, used_at FROM login_link WHERE secret_hash = $1";
        let found: Option<(String, i64, Option<i64>)> =
            on!(self, |db| sqlx::query_as(sql).bind(secret_hash).fetch_optional(db).await)?;
        found
            .map(|(person, expires_at, used_at)| {
                Ok(LoginLink {
                    person: PersonId::new(person),
                    expires_at: row::instant("login_link", "expires_at", expires_at)?,
                    used_at: row::some_instant("login_link", "used_at", used_at)?,
                })
            })
            .transpose()
    }

    /// A session that has not ended.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn session(&mut self, secret_hash: &str, now: Timestamp) -> Result<Option<Session>> {
        let sql = "SELECT p.id, p.login, p.name, p.role, p.administrator, p.disabled_at, s.seen_at, s.expires_at
                   FROM web_session s JOIN person p ON p.id = s.person_id
                   WHERE s.secret_hash = $1 AND s.expires_at > $2 AND p.disabled_at IS NULL";
        let found: Option<SessionColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(secret_hash)
            .bind(now.as_microsecond())
            .fetch_optional(db)
            .await)?;
        found
            .map(|columns| {
                Ok(Session {
                    person: columns.person.read()?,
                    seen_at: row::instant("web_session", "seen_at", columns.seen_at)?,
                    expires_at: row::instant("web_session", "expires_at", columns.expires_at)?,
                })
            })
            .transpose()
    }
}

impl Write {
    /// Adds a person without a password.
    ///
    /// # Errors
    /// A conflict when the login is taken.
    pub async fn add_person(&mut self, person: &Person, now: Timestamp) -> Result<()> {
        let sql = "INSERT INTO person (id, login, name, role, administrator, created_at)
                   VALUES ($1, $2, $3, $4, $5, $6)";
        on!(self, |db| sqlx::query(sql)
            .bind(person.id.as_str())
            .bind(&person.login)
            .bind(&person.name)
            .bind(person.role.as_str())
            .bind(person.administrator)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Keeps the hash of a person's password and ends their sessions.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_password_hash(&mut self, person: &PersonId, hash: &str) -> Result<()> {
        let sql = "UPDATE person SET password_hash = $2 WHERE id = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(person.as_str())
            .bind(hash)
            .execute(db)
            .await
            .map(drop))?;
        let end = "DELETE FROM web_session WHERE person_id = $1";
        on!(self, |db| sqlx::query(end).bind(person.as_str()).execute(db).await.map(drop))?;
        Ok(())
    }

    /// Keeps a one-time link.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_login_link(
        &mut self,
        secret_hash: &str,
        person: &PersonId,
        expires_at: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO login_link (secret_hash, person_id, expires_at) VALUES ($1, $2, $3)";
        on!(self, |db| sqlx::query(sql)
            .bind(secret_hash)
            .bind(person.as_str())
            .bind(expires_at.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Marks a link as used; false when it already was.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn use_login_link(&mut self, secret_hash: &str, now: Timestamp) -> Result<bool> {
        let sql = "UPDATE login_link SET used_at = $2 WHERE secret_hash = $1 AND used_at IS NULL";
        let changed: u64 = on!(self, |db| sqlx::query(sql)
            .bind(secret_hash)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Begins a session.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_session(
        &mut self,
        secret_hash: &str,
        person: &PersonId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        let sql =
            "INSERT INTO web_session (secret_hash, person_id, created_at, seen_at, expires_at)
                   VALUES ($1, $2, $3, $3, $4)";
        on!(self, |db| sqlx::query(sql)
            .bind(secret_hash)
            .bind(person.as_str())
            .bind(now.as_microsecond())
            .bind(expires_at.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Keeps a session alive.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn touch_session(
        &mut self,
        secret_hash: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        let sql = "UPDATE web_session SET seen_at = $2, expires_at = $3 WHERE secret_hash = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(secret_hash)
            .bind(now.as_microsecond())
            .bind(expires_at.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_session(&mut self, secret_hash: &str) -> Result<()> {
        let sql = "DELETE FROM web_session WHERE secret_hash = $1";
        on!(self, |db| sqlx::query(sql).bind(secret_hash).execute(db).await.map(drop))?;
        Ok(())
    }

    /// Forgets sessions and links that ended before `now`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forget_ended_sessions(&mut self, now: Timestamp) -> Result<()> {
        for sql in [
            "DELETE FROM web_session WHERE expires_at < $1",
            "DELETE FROM login_link WHERE expires_at < $1",
            "DELETE FROM login_failure WHERE blocked_until < $1 - 86400000000",
        ] {
            on!(self, |db| sqlx::query(sql)
                .bind(now.as_microsecond())
                .execute(db)
                .await
                .map(drop))?;
        }
        Ok(())
    }
}
