//! The dialogue with the server, step by step, so that at every step it is known whether the server can have the
//! message: until its text has been given, it cannot; once the last line was sent and no answer came, nobody knows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use tokio::time::timeout;

use super::message::{Composed, compose};
use super::{MailSettings, Security};
use crate::domain::mail::Mail;

/// Longest answer kept, characters.
const ANSWER: usize = 300;

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The server took it, with these words.
    Taken(String),
    /// The server cannot be reached, entered or sent through: no message would fare better.
    Unreachable(String),
    /// Not now, says the server of this message.
    Later(String),
    /// Never, says the server of this message.
    Refused(String),
    /// It was given all of it and did not answer: it may have it.
    Unknown(String),
    /// The message was no longer ours to send when its text was to be given.
    Withdrawn,
}

/// How long the server may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// To be connected to.
    pub connect: Duration,
    /// To answer a command; RFC 5321 asks for five minutes.
    pub answer: Duration,
    /// To answer to a whole message, which it may be scanning; RFC 5321 asks for ten.
    pub taken: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        Patience { connect: Duration::from_secs(30), answer: minutes(5), taken: minutes(10) }
    }
}

/// The settings cannot be used. In words for whoever administers.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct SetUp(String);

/// A server messages are sent by.
pub struct Server {
    settings: MailSettings,
    name: String,
    hello: ClientId,
    tls: Option<TlsParameters>,
    patience: Patience,
}

/// Why the dialogue ended before the message was given.
enum Ended {
    Server(String),
    Later(String),
    Refused(String),
}

impl Server {
    /// Makes ready to talk; `host` is what this machine calls itself.
    ///
    /// # Errors
    /// When no server is configured or the certificates cannot be read.
    pub fn new(settings: &MailSettings, host: &str, patience: Patience) -> Result<Server, SetUp> {
        let name = settings.server.clone().ok_or_else(|| {
            SetUp("no hay servidor de correo: escriba `server` en la sección [mail]".into())
        })?;
        let tls = match settings.security {
            Security::None => None,
            Security::Starttls | Security::Tls => Some(tls(settings, &name)?),
        };
        let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
        let hello = if plain && !host.is_empty() {
            ClientId::Domain(host.to_owned())
        } else {
            ClientId::Ipv4(std::net::Ipv4Addr::LOCALHOST)
        };
        Ok(Server { settings: settings.clone(), name, hello, tls, patience })
    }

    /// Hands a message over. `hand` is asked once, right before the server is given the text: it notes that from
    /// then on the server may have it, and says whether the message may still be sent.
    pub async fn deliver(&self, mail: &Mail, hand: impl AsyncFnOnce() -> bool) -> Delivery {
        let composed = match compose(mail, &self.settings) {
            Ok(composed) => composed,
            Err(error) => return Delivery::Refused(error.to_string()),
        };
        let mut connection = match self.connect().await {
            Ok(connection) => connection,
            Err(said) => return Delivery::Unreachable(said),
        };
        match self.address(&mut connection, &composed).await {
            Ok(()) => {}
            Err(ended) => {
                farewell(connection).await;
                return match ended {
                    Ended::Server(said) => Delivery::Unreachable(said),
                    Ended::Later(said) => Delivery::Later(said),
                    Ended::Refused(said) => Delivery::Refused(said),
                };
            }
        }
        if !hand().await {
            // Without a farewell: a server that waits for a text throws the message away when the line drops.
            return Delivery::Withdrawn;
        }
        let delivery = self.give(&mut connection, &composed.bytes).await;
        if !matches!(delivery, Delivery::Unknown(_)) {
            farewell(connection).await;
        }
        delivery
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        let password = self.settings.password()?;
        let (patience, place) = (self.patience, (self.name.as_str(), self.settings.port()));
        let wrapper = self.tls.clone().filter(|_| self.settings.security == Security::Tls);
        let open = AsyncSmtpConnection::connect_tokio1(
            place,
            Some(patience.connect),
            &self.hello,
            wrapper,
            None,
        );
        let mut connection = within(patience.connect + patience.answer, open).await?;
        if let Some(tls) = self.tls.clone().filter(|_| self.settings.security == Security::Starttls)
        {
            within(patience.answer, connection.starttls(tls, &self.hello)).await?;
        }
        if let (Some(user), Some(password)) = (&self.settings.user, password) {
            let credentials = Credentials::new(user.clone(), password);
            within(patience.answer, connection.auth(DEFAULT_MECHANISMS, &credentials)).await?;
        }
        Ok(connection)
    }

    /// From whom, to whom, and that a text follows. The server cannot have the message yet.
    async fn address(
        &self,
        connection: &mut AsyncSmtpConnection,
        composed: &Composed,
    ) -> Result<(), Ended> {
        let answer = self.patience.answer;
        // Whom we send as is a matter of settings: the next message would be refused likewise.
        let from = MailFrom::new(Some(composed.from.clone()), Vec::new());
        within(answer, connection.command(from)).await.map_err(Ended::Server)?;
        let to = Rcpt::new(composed.to.clone(), Vec::new());
        timed(answer, connection.command(to)).await.map_err(of_message)?;
        timed(answer, connection.command(Data)).await.map_err(of_message)?;
        Ok(())
    }

    async fn give(&self, connection: &mut AsyncSmtpConnection, bytes: &[u8]) -> Delivery {
        // The text is taken from an iterator; that it was asked for more than there is tells that all of it has been
        // written and only the last line remains. A server that never saw that line must not keep the message.
        let whole = AtomicBool::new(false);
        let end = || {
            whole.store(true, Ordering::SeqCst);
            None
        };
        let text = std::iter::once(bytes).chain(std::iter::from_fn(end));
        match timed(self.patience.taken, connection.message_iter(text)).await {
            Ok(response) => Delivery::Taken(words(&response)),
            Err(Some(error)) if error.is_permanent() => Delivery::Refused(said(&error)),
            Err(Some(error)) if error.is_transient() => Delivery::Later(said(&error)),
            Err(error) if whole.load(Ordering::SeqCst) => {
                Delivery::Unknown(perhaps(error.as_ref()))
            }
            Err(error) => Delivery::Unreachable(perhaps(error.as_ref())),
        }
    }
}

fn tls(settings: &MailSettings, server: &str) -> Result<TlsParameters, SetUp> {
    let mut builder = TlsParametersBuilder::new(server.to_owned());
    if let Some(file) = &settings.ca_file {
        let unusable = |why: String| SetUp(format!("`ca_file` {}: {why}", file.display()));
        let pem = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
        let certificates =
            Certificate::from_pem(&pem).map_err(|error| unusable(error.to_string()))?;
        builder = builder.add_root_certificate(certificates);
    }
    builder.build().map_err(|error| SetUp(error.to_string()))
}

/// The answer within a time; `Err(None)`: none came.
async fn timed<T>(
    time: Duration,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Option<Error>> {
    match timeout(time, work).await {
        Ok(outcome) => outcome.map_err(Some),
        Err(_) => Err(None),
    }
}

async fn within<T>(
    time: Duration,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, String> {
    timed(time, work).await.map_err(|error| perhaps(error.as_ref()))
}

/// A refusal of a recipient or a text is of this message; a line that breaks is of the server.
fn of_message(error: Option<Error>) -> Ended {
    match &error {
        Some(refused) if refused.is_permanent() => Ended::Refused(said(refused)),
        Some(refused) if refused.is_transient() => Ended::Later(said(refused)),
        other => Ended::Server(perhaps(other.as_ref())),
    }
}

/// Says goodbye, and does not wait long for an answer.
async fn farewell(mut connection: AsyncSmtpConnection) {
    let _ = timeout(Duration::from_secs(2), connection.quit()).await;
}

fn perhaps(error: Option<&Error>) -> String {
    error.map_or_else(|| "el servidor no contestó a tiempo".into(), said)
}

/// An error with its cause; what a server says is hostile text like any other.
fn said(error: &Error) -> String {
    let mut text = match error.status() {
        Some(code) => code.to_string(),
        None if error.is_response() => "el servidor cortó o contestó algo que no es SMTP".into(),
        None => String::new(),
    };
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    if text.is_empty() {
        text = error.to_string();
    }
    short(&text)
}

fn words(response: &Response) -> String {
    let lines: Vec<&str> = response.message().collect();
    short(&format!("{} {}", response.code(), lines.join(" ")))
}

fn short(text: &str) -> String {
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    text.chars().map(plain).take(ANSWER).collect()
}
