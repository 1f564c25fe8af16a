//! Somebody adds a file to a run: it comes in bounded, its content decides what it is, the antivirus looks at it where there
//! is one, and only then the run knows it. What is infected is refused, and that is written down.

mod archive;
pub mod content;
mod scan;
mod shelf;

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;
use uuid::Uuid;

pub use self::scan::Scanner;
pub use self::shelf::{Incoming, Refused};

use self::scan::Verdict;
use self::shelf::Shelf;
use super::judge::Bench;
use super::runs::take_in;
use super::{Error, Result};
use crate::domain::access::Actor;
use crate::domain::attachment::{Attachment, FILES_OF_RUN, MediaType, Scan, clean_name};
use crate::domain::id::{AttachmentId, RunId};
use crate::domain::run::{Attached, Event, Run};
use crate::store::{AuditEntry, Store, Write};

/// Files looked at together: each may take a second of processor.
const LOOKED_AT: usize = 2;
/// A file that no run knows is kept this long, for one that is being added.
const ORPHAN: Duration = Duration::from_hours(24);

/// Where files are kept, and who looks at them.
#[derive(Debug, Clone)]
pub struct Attachments {
    shelf: Shelf,
    scanner: Scanner,
    looks: Arc<Semaphore>,
}

/// A file that was found fit, in its place already; the run does not know it yet.
#[derive(Debug, Clone)]
pub struct Fit {
    sha256: String,
    name: String,
    media: MediaType,
    size: u64,
    scan: Scan,
}

impl Attachments {
    /// In that folder, looked at by that scanner.
    pub fn new(folder: PathBuf, scanner: Scanner) -> Attachments {
        Attachments {
            shelf: Shelf::new(folder),
            scanner,
            looks: Arc::new(Semaphore::new(LOOKED_AT)),
        }
    }

    /// Begins to take a file.
    ///
    /// # Errors
    /// When there is no room.
    pub async fn receive(&self) -> std::result::Result<Incoming, Refused> {
        self.shelf.receive().await
    }

    /// Where the content of an attachment lies.
    pub fn file(&self, attachment: &Attachment) -> PathBuf {
        self.shelf.file(&attachment.sha256)
    }

    /// Looks at a file that has come in whole, and puts it in its place.
    ///
    /// # Errors
    /// [`Error::Unfit`] for a kind that is not taken and for an infected file, which is audited.
    pub async fn examine(
        &self,
        store: &Store,
        mut incoming: Incoming,
        name: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Fit> {
        incoming.end().await.map_err(disk)?;
        let _place = self.looks.acquire().await;
        let (path, given) = (incoming.path().to_owned(), name.to_owned());
        let told =
            tokio::task::spawn_blocking(move || content::identify(&mut File::open(path)?, &given));
        // A parser that panics on hostile bytes fails for those bytes only.
        let media = told.await.map_err(|_| Error::Unfit("el archivo está dañado".into()))?;
        let media = media.map_err(|unfit| Error::Unfit(unfit.to_string()))?;
        let name = clean_name(name, media);
        let scan = match self.scanner.scan(incoming.path()).await {
            Verdict::Clean => Scan::Clean,
            Verdict::NotScanned(why) => {
                tracing::debug!(why, "an attachment was not scanned");
                Scan::NotScanned
            }
            Verdict::Infected(what) => {
                return Err(refuse_infected(store, &name, &what, actor, now).await?);
            }
        };
        let size = incoming.size();
        let sha256 = self.shelf.keep(incoming).await.map_err(disk)?;
        Ok(Fit { sha256, name, media, size, scan })
    }

    /// Removes files that no run knows any more, e.g. of the sample municipality. How many.
    ///
    /// # Errors
    /// When the store or the folder cannot be read.
    pub async fn sweep(&self, store: &Store) -> Result<usize> {
        let known = store.read().await?.attachment_hashes().await?;
        let shelf = self.shelf.clone();
        tokio::task::spawn_blocking(move || shelf.sweep(|hash| known.contains(hash), ORPHAN))
            .await
            .map_err(|error| disk(std::io::Error::other(error)))?
            .map_err(disk)
    }
}

/// Lets a run know a file.
///
/// # Errors
/// [`Error::NotFound`] without such a run, [`Error::Unfitting`] when it has too many files.
pub async fn attach(
    store: &Store,
    bench: &Bench,
    run: &RunId,
    fit: Fit,
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let mut write = store.write().await?;
    let found = write.run(run).await?.ok_or(Error::NotFound("el trámite"))?;
    if !actor.covers(found.area.as_ref()) {
        return Err(Error::NotAllowed("el trámite es de un área que no te corresponde"));
    }
    attach_within(&mut write, bench, found, fit, actor, now).await?;
    Ok(write.commit().await?)
}

/// Lets a run know a file inside the caller's transaction; the run afterwards.
///
/// # Errors
/// When the run has too many files.
pub(super) async fn attach_within(
    write: &mut Write,
    bench: &Bench,
    run: Run,
    fit: Fit,
    actor: &Actor,
    now: Timestamp,
) -> Result<Run> {
    if write.count_attachments(&run.id).await? >= FILES_OF_RUN {
        return Err(Error::Unfitting("el trámite ya tiene 50 archivos, que son los que caben"));
    }
    let attachment = Attachment {
        id: AttachmentId::new(Uuid::now_v7().to_string()),
        run: run.id.clone(),
        step: run.present_step().cloned(),
        sha256: fit.sha256,
        name: fit.name,
        media: fit.media,
        size: fit.size,
        created_at: now,
        added_by: actor.name().to_owned(),
        person: actor.person().cloned(),
        scan: fit.scan,
    };
    write.add_attachment(&attachment).await?;
    let Attachment { id, name, sha256, .. } = attachment;
    let attached = Attached { id: id.to_string(), name, sha256 };
    take_in(write, bench, run, Event::Attach { attached }, actor, now).await
}

async fn refuse_infected(
    store: &Store,
    name: &str,
    what: &str,
    actor: &Actor,
    now: Timestamp,
) -> Result<Error> {
    let entry = AuditEntry {
        act: "attachment.infected",
        subject: format!("file {name}"),
        detail: what.to_owned(),
    };
    let mut write = store.write().await?;
    write.audit(actor, &entry, now).await?;
    write.commit().await?;
    tracing::warn!(name, what, "an infected attachment was refused");
    Ok(Error::Unfit(format!("el antivirus encontró «{what}» en el archivo: no se guardó")))
}

fn disk(error: std::io::Error) -> Error {
    Error::Disk(error)
}
