//! Systems whose antivirus the agent does not know.

use std::time::Duration;

use super::NONE;
use crate::action::Answer;
use crate::probe::program::Programs;

/// Nobody can be asked.
pub async fn update(_: &Programs) -> Answer {
    Answer::unsupported(NONE)
}

/// Nobody can be asked.
pub async fn scan(_: &Programs, _: Duration) -> Answer {
    Answer::unsupported(NONE)
}
