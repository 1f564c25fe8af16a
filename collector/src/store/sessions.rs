//! One-time links and web sessions. Secrets are here only as hashes.

use jiff::Timestamp;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::people::{PersonColumns, person_columns};
use super::{Result, row};
use crate::domain::id::PersonId;
use crate::domain::person::Person;

/// A link that lets a person choose a password, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginLink {
    /// Whose.
    pub person: PersonId,
    /// When it stops being good.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
    /// It takes the second factor away too.
    pub resets_totp: bool,
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
    /// The password was right; the code of the second factor is still waited for.
    pub awaits_code: bool,
    /// Its owner has a second factor.
    pub totp: bool,
}

/// A session as its owner sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// What it is named by where it is ended; tells nothing of its secret.
    pub id: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to some minutes.
    pub seen_at: Timestamp,
    /// Address it was begun from; empty: not known.
    pub address: String,
    /// What the browser calls itself; empty: not known.
    pub browser: String,
}

/// A session to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession<'a> {
    /// Hash of its secret.
    pub secret_hash: &'a str,
    /// Whose.
    pub person: &'a PersonId,
    /// Until when.
    pub expires_at: Timestamp,
    /// Address it is begun from; empty: not known.
    pub address: &'a str,
    /// What the browser calls itself; empty: not known.
    pub browser: &'a str,
    /// The code of the second factor is still waited for.
    pub awaits_code: bool,
}

/// Characters of the hash a session is named by: enough to tell one from another.
const NAMED_BY: i32 = 16;

#[derive(FromRow)]
struct SessionColumns {
    #[sqlx(flatten)]
    person: PersonColumns,
    seen_at: i64,
    expires_at: i64,
    awaits_code: bool,
    totp: bool,
}

impl Read {
    /// A one-time link.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn login_link(&mut self, secret_hash: &str) -> Result<Option<LoginLink>> {
        let sql = "SELECT person_id, expires_at, used_at, resets_totp FROM login_link WHERE secret_hash = $1";
        let found: Option<(String, i64, Option<i64>, bool)> =
            on!(self, |db| sqlx::query_as(sql).bind(secret_hash).fetch_optional(db).await)?;
        found
            .map(|(person, expires_at, used_at, resets_totp)| {
                Ok(LoginLink {
                    person: PersonId::new(person),
                    expires_at: row::instant("login_link", "expires_at", expires_at)?,
                    used_at: row::some_instant("login_link", "used_at", used_at)?,
                    resets_totp,
                })
            })
            .transpose()
    }

    /// A session that has not ended.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn session(&mut self, secret_hash: &str, now: Timestamp) -> Result<Option<Session>> {
        let sql = concat!(
            "SELECT ",
            person_columns!(),
            ", s.seen_at, s.expires_at, s.awaits_code,
                EXISTS (SELECT 1 FROM person_totp t WHERE t.person_id = p.id AND t.enrolled_at IS NOT NULL) AS totp
              FROM web_session s JOIN person p ON p.id = s.person_id
              WHERE s.secret_hash = $1 AND s.expires_at > $2 AND p.disabled_at IS NULL"
        );
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
                    awaits_code: columns.awaits_code,
                    totp: columns.totp,
                })
            })
            .transpose()
    }
}

impl Read {
    /// A person's sessions that have not ended, last used first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sessions_of(
        &mut self,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<Vec<SessionRow>> {
        let sql = "SELECT secret_hash, created_at, seen_at, address, browser FROM web_session
                   WHERE person_id = $1 AND expires_at > $2 AND NOT awaits_code
                   ORDER BY seen_at DESC LIMIT 100";
        let rows: Vec<(String, i64, i64, String, String)> = on!(self, |db| sqlx::query_as(sql)
            .bind(person.as_str())
            .bind(now.as_microsecond())
            .fetch_all(db)
            .await)?;
        let rows = rows.into_iter().map(|(hash, created_at, seen_at, address, browser)| {
            Ok(SessionRow {
                id: session_name(&hash),
                created_at: row::instant("web_session", "created_at", created_at)?,
                seen_at: row::instant("web_session", "seen_at", seen_at)?,
                address,
                browser,
            })
        });
        rows.collect()
    }
}

/// What a session is named by where it is listed and ended.
pub fn session_name(secret_hash: &str) -> String {
    secret_hash.chars().take(NAMED_BY as usize).collect()
}

impl Write {
    /// Keeps a one-time link.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_login_link(
        &mut self,
        secret_hash: &str,
        person: &PersonId,
        expires_at: Timestamp,
        resets_totp: bool,
    ) -> Result<()> {
        let sql = "INSERT INTO login_link (secret_hash, person_id, expires_at, resets_totp)
                   VALUES ($1, $2, $3, $4)";
        on!(self, |db| sqlx::query(sql)
            .bind(secret_hash)
            .bind(person.as_str())
            .bind(expires_at.as_microsecond())
            .bind(resets_totp)
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Makes a person's links worthless: a newer one takes their place, or nobody is to come in by one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_links_of(&mut self, person: &PersonId) -> Result<()> {
        let sql = "DELETE FROM login_link WHERE person_id = $1 AND used_at IS NULL";
        on!(self, |db| sqlx::query(sql).bind(person.as_str()).execute(db).await.map(drop))?;
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
    pub async fn add_session(&mut self, session: &NewSession<'_>, now: Timestamp) -> Result<()> {
        let sql = "INSERT INTO web_session
                       (secret_hash, person_id, created_at, seen_at, expires_at, address, browser, awaits_code)
                   VALUES ($1, $2, $3, $3, $4, $5, $6, $7)";
        on!(self, |db| sqlx::query(sql)
            .bind(session.secret_hash)
            .bind(session.person.as_str())
            .bind(now.as_microsecond())
            .bind(session.expires_at.as_microsecond())
            .bind(session.address)
            .bind(session.browser)
            .bind(session.awaits_code)
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

    /// Ends a person's sessions but the one of secret hash `kept`; how many there were.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_sessions_of(&mut self, person: &PersonId, kept: Option<&str>) -> Result<u64> {
        let sql = "DELETE FROM web_session WHERE person_id = $1 AND secret_hash <> $2";
        Ok(on!(self, |db| sqlx::query(sql)
            .bind(person.as_str())
            .bind(kept.unwrap_or_default())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?)
    }

    /// Ends the session of a person that is named so; false when there is none.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_session_named(&mut self, person: &PersonId, name: &str) -> Result<bool> {
        let sql =
            "DELETE FROM web_session WHERE person_id = $1 AND substr(secret_hash, 1, $3) = $2";
        let ended: u64 = on!(self, |db| sqlx::query(sql)
            .bind(person.as_str())
            .bind(name)
            .bind(NAMED_BY)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(ended > 0)
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
