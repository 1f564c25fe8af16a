//! Editions of the written procedures: those compiled in are put beside what the municipality added, its own are
//! checked and kept, and one of each is chosen for new runs. Nothing here takes an edition away or changes one.

use jiff::Timestamp;

use crate::domain::access::Actor;
use crate::domain::edition::{Edition, Origin};
use crate::domain::procedure::Procedure;
use crate::procedure::{BadFile, Library, embedded_files, fingerprint, parse};
use crate::store::{self, AuditEntry, Store};

/// Why nothing was changed; Spanish, for people.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is wrong.
    #[error(transparent)]
    File(#[from] BadFile),
    /// Another text stands under that name.
    #[error(
        "el procedimiento «{code}» ya tiene una edición «{edition}» con otro texto, y hay trámites que pueden seguirla: \
         ponga otra `edition` en el archivo"
    )]
    Taken {
        /// Code of the procedure.
        code: String,
        /// The edition.
        edition: String,
    },
    /// Folios of two procedures would run into each other.
    #[error(
        "la serie «{series}» ya es del procedimiento «{of}»: los folios de ambos se confundirían; ponga otra `series`"
    )]
    Series {
        /// The series.
        series: String,
        /// Whose it is.
        of: String,
    },
    /// There is no such edition.
    #[error("no hay una edición «{edition}» del procedimiento «{code}»; vea `procedures list`")]
    Unknown {
        /// Code of the procedure.
        code: String,
        /// The edition.
        edition: String,
    },
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Opens the library: keeps the editions compiled in that the store does not have yet, and takes in all others.
///
/// An edition compiled in becomes the present one unless the municipality chose one of its own. What the store has
/// under a name stays: runs may be on it.
///
/// # Errors
/// When an edition compiled in is wrong, or the store refuses.
pub async fn open_library(store: &Store, now: Timestamp) -> Result<Library, Error> {
    let library = Library::embedded()?;
    let mut kept = store.read().await?.editions().await?;
    let fresh: Vec<Edition> = embedded(now)?
        .into_iter()
        .filter(|one| kept.iter().all(|old| old.code != one.code || old.edition != one.edition))
        .collect();
    if !fresh.is_empty() {
        let mut write = store.write().await?;
        for edition in &fresh {
            let own =
                |old: &Edition| old.in_use && old.origin == Origin::Own && old.code == edition.code;
            if write.add_edition(edition).await? && !kept.iter().any(own) {
                write.use_edition(&edition.code, &edition.edition).await?;
            }
        }
        kept = write.editions().await?;
        write.commit().await?;
    }
    for edition in embedded(now)? {
        let differs = |old: &&Edition| {
            (&old.code, &old.edition) == (&edition.code, &edition.edition)
                && old.sha256 != edition.sha256
        };
        if kept.iter().any(|old| differs(&old)) {
            tracing::warn!(
                code = edition.code,
                edition = edition.edition,
                "the database keeps another text of this edition than the program: the database's holds"
            );
        }
    }
    take_in(&library, &kept);
    Ok(library)
}

/// Takes in what changed in the store since.
///
/// # Errors
/// When the store refuses.
pub async fn refresh_library(store: &Store, library: &Library) -> Result<(), Error> {
    take_in(library, &store.read().await?.editions().await?);
    Ok(())
}

/// Keeps an edition of the municipality's own; runs begin with it only once it is chosen. The very same text twice
/// is no error.
///
/// # Errors
/// When the file is wrong or another text stands under its name.
pub async fn add_edition(
    store: &Store,
    name: &str,
    text: &str,
    actor: &Actor,
    now: Timestamp,
) -> Result<Procedure, Error> {
    let procedure = parse(name, text)?;
    let edition = kept(&procedure, text, Origin::Own, actor.name(), now);
    let mut write = store.write().await?;
    for old in write.editions().await? {
        let series = parse(name, &old.text).map(|old| old.series);
        if old.code != procedure.code && series.is_ok_and(|series| series == procedure.series) {
            return Err(Error::Series { series: procedure.series, of: old.code });
        }
    }
    if write.add_edition(&edition).await? {
        audit(&mut write, actor, "procedure.add", &edition, now).await?;
        write.commit().await?;
        return Ok(procedure);
    }
    let same = |old: &Edition| {
        (&old.code, &old.edition, &old.sha256) == (&edition.code, &edition.edition, &edition.sha256)
    };
    if write.editions().await?.iter().any(same) {
        return Ok(procedure);
    }
    Err(Error::Taken { code: edition.code, edition: edition.edition })
}

/// Makes new runs of a procedure begin with an edition; those under way stay on theirs.
///
/// # Errors
/// When there is no such edition, or this version cannot read it.
pub async fn use_edition(
    store: &Store,
    code: &str,
    edition: &str,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let mut write = store.write().await?;
    let known = write.editions().await?;
    let found = known.iter().find(|one| one.code == code && one.edition == edition);
    let unknown = || Error::Unknown { code: code.to_owned(), edition: edition.to_owned() };
    let found = found.ok_or_else(unknown)?;
    parse(&format!("{code}, edición {edition}"), &found.text)?;
    if found.in_use {
        return Ok(());
    }
    write.use_edition(code, edition).await?;
    audit(&mut write, actor, "procedure.use", found, now).await?;
    Ok(write.commit().await?)
}

async fn audit(
    write: &mut store::Write,
    actor: &Actor,
    act: &'static str,
    edition: &Edition,
    now: Timestamp,
) -> store::Result<()> {
    let subject = format!("procedure {}, edition {}", edition.code, edition.edition);
    let detail = format!("sha256 {}", edition.sha256);
    write.audit(actor, &AuditEntry { act, subject, detail }, now).await
}

fn embedded(now: Timestamp) -> Result<Vec<Edition>, BadFile> {
    let read = |(name, text)| {
        let procedure = parse(name, text)?;
        Ok(kept(&procedure, text, Origin::Embedded, Actor::Machine.name(), now))
    };
    embedded_files().map(read).collect()
}

fn kept(procedure: &Procedure, text: &str, origin: Origin, by: &str, at: Timestamp) -> Edition {
    Edition {
        code: procedure.code.clone(),
        edition: procedure.edition.clone(),
        text: text.to_owned(),
        sha256: fingerprint(text),
        origin,
        added_by: by.to_owned(),
        added_at: at,
        in_use: false,
    }
}

/// An edition this version cannot read (a newer collector added it) is logged; runs on it wait for an upgrade.
fn take_in(library: &Library, editions: &[Edition]) {
    if let Err(unreadable) = library.take_in(editions) {
        for error in unreadable {
            tracing::error!(%error, "an edition of a procedure cannot be read by this version");
        }
    }
}

#[cfg(test)]
mod tests;
