//! A message to be sent: its states, whether an address is one, and when a failed attempt is made again.

use jiff::{SignedDuration, Timestamp};

use super::id::{PersonId, RunId};
use super::notice::NoticeKind;

/// After this long a message that could not be sent is given up.
pub const GIVE_UP: SignedDuration = SignedDuration::from_hours(48);
/// Longest wait between two attempts, seconds.
const LONGEST_WAIT: i64 = 3_600;
/// First wait, seconds.
const FIRST_WAIT: i64 = 60;
/// Longest address, by RFC 5321.
const ADDRESS: usize = 254;

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MailState {
    /// To be sent, at once or again later.
    Queued,
    /// A collector is at it.
    Sending,
    /// The server has taken it.
    Sent,
    /// The server was given all of it and its answer is not known: it may have it. Only a person sends it again.
    Uncertain,
    /// The server does not want it, or could not be reached for 48 hours.
    GivenUp,
    /// Nobody knows an address of whom it is for.
    Unaddressed,
}

impl MailState {
    /// All states.
    pub const ALL: [MailState; 6] = [
        MailState::Queued,
        MailState::Sending,
        MailState::Sent,
        MailState::Uncertain,
        MailState::GivenUp,
        MailState::Unaddressed,
    ];

    /// The word in SQL and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            MailState::Queued => "queued",
            MailState::Sending => "sending",
            MailState::Sent => "sent",
            MailState::Uncertain => "uncertain",
            MailState::GivenUp => "given_up",
            MailState::Unaddressed => "unaddressed",
        }
    }

    /// The state of that word.
    pub fn parse(word: &str) -> Option<Self> {
        MailState::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// As people read it.
    pub fn title(self) -> &'static str {
        match self {
            MailState::Queued => "En cola",
            MailState::Sending => "Enviándose",
            MailState::Sent => "Enviado",
            MailState::Uncertain => "No se sabe si llegó",
            MailState::GivenUp => "No se pudo enviar",
            MailState::Unaddressed => "Sin dirección",
        }
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Identity.
    pub id: String,
    /// When it was queued; also its date.
    pub created_at: Timestamp,
    /// Why it is sent.
    pub kind: NoticeKind,
    /// The run it is about.
    pub run: Option<RunId>,
    /// Who it is for, if they sign in.
    pub person: Option<PersonId>,
    /// Address; empty: none known.
    pub to_address: String,
    /// Name; empty: none known.
    pub to_name: String,
    /// Subject, one line.
    pub subject: String,
    /// Plain text; empty once sent.
    pub body: String,
    /// What caused it and for whom.
    pub dedupe_key: String,
    /// `<…>`, the same at every attempt.
    pub message_id: String,
    /// Where it stands.
    pub state: MailState,
    /// Attempts so far.
    pub attempts: u32,
    /// When it is tried next, while queued.
    pub next_at: Timestamp,
    /// After this a failed attempt is the last.
    pub give_up_at: Timestamp,
    /// What the last attempt said.
    pub last_error: Option<String>,
    /// When the server took it.
    pub sent_at: Option<Timestamp>,
}

/// When a message is tried again after its `attempts`-th failure: 1, 2, 4 … minutes, at most an hour, give or take
/// a fifth by `chance` (0 to 1), so that collectors and messages do not come back all at once.
pub fn next_attempt(attempts: u32, chance: f64, now: Timestamp) -> Timestamp {
    let doubled = FIRST_WAIT.checked_shl(attempts.saturating_sub(1).min(16));
    let wait = doubled.unwrap_or(LONGEST_WAIT).clamp(FIRST_WAIT, LONGEST_WAIT);
    let factor = 0.8 + 0.4 * chance.clamp(0.0, 1.0);
    #[allow(clippy::cast_precision_loss, reason = "at most an hour of seconds")]
    #[allow(clippy::cast_possible_truncation, reason = "at most an hour of milliseconds")]
    let milliseconds = (wait as f64 * factor * 1_000.0) as i64;
    now.checked_add(SignedDuration::from_millis(milliseconds)).unwrap_or(now)
}

/// An address that mail can be sent to: `local@domain` in ASCII, nothing quoted. What a header or an SMTP command
/// could misread is none.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |part: &str| !part.is_empty() && part.bytes().all(is_atom_byte);
    let label = |part: &str| {
        let inside = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        inside
            && !part.is_empty()
            && part.len() <= 63
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.len() <= ADDRESS
        && local.len() <= 64
        && local.split('.').all(atom)
        && domain.split('.').all(label)
        && (domain.contains('.') || domain == "localhost")
}

fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_break_a_header_or_a_command_is_no_address() {
        for good in ["ana@ejemplo.gob.mx", "o'neil+tic@sub.ejemplo.mx", "root@localhost"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "ana",
            "@ejemplo.mx",
            "ana@",
            "ana@ejemplo",
            "ana@@ejemplo.mx",
            "a b@ejemplo.mx",
            "ana@ejemplo.mx\r\nRCPT TO:<x@y.mx>",
            "ana@ejemplo.mx>",
            "\"a\"@ejemplo.mx",
            "ana@-ejemplo.mx",
            "ana..b@ejemplo.mx",
            "ñandú@ejemplo.mx",
            "ana@ejemplo..mx",
            "a,b@c.mx",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
        assert!(!is_address(&format!("{}@ejemplo.mx", "a".repeat(65))));
    }

    #[test]
    fn attempts_come_further_and_further_apart_but_every_hour_at_least() {
        let now = Timestamp::UNIX_EPOCH;
        let wait = |attempts, chance| next_attempt(attempts, chance, now).as_second();
        assert_eq!(
            [1, 2, 3, 7, 60].map(|attempts| wait(attempts, 0.5)),
            [60, 120, 240, 3600, 3600]
        );
        assert_eq!((wait(1, 0.0), wait(1, 1.0)), (48, 72));
    }
}
