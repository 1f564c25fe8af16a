//! The ledger: one hash chain over every event of a run and every administrative change. Pure: how an entry is
//! hashed, and the walk along the chain that finds and names what does not fit.

mod walk;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

pub use walk::{Verdict, Walk};

/// The end of the chain at some moment. Kept outside the database, it proves that nothing up to it was rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Number of the last entry; 0: nothing has been appended yet.
    pub entry: i64,
    /// Its hash, lower-case hexadecimal; empty at 0.
    pub hash: String,
    /// When that entry was appended; `None`: not known.
    pub at: Option<Timestamp>,
}

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its number, from 1.
    pub entry: i64,
    /// The hash kept with it; `None`: there is none.
    pub hash: Option<String>,
    /// What it says.
    pub body: Body,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Every field of its row, each by [`field`].
    Kept(String),
    /// Its row went with the sample municipality; only its hash is kept, in a batch of that name.
    Removed {
        /// Digest of the batch, by [`Batch`].
        batch: String,
    },
}

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// There is no head.
    NoHead,
    /// Numbers that are not there, though later ones are.
    Missing {
        /// First of them.
        first: i64,
        /// Last of them.
        last: i64,
    },
    /// Two rows have this number.
    Doubled(i64),
    /// A field of the entry is not what was appended, or the row was put in.
    Edited(i64),
    /// The entry is genuine, but was appended at another place.
    Moved {
        /// Where it is.
        entry: i64,
        /// Where it was appended.
        belongs_at: i64,
    },
    /// The hash kept with the entry is not its hash; its fields are as appended.
    HashEdited(i64),
    /// The chain ends before the head does.
    Truncated {
        /// First entry that is not there.
        first: i64,
        /// The head's.
        last: i64,
    },
    /// The head does not show the hash of the last entry.
    HeadEdited(i64),
    /// Rows that never went through the ledger, or lie beyond its head.
    Foreign {
        /// The number the row has, as text; empty: none.
        entry: String,
        /// What it is.
        what: String,
    },
    /// Rows taken away without an entry that bears witness.
    Unwitnessed {
        /// First of the batch.
        first: i64,
        /// Last of the batch.
        last: i64,
    },
    /// The chain does not go as far as a head that was exported.
    ShorterThanExported(i64),
    /// An exported head shows another hash: what is there now was made afterwards.
    OtherThanExported {
        /// The exported head's entry.
        entry: i64,
        /// The last exported head before it that fits; 0: none.
        sound_until: i64,
    },
}

/// A field within a body: its length in bytes and its text, so that none runs into the next; absent ones differ
/// from empty ones.
pub fn field(body: &mut String, value: Option<&str>) {
    match value {
        Some(text) => {
            body.push_str(&text.len().to_string());
            body.push(':');
            body.push_str(text);
        }
        None => body.push('-'),
    }
}

/// The fields of a body, in order; `None`: it is no body.
pub fn fields(mut body: &str) -> Option<Vec<Option<&str>>> {
    let mut fields = Vec::new();
    while !body.is_empty() {
        if let Some(rest) = body.strip_prefix('-') {
            fields.push(None);
            body = rest;
            continue;
        }
        let (length, rest) = body.split_once(':')?;
        let (value, rest) = rest.split_at_checked(length.parse().ok()?)?;
        fields.push(Some(value));
        body = rest;
    }
    Some(fields)
}

/// The hash of an entry: SHA-256 over the hash of the entry before (empty for the first), its number and its body.
pub fn entry_hash(previous: &str, entry: i64, body: &str) -> String {
    let mut start = String::with_capacity(90);
    field(&mut start, Some(previous));
    field(&mut start, Some(&entry.to_string()));
    let mut hasher = Sha256::new();
    hasher.update(start.as_bytes());
    hasher.update(body.as_bytes());
    data_encoding::HEXLOWER.encode(&hasher.finalize())
}

/// The digest that names a batch of removed entries.
#[derive(Debug, Clone, Default)]
pub struct Batch(Sha256);

impl Batch {
    /// Takes an entry in; they come in order.
    pub fn add(&mut self, entry: i64, hash: &str) {
        let mut line = String::with_capacity(90);
        field(&mut line, Some(&entry.to_string()));
        field(&mut line, Some(hash));
        self.0.update(line.as_bytes());
    }

    /// Its name, lower-case hexadecimal.
    pub fn name(self) -> String {
        data_encoding::HEXLOWER.encode(&self.0.finalize())
    }
}

#[cfg(test)]
mod tests;
