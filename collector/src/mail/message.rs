//! A message as it goes over the wire: UTF-8 plain text, names encoded, marked as written by a machine, and the same
//! bytes at every attempt. Nothing in it tracks who reads it.

use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{Address, address::AddressError};

use super::MailSettings;
use crate::domain::mail::Mail;

/// Longest name beside an address, characters.
const NAME: usize = 100;

/// Why a message cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// One of its addresses is none.
    #[error("«{0}» no es un correo")]
    Address(String),
    /// Something else of it.
    #[error("el mensaje no se puede componer: {0}")]
    Message(#[from] lettre::error::Error),
}

/// A message ready to be handed over.
pub struct Composed {
    /// Whom the server is told it comes from.
    pub from: Address,
    /// Whom it is for.
    pub to: Address,
    /// Headers and text.
    pub bytes: Vec<u8>,
}

/// Writes a message.
///
/// # Errors
/// When an address is none, which queueing has looked at before.
pub fn compose(mail: &Mail, settings: &MailSettings) -> Result<Composed, Unfit> {
    let (from, to) = (address(&settings.from)?, address(&mail.to_address)?);
    let seconds = u64::try_from(mail.created_at.as_second()).unwrap_or_default();
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let mut message = Message::builder()
        .date(date)
        .message_id(Some(mail.message_id.clone()))
        .from(Mailbox::new(name(&settings.from_name), from.clone()))
        .to(Mailbox::new(name(&mail.to_name), to.clone()))
        .subject(one_line(&mail.subject, usize::MAX));
    if let Some(reply_to) = &settings.reply_to {
        message = message.reply_to(Mailbox::new(None, address(reply_to)?));
    }
    // RFC 3834: nobody's absence answers it; the second is what Exchange listens to.
    let message = message
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Auto-Response-Suppress", "All"))
        .raw_header(header("List-Id", &format!("<avisos.{}>", settings.domain())))
        .header(ContentType::TEXT_PLAIN)
        .body(mail.body.clone())?;
    Ok(Composed { from, to, bytes: message.formatted() })
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn address(text: &str) -> Result<Address, Unfit> {
    text.parse().map_err(|_: AddressError| Unfit::Address(text.to_owned()))
}

fn name(text: &str) -> Option<String> {
    let name = one_line(text, NAME);
    (!name.is_empty()).then_some(name)
}

/// Without control characters: none of them begins a header of its own.
fn one_line(text: &str, longest: usize) -> String {
    let text: String =
        text.chars().filter(|character| !character.is_control()).take(longest).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::tests::mail;
    use super::*;

    fn settings() -> MailSettings {
        let from = "avisos@ejemplo.gob.mx".into();
        MailSettings {
            from,
            reply_to: Some("mesa@ejemplo.gob.mx".into()),
            ..MailSettings::default()
        }
    }

    fn written(mail: &Mail) -> String {
        String::from_utf8(compose(mail, &settings()).unwrap().bytes).unwrap()
    }

    #[test]
    fn names_and_texts_with_accents_are_encoded_and_every_attempt_is_the_same() {
        let mail = mail("1");
        let text = written(&mail);
        assert!(text.is_ascii(), "{text}");
        insta::assert_snapshot!(text.replace("\r\n", "\n"));
        assert_eq!(text, written(&mail));
    }

    #[test]
    fn no_name_and_no_subject_begins_a_header() {
        let mut mail = mail("2");
        mail.to_name = "Ana\r\nBcc: todos@ejemplo.mx".into();
        mail.subject = "Hola\r\nBcc: todos@ejemplo.mx\r\n\r\ncuerpo".into();
        mail.body = "uno\n.\nRSET\nBcc: x@y.mx\n".into();
        let text = written(&mail);
        let (headers, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(!headers.lines().any(|line| line.to_lowercase().starts_with("bcc")), "{headers}");
        assert!(body.starts_with("uno\r\n.\r\n"));
        mail.to_address = "ana@ejemplo.mx>\r\nRCPT TO:<x@y.mx".into();
        assert!(matches!(compose(&mail, &settings()), Err(Unfit::Address(_))));
    }
}
