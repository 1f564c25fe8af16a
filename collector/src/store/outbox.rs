//! The outbox: messages are queued with what causes them, in one transaction, and their way is noted step by step,
//! so that a crash at any point leaves a message that was not sent or one of which that is not known.

use jiff::Timestamp;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::{PersonId, RunId};
use crate::domain::mail::{Mail, MailState};
use crate::domain::notice::NoticeKind;

/// What pages that show messages listen to.
const SUBJECT: &str = "mail";

#[derive(FromRow)]
struct MailColumns {
    id: String,
    created_at: i64,
    kind: String,
    run_id: Option<String>,
    person_id: Option<String>,
    to_address: String,
    to_name: String,
    subject: String,
    body_text: String,
    dedupe_key: String,
    message_id: String,
    state: String,
    attempts: i64,
    next_at: i64,
    give_up_at: i64,
    last_error: Option<String>,
    sent_at: Option<i64>,
}

const COLUMNS: &str =
    "id, created_at, kind, run_id, person_id, to_address, to_name, subject, body_text,
    dedupe_key, message_id, state, attempts, next_at, give_up_at, last_error, sent_at";

impl MailColumns {
    fn read(self) -> Result<Mail> {
        let instant = |column, value| row::instant("outbox", column, value);
        Ok(Mail {
            created_at: instant("created_at", self.created_at)?,
            kind: row::word("outbox", "kind", &self.kind, NoticeKind::parse)?,
            run: self.run_id.map(RunId::new),
            person: self.person_id.map(PersonId::new),
            state: row::word("outbox", "state", &self.state, MailState::parse)?,
            attempts: row::number("outbox", "attempts", self.attempts)?,
            next_at: instant("next_at", self.next_at)?,
            give_up_at: instant("give_up_at", self.give_up_at)?,
            sent_at: row::some_instant("outbox", "sent_at", self.sent_at)?,
            id: self.id,
            to_address: self.to_address,
            to_name: self.to_name,
            subject: self.subject,
            body: self.body_text,
            dedupe_key: self.dedupe_key,
            message_id: self.message_id,
            last_error: self.last_error,
        })
    }
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The server took it.
    Sent,
    /// It does not have it; again at this instant.
    Again(Timestamp, String),
    /// It was given all of it and its answer is not known.
    Uncertain(String),
    /// It does not want it.
    GivenUp(String),
}

impl Read {
    /// Messages in these states, the newest first; of one run when it is given.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn mails(
        &mut self,
        states: &[MailState],
        run: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<Mail>> {
        let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        let sql = format!(
            "SELECT {COLUMNS} FROM outbox
             WHERE (cast($1 AS text) IS NULL OR run_id = $1) AND ',' || $2 || ',' LIKE '%,' || state || ',%'
             ORDER BY created_at DESC, id DESC LIMIT $3"
        );
        let rows: Vec<MailColumns> = on!(self, |db| sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(run.map(RunId::as_str))
            .bind(words.join(","))
            .bind(i64::from(limit))
            .fetch_all(db)
            .await)?;
        rows.into_iter().map(MailColumns::read).collect()
    }

    /// A message.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn mail(&mut self, id: &str) -> Result<Option<Mail>> {
        let sql = format!("SELECT {COLUMNS} FROM outbox WHERE id = $1");
        let row: Option<MailColumns> = on!(self, |db| sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(id)
            .fetch_optional(db)
            .await)?;
        row.map(MailColumns::read).transpose()
    }

    /// How many messages are in each state; a state without any is left out.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn mail_counts(&mut self) -> Result<Vec<(MailState, i64)>> {
        let sql = "SELECT state, count(*) FROM outbox GROUP BY state";
        let rows: Vec<(String, i64)> = on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        let read = |(state, count): (String, i64)| {
            Ok((row::word("outbox", "state", &state, MailState::parse)?, count))
        };
        rows.into_iter().map(read).collect()
    }
}

impl Write {
    /// Queues a message; false when the same was queued before.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn queue_mail(&mut self, mail: &Mail) -> Result<bool> {
        self.bump(SUBJECT);
        let sql = "INSERT INTO outbox (id, created_at, kind, run_id, person_id, to_address, to_name, subject,
                body_text, dedupe_key, message_id, state, attempts, next_at, give_up_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14)
            ON CONFLICT (dedupe_key) DO NOTHING";
        let queued = on!(self, |db| sqlx::query(sql)
            .bind(&mail.id)
            .bind(mail.created_at.as_microsecond())
            .bind(mail.kind.as_str())
            .bind(mail.run.as_ref().map(RunId::as_str))
            .bind(mail.person.as_ref().map(PersonId::as_str))
            .bind(&mail.to_address)
            .bind(&mail.to_name)
            .bind(&mail.subject)
            .bind(&mail.body)
            .bind(&mail.dedupe_key)
            .bind(&mail.message_id)
            .bind(mail.state.as_str())
            .bind(mail.next_at.as_microsecond())
            .bind(mail.give_up_at.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(queued == 1)
    }

    /// Takes the message that is due longest for `holder` to send; `None` when none is due.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn claim_mail(&mut self, holder: &str, now: Timestamp) -> Result<Option<Mail>> {
        let sql = "UPDATE outbox SET state = 'sending', claimed_by = $1, handed_at = NULL, attempts = attempts + 1
            WHERE state = 'queued' AND id = (SELECT id FROM outbox
                WHERE state = 'queued' AND next_at <= $2 ORDER BY next_at, id LIMIT 1)
            RETURNING id";
        let id: Option<String> = on!(self, |db| sqlx::query_scalar(sql)
            .bind(holder)
            .bind(now.as_microsecond())
            .fetch_optional(db)
            .await)?;
        match id {
            Some(id) => self.mail(&id).await,
            None => Ok(None),
        }
    }

    /// Notes, before the server is given the text, that it may have it from now on; false when the message is no
    /// longer this holder's to send.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn hand_mail(&mut self, id: &str, holder: &str, now: Timestamp) -> Result<bool> {
        let sql = "UPDATE outbox SET handed_at = $3
            WHERE id = $1 AND claimed_by = $2 AND state = 'sending' AND handed_at IS NULL";
        let handed = on!(self, |db| sqlx::query(sql)
            .bind(id)
            .bind(holder)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(handed == 1)
    }

    /// Notes what an attempt of `holder` came to. One who was given up for dead meanwhile may still say that the
    /// server took it, nothing else.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_attempt(
        &mut self,
        id: &str,
        holder: &str,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<bool> {
        self.bump(SUBJECT);
        let (state, next, error) = match attempt {
            Attempt::Sent => (MailState::Sent, None, None),
            Attempt::Again(at, error) => {
                (MailState::Queued, Some(at.as_microsecond()), Some(error))
            }
            Attempt::Uncertain(error) => (MailState::Uncertain, None, Some(error)),
            Attempt::GivenUp(error) => (MailState::GivenUp, None, Some(error)),
        };
        let sql = "UPDATE outbox SET state = $3, last_error = $4,
                next_at = CASE WHEN cast($5 AS bigint) IS NULL THEN next_at ELSE $5 END,
                sent_at = CASE WHEN $3 = 'sent' THEN cast($6 AS bigint) ELSE NULL END,
                body_text = CASE WHEN $3 = 'sent' THEN '' ELSE body_text END
            WHERE id = $1 AND claimed_by = $2
                AND (state = 'sending' OR (state = 'uncertain' AND $3 = 'sent'))";
        let ended = on!(self, |db| sqlx::query(sql)
            .bind(id)
            .bind(holder)
            .bind(state.as_str())
            .bind(error)
            .bind(next)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(ended == 1)
    }

    /// The server cannot be reached: what is due waits until `next`, and has failed once more. Returns how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_off_mails(
        &mut self,
        error: &str,
        next: Timestamp,
        now: Timestamp,
    ) -> Result<u64> {
        self.bump(SUBJECT);
        let sql = "UPDATE outbox SET attempts = attempts + 1, next_at = $1, last_error = $2
            WHERE state = 'queued' AND next_at <= $3";
        Ok(on!(self, |db| sqlx::query(sql)
            .bind(next.as_microsecond())
            .bind(error)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?)
    }

    /// Gives up messages whose time is over and that were tried at least once. Returns how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn give_up_mails(&mut self, now: Timestamp) -> Result<u64> {
        let sql = "UPDATE outbox SET state = 'given_up'
            WHERE state = 'queued' AND attempts > 0 AND give_up_at <= $1";
        let given_up = on!(self, |db| sqlx::query(sql)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        if given_up > 0 {
            self.bump(SUBJECT);
        }
        Ok(given_up)
    }

    /// Takes over from a sender that is gone: what the server cannot have is queued again, what it may have is
    /// uncertain. Returns how many of each.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn recover_mails(&mut self, holder: &str, why: &str) -> Result<(u64, u64)> {
        let again = "UPDATE outbox SET state = 'queued'
            WHERE state = 'sending' AND claimed_by <> $1 AND handed_at IS NULL";
        let again = on!(self, |db| sqlx::query(again)
            .bind(holder)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        let uncertain = "UPDATE outbox SET state = 'uncertain', last_error = $2
            WHERE state = 'sending' AND claimed_by <> $1 AND handed_at IS NOT NULL";
        let uncertain = on!(self, |db| sqlx::query(uncertain)
            .bind(holder)
            .bind(why)
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        if again + uncertain > 0 {
            self.bump(SUBJECT);
        }
        Ok((again, uncertain))
    }

    /// A person wants a message sent that was given up or is uncertain; false when it is neither.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn requeue_mail(
        &mut self,
        id: &str,
        now: Timestamp,
        give_up_at: Timestamp,
    ) -> Result<bool> {
        self.bump(SUBJECT);
        let sql = "UPDATE outbox SET state = 'queued', next_at = $2, give_up_at = $3
            WHERE id = $1 AND state IN ('uncertain', 'given_up')";
        let queued = on!(self, |db| sqlx::query(sql)
            .bind(id)
            .bind(now.as_microsecond())
            .bind(give_up_at.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(queued == 1)
    }
}
