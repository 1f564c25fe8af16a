//! What an entry says, twice: from the row about to be inserted, and by the database from the row that is there. Every
//! column of a row is part of it but the entry's number and hash. A test holds the two against each other.

use crate::domain::ledger::field;

/// The columns of a body by the name of their table, which is its first field.
pub const COLUMNS: [(&str, &[&str]); 2] = [
    (
        "run_event",
        &[
            "run_id",
            "number",
            "at",
            "actor",
            "person_id",
            "role",
            "kind",
            "step",
            "answer",
            "note",
            "evidence",
            "data",
            "hash",
        ],
    ),
    ("audit", &["number", "at", "actor", "act", "subject", "detail", "hash"]),
];

/// An event of a run, about to be inserted.
#[derive(Debug, Clone)]
pub(in crate::store) struct EventRow {
    pub run_id: String,
    pub number: i64,
    pub at: i64,
    pub actor: String,
    pub person_id: Option<String>,
    pub role: String,
    pub kind: String,
    pub step: Option<String>,
    pub answer: Option<bool>,
    pub note: String,
    pub evidence: Option<String>,
    pub data: String,
}

/// An administrative change, about to be inserted.
#[derive(Debug, Clone)]
pub(in crate::store) struct AuditRow {
    /// Among administrative changes; known only at the commit.
    pub number: i64,
    pub at: i64,
    pub actor: String,
    pub act: String,
    pub subject: String,
    pub detail: String,
}

impl EventRow {
    /// See the module.
    pub fn body(&self) -> String {
        let mut body = String::with_capacity(self.note.len() + self.data.len() + 200);
        let answer = self.answer.map(|yes| if yes { "yes" } else { "no" });
        for value in [
            Some("run_event"),
            Some(&self.run_id),
            Some(&self.number.to_string()),
            Some(&self.at.to_string()),
            Some(&self.actor),
            self.person_id.as_deref(),
            Some(&self.role),
            Some(&self.kind),
            self.step.as_deref(),
            answer,
            Some(&self.note),
            self.evidence.as_deref(),
            Some(&self.data),
            // The hash of the chain each run had before the ledger.
            Some(""),
        ] {
            field(&mut body, value);
        }
        body
    }
}

impl AuditRow {
    /// See the module.
    pub fn body(&self) -> String {
        let mut body = String::with_capacity(self.subject.len() + self.detail.len() + 100);
        for value in [
            "audit",
            &self.number.to_string(),
            &self.at.to_string(),
            &self.actor,
            &self.act,
            &self.subject,
            &self.detail,
            // The hash of the chain there was before the ledger.
            "",
        ] {
            field(&mut body, Some(value));
        }
        body
    }
}

/// A column of text as a field.
macro_rules! text {
    ($column:literal) => {
        concat!("coalesce(octet_length(", $column, ") || ':' || ", $column, ", '-')")
    };
}

/// A column of numbers as a field.
macro_rules! number {
    ($column:literal) => {
        concat!(
            "coalesce(octet_length(cast(",
            $column,
            " AS text)) || ':' || cast(",
            $column,
            " AS text), '-')"
        )
    };
}

/// The body of a row of `run_event`, by the database.
macro_rules! event_body {
    () => {
        concat!(
            "'9:run_event' || ",
            text!("run_id"),
            " || ",
            number!("number"),
            " || ",
            number!("at"),
            " || ",
            text!("actor"),
            " || ",
            text!("person_id"),
            " || ",
            text!("role"),
            " || ",
            text!("kind"),
            " || ",
            text!("step"),
            " || CASE WHEN answer IS NULL THEN '-' WHEN answer THEN '3:yes' ELSE '2:no' END || ",
            text!("note"),
            " || ",
            text!("evidence"),
            " || ",
            text!("data"),
            " || ",
            text!("hash")
        )
    };
}

/// The body of a row of `audit`, by the database.
macro_rules! audit_body {
    () => {
        concat!(
            "'5:audit' || ",
            number!("number"),
            " || ",
            number!("at"),
            " || ",
            text!("actor"),
            " || ",
            text!("act"),
            " || ",
            text!("subject"),
            " || ",
            text!("detail"),
            " || ",
            text!("hash")
        )
    };
}

/// The links between two numbers, in order: of the first, exclusive, and the last, inclusive.
pub(super) const LINKS: &str = concat!(
    "SELECT entry, entry_hash, body, batch FROM (
         SELECT entry, entry_hash, ",
    event_body!(),
    " AS body, cast(NULL AS text) AS batch FROM run_event WHERE entry > $1 AND entry <= $2
         UNION ALL
         SELECT entry, entry_hash, ",
    audit_body!(),
    ", NULL FROM audit WHERE entry > $1 AND entry <= $2
         UNION ALL
         SELECT entry, entry_hash, NULL, batch FROM ledger_removed WHERE entry > $1 AND entry <= $2
     ) AS link ORDER BY entry"
);
