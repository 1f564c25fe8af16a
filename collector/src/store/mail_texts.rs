//! What surrounds the outbox: the texts of notices in their editions, who does not want which, and what the collector
//! that serves was configured with.

use jiff::Timestamp;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::PersonId;
use crate::domain::notice::{NoticeKind, Text};

/// A text somebody gave a kind of notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordedText {
    /// Of which kind.
    pub kind: NoticeKind,
    /// 1 for the first.
    pub edition: u32,
    /// What it says.
    pub text: Text,
    /// Who worded it.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
}

/// What the collector that serves was configured with. Never a password.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct MailSetting {
    /// There is a server to send by: otherwise nothing is queued.
    pub enabled: bool,
    /// Where the pages are, without a slash at the end.
    pub web_url: String,
    /// Name of the server.
    pub server: String,
    /// Its port.
    pub port: i64,
    /// `starttls`, `tls` or `none`.
    pub security: String,
    /// Who it is entered as; empty: nobody.
    pub account: String,
    /// Address messages come from, with its name.
    pub sender: String,
    /// Address answers go to; empty: the sender.
    pub reply_to: String,
}

#[derive(FromRow)]
struct TextColumns {
    kind: String,
    edition: i64,
    subject: String,
    body: String,
    changed_by: String,
    changed_at: i64,
}

impl TextColumns {
    fn read(self) -> Result<WordedText> {
        Ok(WordedText {
            kind: row::word("mail_template", "kind", &self.kind, NoticeKind::parse)?,
            edition: row::number("mail_template", "edition", self.edition)?,
            text: Text { subject: self.subject, body: self.body },
            changed_by: self.changed_by,
            changed_at: row::instant("mail_template", "changed_at", self.changed_at)?,
        })
    }
}

impl Read {
    /// What each kind of notice says where somebody worded it; of one kind when it is given.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn mail_texts(&mut self, kind: Option<NoticeKind>) -> Result<Vec<WordedText>> {
        let sql = "SELECT kind, edition, subject, body, changed_by, changed_at FROM mail_template t
            WHERE edition = (SELECT max(edition) FROM mail_template WHERE kind = t.kind)
                AND (cast($1 AS text) IS NULL OR kind = $1)";
        let rows: Vec<TextColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(kind.map(NoticeKind::as_str))
            .fetch_all(db)
            .await)?;
        rows.into_iter().map(TextColumns::read).collect()
    }

    /// The kinds of notices a person does not want.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn muted_notices(&mut self, person: &PersonId) -> Result<Vec<NoticeKind>> {
        let sql = "SELECT kind FROM mail_mute WHERE person_id = $1 ORDER BY kind";
        let rows: Vec<String> =
            on!(self, |db| sqlx::query_scalar(sql).bind(person.as_str()).fetch_all(db).await)?;
        rows.iter().map(|kind| row::word("mail_mute", "kind", kind, NoticeKind::parse)).collect()
    }

    /// What the collector that serves was configured with; `None`: none has served yet.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn mail_setting(&mut self) -> Result<Option<MailSetting>> {
        let sql = "SELECT enabled, web_url, server, port, security, account, sender, reply_to
            FROM mail_setting WHERE id = 1";
        Ok(on!(self, |db| sqlx::query_as(sql).fetch_optional(db).await)?)
    }
}

impl Write {
    /// Gives a kind of notice a text, as the edition after the last.
    ///
    /// # Errors
    /// A conflict when somebody did so at the same moment.
    pub async fn add_mail_text(&mut self, worded: &WordedText) -> Result<()> {
        let sql = "INSERT INTO mail_template (kind, edition, subject, body, changed_by, changed_at)
            VALUES ($1, $2, $3, $4, $5, $6)";
        on!(self, |db| sqlx::query(sql)
            .bind(worded.kind.as_str())
            .bind(i64::from(worded.edition))
            .bind(&worded.text.subject)
            .bind(&worded.text.body)
            .bind(&worded.changed_by)
            .bind(worded.changed_at.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Says which kinds of notices a person does not want.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_muted_notices(
        &mut self,
        person: &PersonId,
        kinds: &[NoticeKind],
    ) -> Result<()> {
        let clear = "DELETE FROM mail_mute WHERE person_id = $1";
        on!(self, |db| sqlx::query(clear).bind(person.as_str()).execute(db).await.map(drop))?;
        // At most as many as there are kinds: a handful.
        for kind in kinds {
            let sql = "INSERT INTO mail_mute (person_id, kind) VALUES ($1, $2)
                ON CONFLICT (person_id, kind) DO NOTHING";
            on!(self, |db| sqlx::query(sql)
                .bind(person.as_str())
                .bind(kind.as_str())
                .execute(db)
                .await
                .map(drop))?;
        }
        Ok(())
    }

    /// Keeps what the collector that serves was configured with.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_mail_setting(&mut self, setting: &MailSetting, now: Timestamp) -> Result<()> {
        let sql = "INSERT INTO mail_setting
                (id, enabled, web_url, server, port, security, account, sender, reply_to, written_at)
            VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (id) DO UPDATE SET enabled = $1, web_url = $2, server = $3, port = $4,
                security = $5, account = $6, sender = $7, reply_to = $8, written_at = $9";
        on!(self, |db| sqlx::query(sql)
            .bind(setting.enabled)
            .bind(&setting.web_url)
            .bind(&setting.server)
            .bind(setting.port)
            .bind(&setting.security)
            .bind(&setting.account)
            .bind(&setting.sender)
            .bind(&setting.reply_to)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }
}
