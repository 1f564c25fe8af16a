//! Requests of people without an account: their codes (as hashes), what is said between them and the unit, and attempts, for
//! the growing wait.

use jiff::Timestamp;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::device::Device;
use crate::domain::id::{DeviceId, RunId};
use crate::domain::portal::Service;

/// A request, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalRequest {
    /// The run it began.
    pub run: RunId,
    /// The argon2id hash of its code.
    pub code_hash: String,
    /// What was asked for.
    pub service: Service,
}

/// Something said between the requester and the unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalMessage {
    /// When.
    pub at: Timestamp,
    /// By the requester; else by the unit.
    pub from_requester: bool,
    /// Name of who said it.
    pub author: String,
    /// What.
    pub body: String,
}

#[derive(FromRow)]
struct MessageColumns {
    at: i64,
    from_requester: bool,
    author: String,
    body: String,
}

impl Read {
    /// The request that began the run of a folio.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn portal_request(&mut self, folio: &str) -> Result<Option<PortalRequest>> {
        let sql = "SELECT p.run_id, p.code_hash, p.service
                   FROM portal_request p JOIN run r ON r.id = p.run_id WHERE r.folio = $1";
        let found: Option<(String, String, String)> =
            on!(self, |db| sqlx::query_as(sql).bind(folio).fetch_optional(db).await)?;
        found
            .map(|(run, code_hash, service)| {
                let service = row::word("portal_request", "service", &service, Service::parse)?;
                Ok(PortalRequest { run: RunId::new(run), code_hash, service })
            })
            .transpose()
    }

    /// Whether a run was asked for by the portal.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn is_from_portal(&mut self, run: &RunId) -> Result<bool> {
        let sql = "SELECT count(*) FROM portal_request WHERE run_id = $1";
        let count: i64 =
            on!(self, |db| sqlx::query_scalar(sql).bind(run.as_str()).fetch_one(db).await)?;
        Ok(count > 0)
    }

    /// The device with that number on its label, unless it is shut out.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn device_by_number(&mut self, number: i64) -> Result<Option<Device>> {
        let sql = "SELECT id FROM device WHERE number = $1 AND status <> 'revoked'";
        let found: Option<String> =
            on!(self, |db| sqlx::query_scalar(sql).bind(number).fetch_optional(db).await)?;
        match found {
            Some(id) => self.device(&DeviceId::new(id)).await,
            None => Ok(None),
        }
    }

    /// What was said in a run, in order.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn portal_messages(&mut self, run: &RunId) -> Result<Vec<PortalMessage>> {
        let sql = "SELECT at, from_requester, author, body FROM portal_message
                   WHERE run_id = $1 ORDER BY number";
        let rows: Vec<MessageColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(run.as_str()).fetch_all(db).await)?;
        rows.into_iter()
            .map(|columns| {
                Ok(PortalMessage {
                    at: row::instant("portal_message", "at", columns.at)?,
                    from_requester: columns.from_requester,
                    author: columns.author,
                    body: columns.body,
                })
            })
            .collect()
    }
}

impl Write {
    /// Keeps that a run was asked for by the portal. `notice_sha256` tells which privacy notice was shown.
    ///
    /// # Errors
    /// When the run has a request already.
    pub async fn add_portal_request(
        &mut self,
        request: &PortalRequest,
        notice_sha256: &str,
        now: Timestamp,
    ) -> Result<()> {
        let sql =
            "INSERT INTO portal_request (run_id, code_hash, service, notice_sha256, created_at)
                   VALUES ($1, $2, $3, $4, $5)";
        on!(self, |db| sqlx::query(sql)
            .bind(request.run.as_str())
            .bind(&request.code_hash)
            .bind(request.service.as_str())
            .bind(notice_sha256)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Appends a message.
    ///
    /// # Errors
    /// A conflict when somebody appended at the same moment.
    pub async fn add_portal_message(&mut self, run: &RunId, message: &PortalMessage) -> Result<()> {
        let sql = "INSERT INTO portal_message (run_id, number, at, from_requester, author, body)
                   SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5
                   FROM portal_message WHERE run_id = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(run.as_str())
            .bind(message.at.as_microsecond())
            .bind(message.from_requester)
            .bind(&message.author)
            .bind(&message.body)
            .execute(db)
            .await
            .map(drop))?;
        self.bump("run");
        Ok(())
    }

    /// Counts an attempt of a subject; how many there were since `window_from`, this one included, and until when it has to
    /// wait from before.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn count_portal_attempt(
        &mut self,
        subject: &str,
        now: Timestamp,
        window_from: Timestamp,
    ) -> Result<(i64, Timestamp)> {
        let sql = "INSERT INTO portal_attempt (subject, attempts, window_from, blocked_until) VALUES ($1, 1, $2, 0)
                   ON CONFLICT (subject) DO UPDATE SET
                       attempts = CASE WHEN portal_attempt.window_from < $3 THEN 1 ELSE portal_attempt.attempts + 1 END,
                       window_from = CASE WHEN portal_attempt.window_from < $3 THEN $2 ELSE portal_attempt.window_from END
                   RETURNING attempts, blocked_until";
        let (attempts, until): (i64, i64) = on!(self, |db| sqlx::query_as(sql)
            .bind(subject)
            .bind(now.as_microsecond())
            .bind(window_from.as_microsecond())
            .fetch_one(db)
            .await)?;
        Ok((attempts, row::instant("portal_attempt", "blocked_until", until)?))
    }

    /// Has a subject wait.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn block_portal_subject(&mut self, subject: &str, until: Timestamp) -> Result<()> {
        let sql = "UPDATE portal_attempt SET blocked_until = $2 WHERE subject = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(subject)
            .bind(until.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Takes an attempt back that turned out to be in order.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forgive_portal_attempt(&mut self, subject: &str) -> Result<()> {
        let sql = "UPDATE portal_attempt SET attempts = attempts - 1, blocked_until = 0
                   WHERE subject = $1 AND attempts > 0";
        on!(self, |db| sqlx::query(sql).bind(subject).execute(db).await.map(drop))?;
        Ok(())
    }

    /// Forgets attempts that matter no more.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forget_portal_attempts(&mut self, before: Timestamp) -> Result<()> {
        let sql = "DELETE FROM portal_attempt WHERE window_from < $1 AND blocked_until < $1";
        on!(self, |db| sqlx::query(sql).bind(before.as_microsecond()).execute(db).await.map(drop))?;
        Ok(())
    }
}
