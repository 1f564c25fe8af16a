//! What the readings propose at the present step, as the page of a run shows it: answer, value, source, age and how sure
//! it is; and the collector's own look at the addresses of the run.

use axum::extract::Path;
use axum::response::Redirect;
use jiff::Timestamp;

use crate::domain::id::RunId;
use crate::domain::procedure::{Question, Step, StepKind};
use crate::domain::proposal::Proposal;
use crate::web::access::Desk;
use crate::web::error::Error;
use crate::web::markup::Look;
use crate::web::words;

/// What the readings propose.
pub struct ProposalView {
    /// The answer, in a word.
    pub look: Look,
    /// What was read.
    pub value: String,
    /// On what it rests.
    pub because: String,
    /// What answered; empty: nothing did.
    pub source: String,
    /// When it was read.
    pub taken_at: Option<Timestamp>,
    /// How sure it is, where there is an answer.
    pub sureness: Option<&'static str>,
    /// What one tap confirms: value of the form, and words. Only of a question that has an answer.
    pub confirm: Option<(&'static str, String)>,
    /// The collector can look at the addresses of the run.
    pub verifies: bool,
}

impl ProposalView {
    /// For the step it was made for.
    pub fn new(said: Proposal, step: Option<&Step>) -> ProposalView {
        let labels = step.and_then(|step| match &step.kind {
            StepKind::Question { yes_label, no_label, .. } => Some((
                yes_label.clone().unwrap_or_else(|| "Sí".into()),
                no_label.clone().unwrap_or_else(|| "No".into()),
            )),
            StepKind::Action { .. } | StepKind::Restart { .. } | StepKind::End { .. } => None,
        });
        let confirm = match (said.answer, labels) {
            (Some(true), Some((yes, _))) => Some(("si", yes)),
            (Some(false), Some((_, no))) => Some(("no", no)),
            (Some(_) | None, _) => None,
        };
        ProposalView {
            look: words::proposal(said.answer),
            sureness: said.answer.map(|_| said.sureness.title()),
            value: said.value,
            because: said.because,
            source: said.source,
            taken_at: said.taken_at,
            confirm,
            verifies: step.and_then(|step| step.answered_by).is_some_and(|question| {
                matches!(
                    question,
                    Question::PagePublished
                        | Question::MailboxExists
                        | Question::MailboxDomainReady
                )
            }),
        }
    }
}

/// `POST /tramites/{id}/comprobar`: the collector looks at the addresses of the run now.
pub(super) async fn verify(Path(id): Path<String>, desk: Desk) -> Result<Redirect, Error> {
    let id = RunId::new(id);
    desk.verify_addresses(&id).await?;
    Ok(Redirect::to(&format!("/tramites/{id}#lectura")))
}
