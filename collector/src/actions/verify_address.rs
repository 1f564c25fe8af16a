//! The collector looks at the addresses of a run itself: the pages it publishes, the domain of its mailbox. What it saw is
//! kept with the run and answers its questions.

use jiff::{SignedDuration, Timestamp};

use super::judge::Bench;
use super::propose::{mailbox, pages};
use super::runs::edition_of;
use super::{Error, Result};
use crate::domain::id::RunId;
use crate::store::Store;
use crate::verify::{ADDRESSES, Verifier};

/// Sooner than this nothing is looked at again.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// Looks at the addresses written in a run. Returns how many there were.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Unfit`] when it names no address, or was looked at just now; when the store refuses.
pub async fn verify_addresses(
    store: &Store,
    bench: &Bench,
    verifier: &Verifier,
    id: &RunId,
    now: Timestamp,
) -> Result<usize> {
    let mut read = store.read().await?;
    let run = read.run(id).await?.ok_or(Error::NotFound("el trámite"))?;
    let procedure = edition_of(&bench.library, &run)?;
    let mut urls = pages(procedure, &run);
    // One more than fits, so that whoever wrote them is told.
    urls.truncate(ADDRESSES + 1);
    let domain = mailbox(procedure, &run)
        .and_then(|(_, address)| Some(address.rsplit_once('@')?.1.to_owned()));
    if urls.is_empty() && domain.is_none() {
        return Err(Error::Unfit("el trámite no lleva todavía ninguna dirección".into()));
    }
    let of_pages = read.page_checks(id).await?.into_iter().map(|page| page.checked_at).max();
    let last = of_pages.max(read.mail_check(id).await?.map(|mail| mail.checked_at));
    if last.is_some_and(|last| now.duration_since(last) < PAUSE) {
        return Err(Error::Unfit("se acaban de mirar: espere unos segundos".into()));
    }
    // Nobody waits for the database meanwhile.
    drop(read);
    let seen = verifier.pages(&urls, now).await;
    let mail = match &domain {
        Some(domain) => Some(verifier.mail_domain(domain, now).await),
        None => None,
    };
    let mut db = store.write().await?;
    if !seen.is_empty() {
        db.put_page_checks(id, &seen).await?;
    }
    if let Some(mail) = &mail {
        db.put_mail_check(id, mail).await?;
    }
    db.commit().await?;
    Ok(seen.len() + usize::from(mail.is_some()))
}
