//! One edition of a written procedure as it is kept: its text, where it came from, and whether new runs begin with it.

use jiff::Timestamp;

/// An edition of a procedure, kept for ever: runs that began with it stay on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// Code of the procedure.
    pub code: String,
    /// Its edition.
    pub edition: String,
    /// The file, as it was checked.
    pub text: String,
    /// SHA-256 of the text, lower-case hexadecimal.
    pub sha256: String,
    /// Where it came from.
    pub origin: Origin,
    /// Who added it.
    pub added_by: String,
    /// When.
    pub added_at: Timestamp,
    /// New runs begin with it.
    pub in_use: bool,
}

/// Where an edition came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// With the program.
    Embedded,
    /// The municipality added it.
    Own,
}

impl Origin {
    /// The word in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::Embedded => "embedded",
            Origin::Own => "own",
        }
    }

    /// The origin of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Origin::Embedded, Origin::Own].into_iter().find(|origin| origin.as_str() == word)
    }
}
