//! The editions at hand and which of them new runs begin with. Editions are added and never taken away, so that a
//! run always finds its own; clones share one shelf.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::fault::BadFile;
use super::parse::parse;
use crate::domain::edition::{Edition, Origin};
use crate::domain::procedure::Procedure;

/// The procedures compiled in; of several editions the last is the present one.
const FILES: &[(&str, &str)] = &[
    ("preventive.toml", include_str!("../../procedures/preventive.toml")),
    ("corrective-1.toml", include_str!("../../procedures/corrective-1.toml")),
    ("corrective.toml", include_str!("../../procedures/corrective.toml")),
    ("network.toml", include_str!("../../procedures/network.toml")),
    ("security.toml", include_str!("../../procedures/security.toml")),
    ("publication.toml", include_str!("../../procedures/publication.toml")),
    ("advice.toml", include_str!("../../procedures/advice.toml")),
    ("backup.toml", include_str!("../../procedures/backup.toml")),
    ("mailbox.toml", include_str!("../../procedures/mailbox.toml")),
    ("account.toml", include_str!("../../procedures/account.toml")),
];

/// The order of the manuals.
const ORDER: &[&str] = &[
    "preventive",
    "corrective",
    "network",
    "security",
    "publication",
    "advice",
    "backup",
    "mailbox",
    "account",
];

/// All known procedures.
#[derive(Debug, Clone, Default)]
pub struct Library {
    shelf: Arc<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    editions: boxcar::Vec<Kept>,
    /// The place on the shelf of what new runs begin with, by code.
    in_use: RwLock<BTreeMap<String, usize>>,
}

#[derive(Debug)]
struct Kept {
    procedure: Procedure,
    origin: Origin,
    sha256: String,
}

/// The files compiled in: name and text.
pub fn embedded_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().copied()
}

/// SHA-256 of a file's text, lower-case hexadecimal: what two editions of one name are told apart by.
pub fn fingerprint(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text))
}

impl Library {
    /// Reads and checks the procedures compiled in; the last edition of each is in use.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn embedded() -> Result<Library, BadFile> {
        let library = Library::default();
        for (name, text) in embedded_files() {
            library.put_in_use(library.shelve(name, text, Origin::Embedded)?);
        }
        Ok(library)
    }

    /// A library of these.
    #[cfg(test)]
    pub(crate) fn of(procedures: Vec<Procedure>) -> Library {
        let library = Library::default();
        for procedure in procedures {
            let kept = Kept { procedure, origin: Origin::Own, sha256: String::new() };
            library.put_in_use(library.shelf.editions.push(kept));
        }
        library
    }

    /// Takes in what the store keeps: editions not on the shelf yet, and which are in use.
    ///
    /// # Errors
    /// Those that this version cannot read; all others are taken in.
    pub fn take_in(&self, editions: &[Edition]) -> Result<(), Vec<BadFile>> {
        let mut unreadable = Vec::new();
        for edition in editions {
            let known = self.place(|kept| {
                kept.sha256 == edition.sha256
                    && kept.procedure.code == edition.code
                    && kept.procedure.edition == edition.edition
            });
            let name = || format!("{}, edición {}", edition.code, edition.edition);
            let at = match known {
                Some(at) => Ok(at),
                None => self.shelve(&name(), &edition.text, edition.origin),
            };
            match at {
                Ok(at) if edition.in_use => self.put_in_use(at),
                Ok(_) => {}
                Err(error) => unreadable.push(error),
            }
        }
        if unreadable.is_empty() { Ok(()) } else { Err(unreadable) }
    }

    /// The present edition of every procedure, in the order of the manuals, then by code.
    pub fn all(&self) -> Vec<&Procedure> {
        let in_use = self.shelf.in_use.read().unwrap_or_else(PoisonError::into_inner);
        let mut present: Vec<&Procedure> = in_use.values().filter_map(|at| self.at(*at)).collect();
        present.sort_by_key(|procedure| {
            ORDER.iter().position(|code| procedure.code == *code).unwrap_or(ORDER.len())
        });
        present
    }

    /// The present edition of a procedure.
    pub fn get(&self, code: &str) -> Option<&Procedure> {
        let in_use = self.shelf.in_use.read().unwrap_or_else(PoisonError::into_inner);
        self.at(*in_use.get(code)?)
    }

    /// The edition a run began with.
    pub fn edition(&self, code: &str, edition: &str) -> Option<&Procedure> {
        let wanted = |kept: &Kept| kept.procedure.code == code && kept.procedure.edition == edition;
        self.at(self.place(wanted)?)
    }

    /// All editions of a procedure and where each came from, in the order they arrived.
    pub fn editions(&self, code: &str) -> Vec<(&Procedure, Origin)> {
        let mut found: Vec<(&Procedure, Origin)> = Vec::new();
        for (_, kept) in self.shelf.editions.iter().filter(|(_, kept)| kept.procedure.code == code)
        {
            // What the store keeps under a name stands before what was compiled in under the same.
            found.retain(|(procedure, _)| procedure.edition != kept.procedure.edition);
            found.push((&kept.procedure, kept.origin));
        }
        found
    }

    fn at(&self, at: usize) -> Option<&Procedure> {
        self.shelf.editions.get(at).map(|kept| &kept.procedure)
    }

    /// The last place on the shelf that fits.
    fn place(&self, fits: impl Fn(&Kept) -> bool) -> Option<usize> {
        let fitting = self.shelf.editions.iter().filter(|(_, kept)| fits(kept));
        fitting.map(|(at, _)| at).last()
    }

    fn shelve(&self, name: &str, text: &str, origin: Origin) -> Result<usize, BadFile> {
        let (procedure, sha256) = (parse(name, text)?, fingerprint(text));
        Ok(self.shelf.editions.push(Kept { procedure, origin, sha256 }))
    }

    fn put_in_use(&self, at: usize) {
        let Some(procedure) = self.at(at) else { return };
        let mut in_use = self.shelf.in_use.write().unwrap_or_else(PoisonError::into_inner);
        in_use.insert(procedure.code.clone(), at);
    }
}
