//! Somebody without an account asks for a service, follows it by folio and code, and says something to the unit. Whoever fails
//! learns neither whether the folio exists nor why; attempts are counted before anything is looked at.

use jiff::{SignedDuration, Timestamp};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::Semaphore;

use super::attach::{Fit, attach_within};
use super::judge::Bench;
use super::open_run::{Opening, begin};
use super::runs::take_in;
use super::secret::NoRandomness;
use super::sign_in;
use crate::domain::access::Actor;
use crate::domain::device::Device;
use crate::domain::id::RunId;
use crate::domain::person::Role;
use crate::domain::portal::{
    CODE_ALPHABET, CODE_CHARACTERS, Lacking, Request, Service, normal_code, paragraphs,
};
use crate::domain::procedure::Need;
use crate::domain::run::{Entry, Event, Requester, Run};
use crate::store::{self, PortalMessage, PortalRequest, Store, Write};

/// Attempts are counted for this long.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// The longest wait, seconds.
const LONGEST_WAIT: i64 = 15 * 60;
/// Requests from one address in a window: a whole building may share one.
const REQUESTS: i64 = 30;
/// Requests in a window, from wherever.
const REQUESTS_IN_ALL: i64 = 300;
/// Codes tried in vain from one address before it waits.
const CODES_OF_ADDRESS: i64 = 20;
/// Codes tried in vain for one folio before it waits.
const CODES_OF_FOLIO: i64 = 10;
/// Messages of one requester in a window.
const MESSAGES: i64 = 10;
/// Codes looked at together: each takes 19 MiB and tens of milliseconds.
static LOOKS: Semaphore = Semaphore::const_new(2);

/// Why the portal did not do it; Spanish, for people.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folio or the code is another, or there is none.
    #[error("El folio o el código no coinciden. Revísalos como aparecen en tu comprobante.")]
    Mismatch,
    /// Too many attempts; seconds to wait.
    #[error("Demasiados intentos: espera {0} s y vuelve a intentarlo.")]
    Wait(i64),
    /// What was written does not fit.
    #[error(transparent)]
    Lacking(#[from] Lacking),
    /// The message is empty or too long.
    #[error("escribe tu mensaje, con 2,000 caracteres como máximo")]
    Message,
    /// The run could not be begun or continued.
    #[error(transparent)]
    Run(#[from] super::Error),
    /// No code could be made.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// Hashing failed.
    #[error(transparent)]
    Hashing(#[from] sign_in::Error),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Error::Run(error.into())
    }
}

/// A request that was taken: its run, and the code its owner follows it by, shown once.
#[derive(Debug)]
pub struct Received {
    /// The run.
    pub run: Run,
    /// The code.
    pub code: String,
}

/// What somebody with the right code sees.
#[derive(Debug)]
pub struct Followed {
    /// The run.
    pub run: Run,
    /// What was asked for.
    pub service: Service,
    /// What was said.
    pub messages: Vec<PortalMessage>,
}

/// Counts a request before its files are looked at.
///
/// # Errors
/// [`Error::Wait`] after too many from that address, or in all.
pub async fn count_request(store: &Store, address: &str, now: Timestamp) -> Result<(), Error> {
    let of_address = format!("requests of {address}");
    count(store, &[(&of_address, REQUESTS), ("requests", REQUESTS_IN_ALL)], now).await
}

/// Begins a run for a request.
///
/// # Errors
/// When something is missing, or the procedure does not begin that way.
pub async fn open_request(
    store: &Store,
    bench: &Bench,
    request: Request,
    files: Vec<Fit>,
    notice_sha256: &str,
    now: Timestamp,
) -> Result<Received, Error> {
    let request = request.checked()?;
    let first = bench.library.get(request.service.procedure());
    let first = first.and_then(|procedure| procedure.steps.first());
    if files.is_empty() && first.is_some_and(|step| step.needs(Need::Attachment)) {
        return Err(Lacking::Letter.into());
    }
    let code = fresh_code()?;
    let code_hash = sign_in::password::hash(code.clone()).await?;
    let actor = Actor::Guest { name: request.name.clone(), role: Role::Requester };
    let mut db = store.write().await?;
    let area = db.area(&request.area).await?;
    let area = area.ok_or(super::Error::NotFound("el área: elígela de la lista"))?;
    let opening = opening(&mut db, &request, &area.name).await?;
    let opening = Opening { follow_code: Some(code.clone()), ..opening };
    let mut run = begin(&mut db, bench, opening, &actor, now).await?;
    let kept = PortalRequest { run: run.id.clone(), code_hash, service: request.service };
    db.add_portal_request(&kept, notice_sha256, now).await?;
    // As many as one form brings.
    for file in files {
        run = attach_within(&mut db, bench, run, file, &actor, now).await?;
    }
    db.commit().await?;
    Ok(Received { run, code })
}

async fn opening(db: &mut Write, request: &Request, area: &str) -> store::Result<Opening> {
    let service = request.service;
    let device = match request.device_number {
        Some(number) => db.device_by_number(number).await?,
        None => None,
    };
    let about = match (&device, request.device_number) {
        (Some(device), _) => device.name.clone(),
        (None, Some(number)) => format!("equipo n.º {number}, que no está registrado"),
        (None, None) => area.to_owned(),
    };
    let mut entry = Entry::default();
    match service.field() {
        Some(field) => {
            entry.fields.insert(field.to_owned(), request.text.clone());
        }
        None => entry.note.clone_from(&request.text),
    }
    let requester =
        Requester { name: request.name.clone(), contact: request.contact.clone(), person: None };
    let title: String = format!("{}: {about}", service.title()).chars().take(200).collect();
    let mut opening = Opening {
        area: Some(request.area.clone()),
        requester,
        entry,
        ..Opening::new(service.procedure(), title)
    };
    if let Some(Device { id, .. }) = device {
        // A PC has one open corrective run: another report about it stands beside that one.
        match db.open_corrective(&id).await? {
            Some(run) if service.procedure() == run.procedure => opening.parent = Some(run.id),
            _ => opening.device = Some(id),
        }
    }
    Ok(opening)
}

/// Shows a request to whoever has its folio and code.
///
/// # Errors
/// [`Error::Mismatch`], or [`Error::Wait`] after too many of them.
pub async fn follow(
    store: &Store,
    folio: &str,
    code: &str,
    address: &str,
    now: Timestamp,
) -> Result<Followed, Error> {
    let folio: String = folio.trim().to_uppercase().chars().take(60).collect();
    let (of_address, of_folio) = (format!("codes of {address}"), format!("codes for {folio}"));
    let subjects = [(&*of_address, CODES_OF_ADDRESS), (&*of_folio, CODES_OF_FOLIO)];
    count(store, &subjects, now).await?;
    let found = store.read().await?.portal_request(&folio).await?;
    let (request, hash) = found.map_or((None, None), |found| {
        let hash = found.code_hash.clone();
        (Some(found), Some(hash))
    });
    // What is no code at all is compared too: every failure takes as long.
    let code = normal_code(code).unwrap_or_default();
    let place = LOOKS.acquire().await;
    let matches = sign_in::password::matches(code, hash).await?;
    drop(place);
    let request = request.filter(|_| matches).ok_or(Error::Mismatch)?;
    let mut db = store.write().await?;
    for (subject, _) in subjects {
        db.forgive_portal_attempt(subject).await?;
    }
    let run = db.run(&request.run).await?.ok_or(Error::Mismatch)?;
    let messages = db.portal_messages(&run.id).await?;
    db.commit().await?;
    Ok(Followed { run, service: request.service, messages })
}

/// The requester says something; the code was seen to be right by [`follow`].
///
/// # Errors
/// When it is empty or too long, and after too many.
pub async fn say(
    store: &Store,
    bench: &Bench,
    followed: &Followed,
    text: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let body = paragraphs(text).ok_or(Error::Message)?;
    count(store, &[(&format!("messages of {}", followed.run.id), MESSAGES)], now).await?;
    let name = followed.run.requester.name.clone();
    let actor = Actor::Guest { name, role: Role::Requester };
    message(store, bench, &followed.run.id, body, &actor, now).await
}

/// The unit says something to the requester.
///
/// # Errors
/// When it is empty or too long, and for a run that is not theirs or was not asked for by the portal.
pub async fn reply(
    store: &Store,
    bench: &Bench,
    run: &RunId,
    text: &str,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let body = paragraphs(text).ok_or(Error::Message)?;
    let mut read = store.read().await?;
    let found = read.run(run).await?.ok_or(super::Error::NotFound("el trámite"))?;
    if !actor.covers(found.area.as_ref()) {
        let why = "el trámite es de un área que no te corresponde";
        return Err(super::Error::NotAllowed(why).into());
    }
    if !read.is_from_portal(run).await? {
        let why =
            "nadie sigue este trámite por el portal: contacta a quien lo solicitó por otro medio";
        return Err(super::Error::Unfitting(why).into());
    }
    drop(read);
    message(store, bench, run, body, actor, now).await
}

async fn message(
    store: &Store,
    bench: &Bench,
    run: &RunId,
    body: String,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let from_requester = matches!(actor, Actor::Guest { .. });
    let mut db = store.write().await?;
    let found = db.run(run).await?.ok_or(super::Error::NotFound("el trámite"))?;
    let heading =
        if from_requester { "Mensaje por el portal" } else { "Mensaje a quien lo solicitó" };
    let event = Event::Note { text: format!("{heading}: {body}") };
    take_in(&mut db, bench, found, event, actor, now).await?;
    let author = actor.name().to_owned();
    db.add_portal_message(run, &PortalMessage { at: now, from_requester, author, body }).await?;
    Ok(db.commit().await?)
}

/// Counts an attempt of every subject; past its number each has to wait, twice as long every time.
async fn count(store: &Store, subjects: &[(&str, i64)], now: Timestamp) -> Result<(), Error> {
    let mut db = store.write().await?;
    db.forget_portal_attempts(now - WINDOW - WINDOW).await?;
    for (subject, free) in subjects {
        let (attempts, until) = db.count_portal_attempt(subject, now, now - WINDOW).await?;
        if until > now {
            // What is refused is not counted: the transaction is let go.
            return Err(Error::Wait((until.as_second() - now.as_second()).max(1)));
        }
        let beyond = attempts - free;
        if beyond >= 0 {
            let wait = (2_i64 << beyond.min(16)).min(LONGEST_WAIT);
            db.block_portal_subject(subject, now + SignedDuration::from_secs(wait)).await?;
        }
    }
    Ok(db.commit().await?)
}

/// Evenly random: bytes past the last whole round of the alphabet are drawn again.
fn fresh_code() -> Result<String, NoRandomness> {
    let fair = 256 / CODE_ALPHABET.len() * CODE_ALPHABET.len();
    let (random, mut code) = (SystemRandom::new(), String::new());
    while code.len() < CODE_CHARACTERS {
        let mut byte = [0];
        random.fill(&mut byte).map_err(|_| NoRandomness)?;
        let drawn = usize::from(byte[0]);
        if drawn < fair {
            code.push(char::from(CODE_ALPHABET[drawn % CODE_ALPHABET.len()]));
        }
    }
    Ok(code)
}
