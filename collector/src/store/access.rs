//! API tokens, and the growing wait after failed sign-ins. Secrets are here only as hashes.

use jiff::Timestamp;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::TokenId;
use crate::domain::person::{Scope, Token};

#[derive(FromRow)]
struct TokenColumns {
    id: String,
    name: String,
    scope: String,
    revoked_at: Option<i64>,
}

impl Read {
    /// A token that was not shut out.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn token(&mut self, secret_hash: &str) -> Result<Option<Token>> {
        let sql = "SELECT id, name, scope, revoked_at FROM api_token
                   WHERE secret_hash = $1 AND revoked_at IS NULL";
        let found: Option<TokenColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(secret_hash).fetch_optional(db).await)?;
        found
            .map(|columns| {
                Ok(Token {
                    id: TokenId::new(columns.id),
                    name: columns.name,
                    scope: row::word("api_token", "scope", &columns.scope, Scope::parse)?,
                    revoked_at: row::some_instant("api_token", "revoked_at", columns.revoked_at)?,
                })
            })
            .transpose()
    }

    /// Failed sign-ins of a login or an address, and until when it has to wait.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn login_failures(&mut self, subject: &str) -> Result<Option<(i64, Timestamp)>> {
        let sql = "SELECT failures, blocked_until FROM login_failure WHERE subject = $1";
        let found: Option<(i64, i64)> =
            on!(self, |db| sqlx::query_as(sql).bind(subject).fetch_optional(db).await)?;
        found
            .map(|(failures, until)| {
                Ok((failures, row::instant("login_failure", "blocked_until", until)?))
            })
            .transpose()
    }
}

impl Write {
    /// Keeps a new token.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_token(
        &mut self,
        token: &Token,
        secret_hash: &str,
        now: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO api_token (id, name, scope, secret_hash, created_at) VALUES ($1, $2, $3, $4, $5)";
        on!(self, |db| sqlx::query(sql)
            .bind(token.id.as_str())
            .bind(&token.name)
            .bind(token.scope.as_str())
            .bind(secret_hash)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Counts a failed sign-in.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_login_failures(
        &mut self,
        subject: &str,
        failures: i64,
        blocked_until: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO login_failure (subject, failures, blocked_until) VALUES ($1, $2, $3)
                   ON CONFLICT (subject) DO UPDATE SET failures = $2, blocked_until = $3";
        on!(self, |db| sqlx::query(sql)
            .bind(subject)
            .bind(failures)
            .bind(blocked_until.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Forgets the failures of a login after it succeeded.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn clear_login_failures(&mut self, subject: &str) -> Result<()> {
        let sql = "DELETE FROM login_failure WHERE subject = $1";
        on!(self, |db| sqlx::query(sql).bind(subject).execute(db).await.map(drop))?;
        Ok(())
    }
}
