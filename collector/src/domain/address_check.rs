//! What the collector saw when it looked at addresses itself: a web page, or the domain of a mailbox. Plain data.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What came of asking for a web page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageCheck {
    /// The address as it was given.
    pub url: String,
    /// When it was asked for.
    pub checked_at: Timestamp,
    /// What came back.
    pub outcome: PageOutcome,
}

/// What came back for a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PageOutcome {
    /// A server answered.
    Answered {
        /// Status of HTTP.
        status: u16,
        /// The address that answered in the end, when others led there.
        led_to: Option<String>,
        /// Title of the page; `None`: it has none, or is no HTML.
        title: Option<String>,
        /// Bytes read, at most the bound.
        bytes: u64,
        /// Milliseconds from asking to the last byte.
        took_ms: u64,
        /// End of validity of the server's certificate; `None`: without TLS.
        certificate_until: Option<Timestamp>,
    },
    /// It was not asked for, for safety or because it is no address; why.
    Refused {
        /// For people.
        why: String,
    },
    /// Nothing usable came back; why.
    Failed {
        /// For people.
        why: String,
    },
}

impl PageOutcome {
    /// Whether a visitor sees a page.
    pub fn is_visible(&self) -> bool {
        matches!(self, PageOutcome::Answered { status: 200..=299, .. })
    }
}

/// What the names of the internet say of a mail domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailCheck {
    /// The domain, lower case.
    pub domain: String,
    /// When it was looked up.
    pub checked_at: Timestamp,
    /// What was found.
    pub outcome: MailOutcome,
}

/// What was found of a mail domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MailOutcome {
    /// These hosts take its mail, best first.
    Hosts {
        /// Names without a dot at the end.
        hosts: Vec<String>,
    },
    /// It says itself that it takes no mail (RFC 7505).
    TakesNone,
    /// No host is named for its mail.
    NoHosts {
        /// It has an address of its own, to which some senders would fall back.
        has_address: bool,
    },
    /// There is no such domain.
    NoDomain,
    /// It could not be looked up; why.
    Failed {
        /// For people.
        why: String,
    },
}
