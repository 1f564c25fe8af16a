//! The only place with SQL. One body of SQL for SQLite and PostgreSQL; one file per subject.
//!
//! Everything happens in a transaction: [`Read`] gives a page one consistent view, [`Write`] saves all or
//! nothing. Methods that change something exist on `Write` only.

mod access;
mod accounts;
mod actions;
mod address_checks;
mod addressees;
mod alerts;
mod areas;
mod attachments;
mod audit;
mod bulk;
mod changes;
mod codes;
mod courses;
mod desk;
mod devices;
mod editions;
mod engine;
mod escalations;
mod fleet;
mod health;
mod identity;
mod intake;
mod ledger;
mod likenesses;
mod mail_texts;
mod network_devices;
mod networks;
mod outages;
mod outbox;
mod people;
mod policies;
mod portal;
mod readings;
mod releases;
mod row;
mod run_actions;
mod run_events;
mod run_links;
mod run_list;
mod runs;
mod sections;
mod sessions;
mod sight;
mod signatures;
mod totp;

pub use actions::{ActionRecord, NewAction};
pub use alerts::{AlertFilter, AlertRow};
pub use audit::AuditEntry;
pub use desk::{Assigned, DESK_COUNTED, DeskCounts, DeskFilter, DeskOrder, DeskRow, Timing, Which};
pub use engine::{Database, Read, Store, Write};
pub use escalations::{Lateness, Level};
pub use fleet::{DeviceRow, FleetCounts, Live};
pub use health::Health;
pub use intake::{Arrival, DeadLetter, GapRecord, Progress, SampleRow};
pub use ledger::{COLUMNS, EntryName, LedgerFilter, LedgerRow};
pub use mail_texts::{MailSetting, WordedText};
pub use network_devices::Watch;
pub use outbox::Attempt;
pub use people::PersonFilter;
pub use portal::{PortalMessage, PortalRequest};
pub use run_links::{LinkedRun, Relation};
pub use run_list::{RunFilter, RunRow};
pub use sections::SectionRow;
pub use sessions::{LoginLink, NewSession, Session, SessionRow, session_name};
pub use sight::Sight;
pub use totp::Totp;

/// What went wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("database schema: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database is set up in a way that loses acknowledged data.
    #[error("{0}")]
    Unsafe(String),
    /// A stored value is not one this program writes.
    #[error("{table}.{column} holds «{value}», which this version does not know")]
    Unreadable {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// The value, shortened.
        value: String,
    },
}

impl Error {
    /// Whether a unique key was violated: somebody else was first.
    pub fn is_conflict(&self) -> bool {
        match self {
            Error::Database(sqlx::Error::Database(error)) => error.is_unique_violation(),
            Error::Database(_)
            | Error::Migration(_)
            | Error::Unsafe(_)
            | Error::Unreadable { .. } => false,
        }
    }
}

impl Error {
    /// Whether the disk had no room: nothing was changed, and it may be tried again once there is some.
    pub fn is_disk_full(&self) -> bool {
        match self {
            // SQLITE_FULL; disk_full of PostgreSQL.
            Error::Database(sqlx::Error::Database(error)) => {
                matches!(error.code().as_deref(), Some("13" | "53100"))
            }
            Error::Database(_)
            | Error::Migration(_)
            | Error::Unsafe(_)
            | Error::Unreadable { .. } => false,
        }
    }
}

/// Result of a store call.
pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
