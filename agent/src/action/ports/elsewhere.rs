//! Systems whose packet filter the agent does not know.

use atalaya_reading::Protocol;

use crate::action::Answer;
use crate::probe::program::Programs;

/// Nothing can be blocked.
pub async fn block(_: &Programs, _: Protocol, _: u16, _: u32) -> Answer {
    Answer::unsupported("en este sistema el agente no bloquea puertos")
}

/// Nothing was blocked.
pub async fn unblock(_: &Programs, _: Protocol, _: u16) -> Answer {
    Answer::unsupported("en este sistema el agente no bloquea puertos")
}
