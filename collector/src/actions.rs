//! What happens, one file per thing: load, decide (pure), save, in one transaction.
//!
//! Intake, timers and web call these; nothing here speaks a protocol, and only the store speaks SQL.

pub mod accept_administrator;
pub mod admit;
pub mod advance_run;
pub mod attach;
pub mod change_authority;
pub mod confirm_device;
pub mod create_area;
pub mod create_code;
pub mod create_person;
pub mod create_token;
pub mod enrol;
pub mod escalate;
pub mod export_head;
pub mod gather_outage;
pub mod hand_over;
pub mod import_people;
pub mod judge;
pub mod manage_area;
pub mod manage_device;
pub mod manage_edition;
pub mod manage_mail;
pub mod manage_network;
pub mod manage_person;
pub mod manage_release;
pub mod merge_device;
pub mod networks;
pub mod notify;
pub mod offered_release;
pub mod open_run;
pub mod order_action;
pub mod order_from_run;
pub mod portal;
pub mod propose;
pub mod quarantine;
pub mod receive_report;
pub mod remove_sample;
pub mod renew;
mod runs;
pub mod seal;
pub mod second_factor;
pub mod secret;
pub mod send_action;
pub mod settle_conflict;
pub mod sight;
pub mod sign_in;
pub mod sign_step;
pub mod verify_address;
pub mod verify_ledger;
pub mod verify_runs;
pub mod watch_network;
pub mod watch_silence;

pub use crate::procedure::{Change, Library, Snapshot, differences, undoable, undone};

use jiff::Timestamp;

/// Why something did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The procedure refused. Shown to people.
    #[error(transparent)]
    Refused(#[from] crate::procedure::Refused),
    /// The run moved since the page was made. Shown to people.
    #[error("{by} ya atendió este paso; vea el trámite antes de seguir")]
    Stale {
        /// Who moved it.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// Somebody wrote at the same moment and was faster; trying again is right.
    #[error("alguien más guardó en este momento: vuelva a intentarlo")]
    Overtaken,
    /// What was asked for is not there. Shown to people.
    #[error("no existe {0}")]
    NotFound(&'static str),
    /// The thing is in a state that does not allow it. Shown to people.
    #[error("{0}")]
    Unfitting(&'static str),
    /// What was asked for is out of bounds. Shown to people.
    #[error("{0}")]
    Unfit(String),
    /// It is not for whoever asks. Shown to people.
    #[error("{0}")]
    NotAllowed(&'static str),
    /// A file could not be written or read.
    #[error("attachment: {0}")]
    Disk(std::io::Error),
    /// A run needs a procedure edition that is not installed.
    #[error("the procedure {code}, edition «{edition}», is not installed")]
    NoProcedure {
        /// Its code.
        code: String,
        /// Its edition.
        edition: String,
    },
}

/// Result of an action.
pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests;
