//! What a person decides about notices: their texts, which of their own they do without, that a message is sent again,
//! and that the server is tried out.

use jiff::Timestamp;
use uuid::Uuid;

use super::notify::{Recipient, message};
use super::{Error, Result};
use crate::domain::access::Actor;
use crate::domain::id::PersonId;
use crate::domain::mail::{GIVE_UP, is_address};
use crate::domain::notice::{NoticeKind, Placeholder, Text, Values};
use crate::store::{AuditEntry, Store, WordedText};

/// Gives a kind of notice a text; `None`: the shipped one again. The texts before stay on record.
///
/// # Errors
/// [`Error::Unfit`] naming what is wrong with it.
pub async fn set_text(
    store: &Store,
    kind: NoticeKind,
    text: Option<Text>,
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let shipped = text.is_none();
    let text = text.unwrap_or_else(|| kind.shipped());
    let text = Text {
        subject: text.subject.trim().to_owned(),
        body: text.body.replace("\r\n", "\n").trim().to_owned() + "\n",
    };
    text.check(kind).map_err(|fault| Error::Unfit(fault.to_string()))?;
    let mut db = store.write().await?;
    let last = db.mail_texts(Some(kind)).await?.pop();
    let edition = last.map_or(0, |last| last.edition).saturating_add(1);
    let changed_by = actor.name().to_owned();
    let worded = WordedText { kind, edition, text, changed_by, changed_at: now };
    match db.add_mail_text(&worded).await {
        Err(error) if error.is_conflict() => return Err(Error::Overtaken),
        outcome => outcome?,
    }
    let said = if shipped { "el texto de fábrica" } else { worded.text.subject.as_str() };
    let entry = AuditEntry {
        act: "mail.text",
        subject: format!("notice {}", kind.as_str()),
        detail: format!("edición {edition}: {said}"),
    };
    db.audit(actor, &entry, now).await?;
    db.commit().await?;
    Ok(())
}

/// Sends a message again that was given up or of which it is not known whether it arrived.
///
/// # Errors
/// [`Error::Unfitting`] when it is neither.
pub async fn send_again(store: &Store, id: &str, actor: &Actor, now: Timestamp) -> Result<()> {
    let mut db = store.write().await?;
    let mail = db.mail(id).await?.ok_or(Error::NotFound("el mensaje"))?;
    let give_up_at = now.checked_add(GIVE_UP).unwrap_or(now);
    if !db.requeue_mail(id, now, give_up_at).await? {
        return Err(Error::Unfitting("ese mensaje no espera a que alguien lo reintente"));
    }
    let entry = AuditEntry {
        act: "mail.again",
        subject: format!("mail {id}"),
        detail: format!("{}: {}", mail.to_address, mail.state.title()),
    };
    db.audit(actor, &entry, now).await?;
    db.commit().await?;
    Ok(())
}

/// Queues a message that tries the server out.
///
/// # Errors
/// [`Error::Unfit`] when the address is none, [`Error::Unfitting`] without a server.
pub async fn queue_test(store: &Store, address: &str, actor: &Actor, now: Timestamp) -> Result<()> {
    let address = address.trim();
    if !is_address(address) {
        let shown: String = address.chars().take(80).collect();
        let remedy = "escriba, por ejemplo, ana@municipio.gob.mx";
        return Err(Error::Unfit(format!("«{shown}» no es un correo: {remedy}")));
    }
    let mut db = store.write().await?;
    let setting = db.mail_setting().await?.filter(|setting| setting.enabled);
    let none = "no hay servidor de correo: escríbalo en la sección [mail] de la configuración";
    let setting = setting.ok_or(Error::Unfitting(none))?;
    let recipient =
        Recipient { person: None, name: actor.name().to_owned(), address: address.to_owned() };
    let values = Values::default()
        .with(Placeholder::Recipient, actor.name())
        .with(Placeholder::Link, &setting.web_url);
    let worded = db.mail_texts(Some(NoticeKind::Test)).await?.pop();
    let text =
        worded.map_or_else(|| NoticeKind::Test.shipped(), |worded| worded.text).fill(&values);
    let key = format!("test:{}", Uuid::now_v7());
    let mail = message(&setting, NoticeKind::Test, &recipient, text, key, now);
    db.queue_mail(&mail).await?;
    let entry = AuditEntry {
        act: "mail.test",
        subject: format!("mail {}", mail.id),
        detail: address.to_owned(),
    };
    db.audit(actor, &entry, now).await?;
    db.commit().await?;
    Ok(())
}

/// Says which kinds of notices a person does without; those they cannot do without are passed over.
///
/// # Errors
/// When the store refuses.
pub async fn set_muted(store: &Store, person: &PersonId, kinds: &[NoticeKind]) -> Result<()> {
    let muted: Vec<NoticeKind> = kinds.iter().copied().filter(|kind| kind.may_be_muted()).collect();
    let mut db = store.write().await?;
    db.set_muted_notices(person, &muted).await?;
    db.commit().await?;
    Ok(())
}
