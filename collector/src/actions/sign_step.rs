//! A step is signed: by a link, on a phone, without an account, or by whoever has signed in. What is signed is a text that
//! says what was done; its hash, the strokes, the moment and the address stay together.

mod text;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::judge::Bench;
use super::notify::ask_to_sign;
use super::runs::{edition_of, take_in};
use super::secret::{NoRandomness, Secret};
use crate::domain::access::Actor;
use crate::domain::id::{RunId, SigningLinkId};
use crate::domain::person::Role;
use crate::domain::portal::line;
use crate::domain::procedure::{Need, Step};
use crate::domain::run::{Entry, Event, Run, Signed};
use crate::domain::signature::{NotDrawn, Signature, SigningLink, Strokes, signs_by_link};
use crate::store::{self, AuditEntry, Read, Store, Write};

/// How long a link is good for.
pub const LINK: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Longest drawing as JSON, bytes.
pub const STROKES_BYTES: usize = 60 * 1024;

/// Why a step was not signed; Spanish, for people.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The link was used, taken back, expired or never was, or the run has moved on.
    #[error(
        "Este enlace ya se usó, venció o el trámite siguió adelante. Pide uno nuevo a la Unidad de TIC."
    )]
    Link,
    /// The present step is not one to be signed that way.
    #[error("{0}")]
    Unfit(&'static str),
    /// The drawing is none.
    #[error(transparent)]
    Drawing(#[from] NotDrawn),
    /// The form was sent without a name.
    #[error("escribe tu nombre completo, con 120 caracteres como máximo")]
    Name,
    /// The form was sent without a post.
    #[error("escribe tu cargo, con 120 caracteres como máximo")]
    Post,
    /// Neither drawn nor said.
    #[error("dibuja tu firma en el recuadro, o marca que firmas con tu nombre escrito")]
    Unsigned,
    /// The run did not take it.
    #[error(transparent)]
    Run(#[from] super::Error),
    /// No secret could be made.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Error::Run(error.into())
    }
}

/// What somebody signs with, as the form brings it.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Full name.
    pub name: String,
    /// Post.
    pub post: String,
    /// Lines drawn, JSON; empty: none.
    pub strokes: String,
    /// They say that the name they typed is their signature.
    pub typed: bool,
}

/// Makes a link for the present step; earlier ones of the run are taken back. Its address is `/portal/firmar/` and the
/// secret, shown once.
///
/// # Errors
/// When the step is not signed by link, or the run is not theirs.
pub async fn create_link(
    store: &Store,
    bench: &Bench,
    run: &RunId,
    actor: &Actor,
    now: Timestamp,
) -> Result<(Secret, SigningLink), Error> {
    let mut db = store.write().await?;
    let (run, step) = present(&mut db, bench, run, actor).await?;
    if !signs_by_link(step.role) {
        return Err(Error::Unfit(
            "este paso lo firma personal de la unidad: inicia sesión y firma ahí, sin enlace",
        ));
    }
    let text = text::of(&mut db, bench, &run, &step).await?;
    let link = SigningLink {
        id: SigningLinkId::new(Uuid::now_v7().to_string()),
        run: run.id.clone(),
        step: step.id,
        run_version: run.version,
        text_sha256: hash(&text),
        text,
        created_by: actor.name().to_owned(),
        created_at: now,
        expires_at: now + LINK,
        signed_at: None,
        revoked_at: None,
    };
    let secret = Secret::fresh()?;
    db.revoke_signing_links(&run.id, now).await?;
    db.add_signing_link(&link, &secret.hash()).await?;
    let (path, procedure) =
        (format!("/portal/firmar/{}", secret.expose()), edition_of(&bench.library, &run)?);
    ask_to_sign(&mut db, procedure, &run, (path, link.expires_at), link.id.as_str(), now).await?;
    audit(&mut db, actor, "signing_link.create", &run, now).await?;
    db.commit().await?;
    Ok((secret, link))
}

/// Takes back what links of a run are still good.
///
/// # Errors
/// When the run is not theirs.
pub async fn revoke_links(
    store: &Store,
    run: &RunId,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let mut db = store.write().await?;
    let run = theirs(&mut db, run, actor).await?;
    if db.revoke_signing_links(&run.id, now).await? > 0 {
        audit(&mut db, actor, "signing_link.revoke", &run, now).await?;
    }
    Ok(db.commit().await?)
}

/// What a link is for, while it is good.
///
/// # Errors
/// [`Error::Link`] when it is not.
pub async fn open_link(
    read: &mut Read,
    secret: &Secret,
    now: Timestamp,
) -> Result<(SigningLink, Run), Error> {
    let link = read.signing_link(&secret.hash()).await?;
    let link = link.filter(|link| link.is_good(now)).ok_or(Error::Link)?;
    let run = read.run(&link.run).await?.ok_or(Error::Link)?;
    let still = run.present_step() == Some(&link.step)
        && run.clock.step_since.is_none_or(|since| since <= link.created_at);
    if still { Ok((link, run)) } else { Err(Error::Link) }
}

/// Signs by a link: the step is carried out by whoever holds it.
///
/// # Errors
/// When the link is not good, or what was given is no signature; then nothing is spent.
pub async fn sign_by_link(
    store: &Store,
    bench: &Bench,
    secret: &Secret,
    given: Given,
    address: &str,
    now: Timestamp,
) -> Result<Run, Error> {
    let given = checked(given)?;
    let mut db = store.write().await?;
    let (link, run) = open_link(&mut db, secret, now).await?;
    if !db.spend_signing_link(&link.id, now).await? {
        return Err(Error::Link);
    }
    let role = role_of(bench, &run)?;
    let actor = Actor::Guest { name: given.name.clone(), role };
    let text = (link.text, link.text_sha256);
    let signature = signature(&run, Some(link.id), given, text, address, now)?;
    let run = carry_out(&mut db, bench, run, signature, &actor, now).await?;
    db.commit().await?;
    Ok(run)
}

/// What whoever has signed in would sign at the present step: the run, the text and its hash.
///
/// # Errors
/// When the step asks for no signature, or the run is not theirs.
pub async fn text_for(
    store: &Store,
    bench: &Bench,
    run: &RunId,
    actor: &Actor,
) -> Result<(Run, String, String), Error> {
    let mut read = store.read().await?;
    let (run, step) = present(&mut read, bench, run, actor).await?;
    let text = text::of(&mut read, bench, &run, &step).await?;
    let text_sha256 = hash(&text);
    Ok((run, text, text_sha256))
}

/// Signs the present step as whoever has signed in; `text_sha256` is of the text they were shown.
///
/// # Errors
/// When it is not their step, the text has changed meanwhile, or what was given is no signature.
pub async fn sign_in_person(
    store: &Store,
    bench: &Bench,
    run: &RunId,
    (given, text_sha256): (Given, &str),
    (actor, address): (&Actor, &str),
    now: Timestamp,
) -> Result<Run, Error> {
    let given = checked(given)?;
    let mut db = store.write().await?;
    let (run, step) = present(&mut db, bench, run, actor).await?;
    let text = text::of(&mut db, bench, &run, &step).await?;
    if hash(&text) != text_sha256 {
        return Err(Error::Unfit(
            "el trámite cambió mientras firmabas: lee de nuevo lo que se firma",
        ));
    }
    let text_hash = hash(&text);
    let signature = signature(&run, None, given, (text, text_hash), address, now)?;
    let run = carry_out(&mut db, bench, run, signature, actor, now).await?;
    db.commit().await?;
    Ok(run)
}

async fn carry_out(
    db: &mut Write,
    bench: &Bench,
    run: Run,
    signature: Signature,
    actor: &Actor,
    now: Timestamp,
) -> Result<Run, Error> {
    db.add_signature(&signature).await?;
    let drawn = match &signature.strokes {
        Some(strokes) => hash(&strokes.path()),
        None => hash(&format!("{}\n{}", signature.name, signature.text_sha256)),
    };
    let how = if signature.strokes.is_some() { "Firmó" } else { "Firmó con su nombre escrito" };
    let signed = Signed {
        name: signature.name.clone(),
        post: signature.post.clone(),
        text_sha256: signature.text_sha256,
        strokes_sha256: drawn,
        origin: signature.address,
    };
    let entry = Entry {
        signature: Some(signed),
        ..Entry::note(format!("{how}: {}, {}.", signature.name, signature.post))
    };
    let event = Event::Complete { step: signature.step, entry };
    Ok(take_in(db, bench, run, event, actor, now).await?)
}

fn signature(
    run: &Run,
    link: Option<SigningLinkId>,
    given: Checked,
    (text, text_sha256): (String, String),
    address: &str,
    now: Timestamp,
) -> Result<Signature, Error> {
    Ok(Signature {
        id: Uuid::now_v7().to_string(),
        run: run.id.clone(),
        step: run.present_step().cloned().ok_or(Error::Link)?,
        link,
        name: given.name,
        post: given.post,
        strokes: given.strokes,
        text,
        text_sha256,
        signed_at: now,
        address: address.to_owned(),
    })
}

/// What was given, found to be a signature.
struct Checked {
    name: String,
    post: String,
    strokes: Option<Strokes>,
}

fn checked(given: Given) -> Result<Checked, Error> {
    let name = line(&given.name).filter(|name| name.chars().count() >= 3).ok_or(Error::Name)?;
    let post = line(&given.post).ok_or(Error::Post)?;
    let strokes = match given.strokes.trim() {
        // Nothing was drawn: either they say so, or it is missing.
        "" | "[]" if given.typed => None,
        "" | "[]" => return Err(Error::Unsigned),
        long if long.len() > STROKES_BYTES => return Err(NotDrawn::Large.into()),
        drawn => {
            let lines = serde_json::from_str(drawn).map_err(|_| NotDrawn::Blank)?;
            Some(Strokes::new(lines)?)
        }
    };
    Ok(Checked { name, post, strokes })
}

/// The run and its present step, which asks for a signature.
async fn present(
    db: &mut Read,
    bench: &Bench,
    run: &RunId,
    actor: &Actor,
) -> Result<(Run, Step), Error> {
    let run = theirs(db, run, actor).await?;
    let procedure = edition_of(&bench.library, &run)?;
    let step = run.present_step().and_then(|step| procedure.step(step));
    let step = step.filter(|step| step.needs(Need::Signature)).cloned();
    step.map(|step| (run, step)).ok_or(Error::Unfit("el trámite no está en un paso que se firme"))
}

async fn theirs(db: &mut Read, run: &RunId, actor: &Actor) -> Result<Run, Error> {
    let run = db.run(run).await?.ok_or(super::Error::NotFound("el trámite"))?;
    if !actor.covers(run.area.as_ref()) {
        let why = "el trámite es de un área que no te corresponde";
        return Err(super::Error::NotAllowed(why).into());
    }
    Ok(run)
}

fn role_of(bench: &Bench, run: &Run) -> Result<Role, Error> {
    let procedure = edition_of(&bench.library, run)?;
    let step = run.present_step().and_then(|step| procedure.step(step));
    step.map(|step| step.role).ok_or(Error::Link)
}

async fn audit(
    db: &mut Write,
    actor: &Actor,
    act: &'static str,
    run: &Run,
    now: Timestamp,
) -> Result<(), Error> {
    let step = run.present_step().map(|step| format!("step {step}")).unwrap_or_default();
    let entry = AuditEntry { act, subject: format!("run {}", run.folio), detail: step };
    Ok(db.audit(actor, &entry, now).await?)
}

fn hash(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}
