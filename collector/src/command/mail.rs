//! `mail test` and `mail queue`: whether the server takes a message, and what became of those that were queued.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use clap::Subcommand;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Place, print, with_store};
use crate::config::{Config, host_name};
use crate::domain::mail::{GIVE_UP, Mail as Message, MailState, is_address};
use crate::domain::notice::{NoticeKind, Placeholder, Values};
use crate::mail::{Delivery, Patience, Server};

/// Messages listed at most.
const LISTED: u32 = 200;

/// Commands on notices by e-mail.
#[derive(Debug, Subcommand)]
pub enum Mail {
    /// Envía un correo de prueba ahora mismo, sin pasar por la cola, y dice qué contestó el servidor.
    Test {
        /// Correo de quien lo recibirá.
        address: String,
    },
    /// Muestra los avisos que no se han enviado y cuántos hay en cada estado.
    Queue,
}

/// Runs it.
///
/// # Errors
/// When there is no server, it does not take the message, or the store refuses.
pub fn run(place: &Place, mail: Mail) -> Result<()> {
    match mail {
        Mail::Test { address } => {
            let config = place.settings()?;
            super::log_to_stderr("warn")?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(test(&config, &address))
        }
        Mail::Queue => with_store(place, async |_, store| {
            let mut read = store.read().await?;
            let counts: BTreeMap<MailState, i64> = read.mail_counts().await?.into_iter().collect();
            for (state, count) in &counts {
                print(&format!("{}: {count}", state.title()))?;
            }
            if counts.is_empty() {
                print("no se ha puesto ningún aviso en cola")?;
            }
            let unsent = MailState::ALL.into_iter().filter(|state| *state != MailState::Sent);
            let unsent: Vec<MailState> = unsent.collect();
            for mail in read.mails(&unsent, None, LISTED).await? {
                print(&line(&mail))?;
            }
            Ok(())
        }),
    }
}

async fn test(config: &Config, address: &str) -> Result<()> {
    if !is_address(address) {
        bail!("«{address}» no es un correo: escriba, por ejemplo, ana@municipio.gob.mx");
    }
    let server = Server::new(&config.mail, &host_name(), Patience::default())?;
    let id = Uuid::now_v7().to_string();
    let now = Timestamp::now();
    let values = Values::default()
        .with(Placeholder::Recipient, address)
        .with(Placeholder::Link, config.web_url());
    let text = NoticeKind::Test.shipped().fill(&values);
    let message = Message {
        message_id: format!("<{id}@{}>", config.mail.domain()),
        dedupe_key: id.clone(),
        id,
        created_at: now,
        kind: NoticeKind::Test,
        run: None,
        person: None,
        to_address: address.to_owned(),
        to_name: String::new(),
        subject: text.subject,
        body: text.body,
        state: MailState::Sending,
        attempts: 1,
        next_at: now,
        give_up_at: now + GIVE_UP,
        last_error: None,
        sent_at: None,
    };
    match server.deliver(&message, async || true).await {
        Delivery::Taken(answer) => print(&format!("el servidor lo aceptó: {answer}")),
        Delivery::Unreachable(said) => bail!("no se pudo usar el servidor: {said}"),
        Delivery::Later(said) => bail!("el servidor no lo acepta por ahora: {said}"),
        Delivery::Refused(said) => bail!("el servidor lo rechazó: {said}"),
        Delivery::Unknown(said) => bail!("no se sabe si el servidor lo aceptó: {said}"),
        Delivery::Withdrawn => bail!("no se entregó"),
    }
}

fn line(mail: &Message) -> String {
    let to = if mail.to_address.is_empty() { &mail.to_name } else { &mail.to_address };
    let error = mail.last_error.as_deref().map(|error| format!(" · {error}")).unwrap_or_default();
    let (at, state, attempts) = (mail.created_at, mail.state.title(), mail.attempts);
    format!("{at:.0} · {state} · {to} · {} · intentos: {attempts}{error}", mail.subject)
}
