//! Notices are queued here, inside the transaction of what causes them: no event without its notice, no notice without
//! its event. What was queued once is never queued again, whoever asks.

mod of_run;

pub use of_run::{ask_to_sign, of_effect, opened};

use jiff::Timestamp;
use jiff::tz::Offset;
use uuid::Uuid;

use super::Result;
use crate::domain::id::{AreaId, PersonId};
use crate::domain::mail::{GIVE_UP, Mail, MailState, is_address};
use crate::domain::notice::{NoticeKind, Placeholder, Text, Values};
use crate::domain::person::{Person, Role};
use crate::domain::run::Run;
use crate::store::{MailSetting, Write};

#[cfg(test)]
mod tests;

/// Central Mexico: people read its time.
const MEXICO_HOURS: i8 = -6;

/// Whom a notice is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// Somebody who signs in.
    Person(PersonId),
    /// Everybody of a role who looks after the area of the run.
    Role(Role),
    /// Somebody without an account.
    Address {
        /// Their name.
        name: String,
        /// What they gave as their address; what is none is noted as such.
        address: String,
    },
}

/// A notice about a run.
#[derive(Debug, Clone)]
pub struct Notice<'a> {
    /// Why it is sent.
    pub kind: NoticeKind,
    /// What it is about.
    pub run: &'a Run,
    /// What caused it, unique in the run, e.g. the number of an event: the same cause writes to nobody twice.
    pub cause: String,
    /// What is said beside folio, title, area and recipient, which are known.
    pub values: Values,
    /// Path of the page it leads to, from the root.
    pub path: String,
    /// Whom it is for.
    pub to: To,
    /// Who caused it: they know already.
    pub by: Option<&'a PersonId>,
}

/// Queues a notice; how many messages that were. None without a server, of the sample municipality, and for whoever
/// does without such notices. Somebody without an address is noted in the outbox.
///
/// # Errors
/// When the store refuses.
pub async fn notify(db: &mut Write, notice: &Notice<'_>, now: Timestamp) -> Result<usize> {
    let Some(setting) = db.mail_setting().await?.filter(|setting| setting.enabled) else {
        return Ok(0);
    };
    if notice.run.sample {
        return Ok(0);
    }
    let recipients = recipients(db, notice).await?;
    if recipients.is_empty() {
        return Ok(0);
    }
    let worded = db.mail_texts(Some(notice.kind)).await?.pop();
    let text = worded.map_or_else(|| notice.kind.shipped(), |worded| worded.text);
    let area = area_name(db, notice.run.area.as_ref()).await?;
    let values = notice
        .values
        .clone()
        .with(Placeholder::Folio, &notice.run.folio)
        .with(Placeholder::Title, &notice.run.title)
        .with(Placeholder::Area, area)
        .with(Placeholder::Link, format!("{}{}", setting.web_url, notice.path));
    let mut queued = 0;
    // As many as look after an area: a handful, at most fifty.
    for recipient in recipients {
        let values = values.clone().with(Placeholder::Recipient, &recipient.name);
        let key = format!(
            "{}:{}:{}:{}",
            notice.kind.as_str(),
            notice.run.id,
            notice.cause,
            recipient.key()
        );
        let mut mail = message(&setting, notice.kind, &recipient, text.fill(&values), key, now);
        mail.run = Some(notice.run.id.clone());
        queued += usize::from(db.queue_mail(&mail).await?);
    }
    Ok(queued)
}

/// Who gets a message.
pub(super) struct Recipient {
    /// If they sign in.
    pub person: Option<PersonId>,
    /// Empty: not known.
    pub name: String,
    /// Empty: not known.
    pub address: String,
}

impl Recipient {
    fn of(person: Person) -> Recipient {
        let address = person.email.unwrap_or_default();
        Recipient { person: Some(person.id), name: person.name, address }
    }

    fn key(&self) -> &str {
        self.person.as_ref().map_or(self.address.as_str(), PersonId::as_str)
    }
}

/// A message as it is queued; of a recipient without an address, noted as such.
pub(super) fn message(
    setting: &MailSetting,
    kind: NoticeKind,
    recipient: &Recipient,
    text: Text,
    dedupe_key: String,
    now: Timestamp,
) -> Mail {
    let id = Uuid::now_v7().to_string();
    let domain = setting.sender.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let known = is_address(&recipient.address);
    Mail {
        message_id: format!("<{id}@{domain}>"),
        id,
        created_at: now,
        kind,
        run: None,
        person: recipient.person.clone(),
        to_address: if known { recipient.address.clone() } else { String::new() },
        to_name: recipient.name.clone(),
        subject: text.subject,
        body: if known { text.body } else { String::new() },
        dedupe_key,
        state: if known { MailState::Queued } else { MailState::Unaddressed },
        attempts: 0,
        next_at: now,
        give_up_at: now.checked_add(GIVE_UP).unwrap_or(now),
        last_error: None,
        sent_at: None,
    }
}

async fn recipients(db: &mut Write, notice: &Notice<'_>) -> Result<Vec<Recipient>> {
    let mut found = match &notice.to {
        To::Role(role) => {
            let area = notice.run.area.as_ref();
            let mut people = db.addressees(*role, area, notice.kind).await?;
            if people.is_empty()
                && let Some(other) = stands_in(*role)
            {
                people = db.addressees(other, area, notice.kind).await?;
            }
            people.into_iter().map(Recipient::of).collect()
        }
        To::Person(id) => {
            let muted =
                notice.kind.may_be_muted() && db.muted_notices(id).await?.contains(&notice.kind);
            let person = db.person(id).await?.filter(|person| person.disabled_at.is_none());
            person.filter(|_| !muted).map(Recipient::of).into_iter().collect()
        }
        To::Address { name, address } => {
            let address = address.trim().to_owned();
            vec![Recipient { person: None, name: name.clone(), address }]
        }
    };
    found.retain(|recipient| notice.by.is_none() || recipient.person.as_ref() != notice.by);
    Ok(found)
}

/// Who is written to where nobody has the role itself.
fn stands_in(role: Role) -> Option<Role> {
    match role {
        Role::Head => Some(Role::Technician),
        Role::Technician => Some(Role::Head),
        Role::FrontDesk
        | Role::AccessAnalyst
        | Role::SystemsOfficer
        | Role::SystemsAdministrator
        | Role::UnitHead
        | Role::Requester => None,
    }
}

async fn area_name(db: &mut Write, area: Option<&AreaId>) -> Result<String> {
    let Some(area) = area else { return Ok(String::new()) };
    Ok(db.area(area).await?.map(|area| area.name).unwrap_or_default())
}

/// An instant as people of the municipality write it, e.g. `24/11/2026 13:00`.
pub fn local(at: Timestamp) -> String {
    let at = Offset::constant(MEXICO_HOURS).to_datetime(at);
    let (day, month, year, hour, minute) =
        (at.day(), at.month(), at.year(), at.hour(), at.minute());
    format!("{day:02}/{month:02}/{year} {hour:02}:{minute:02}")
}
