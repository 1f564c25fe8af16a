//! A proposed answer as the API tells it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::proposal::Proposal;

/// What readings, or the collector's own look, answer to the question of a step.
#[derive(Serialize, ToSchema)]
pub(super) struct ProposalJson {
    /// Yes, no; null: unknown.
    answer: Option<bool>,
    /// What was read, short; empty: nothing was.
    value: String,
    /// On what it rests, or why it is unknown.
    because: String,
    /// What answered; empty: nothing did.
    source: String,
    /// When it was read, by the collector's clock.
    #[schema(value_type = Option<String>, format = DateTime)]
    taken_at: Option<Timestamp>,
    /// `certain`, `likely` or `weak`; says nothing where the answer is unknown.
    sureness: &'static str,
}

impl ProposalJson {
    /// Of a proposal.
    pub(super) fn new(said: Proposal) -> ProposalJson {
        ProposalJson {
            answer: said.answer,
            value: said.value,
            because: said.because,
            source: said.source,
            taken_at: said.taken_at,
            sureness: said.sureness.as_str(),
        }
    }
}
