//! «Confirmar lo que los agentes contestan»: walks the steps of one PC of a security review with the answers that its
//! readings propose, each as an event of the person's own, all in one transaction. It stops at the first answer that is
//! unknown or bad, and before anything that asks for work, words or a signature.

use jiff::Timestamp;

use super::judge::Bench;
use super::propose::propose;
use super::runs::{edition_of, take_in};
use super::{Error, Result};
use crate::domain::access::Actor;
use crate::domain::id::{DeviceId, RunId};
use crate::domain::procedure::{Cursor, Question, Step, StepKind};
use crate::domain::proposal::Proposal;
use crate::domain::run::{Entry, Event, Run};
use crate::store::Store;

/// Steps of one PC there can be, so that a procedure that goes round in circles ends too.
const STEPS: usize = 40;

/// How far it went, and why it stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// Steps that were taken.
    pub steps: usize,
    /// Why it stopped before the PC was done, for people; `None`: the PC is done.
    pub stopped: Option<String>,
}

/// Confirms for the present PC of a run what its readings propose.
///
/// # Errors
/// When the run does not stand at that PC, the person may not, or the store refuses; then nothing is changed.
pub async fn confirm_device(
    store: &Store,
    bench: &Bench,
    id: &RunId,
    device: &DeviceId,
    actor: &Actor,
    now: Timestamp,
) -> Result<Confirmed> {
    let mut db = store.write().await?;
    let mut run = db.run(id).await?.ok_or(Error::NotFound("el trámite"))?;
    if run.present_device.as_ref() != Some(device) {
        return Err(Error::Unfitting("el trámite no está ahora en ese equipo"));
    }
    let mut steps = 0;
    let stopped = loop {
        let done = !run.is_open() || run.present_device.as_ref() != Some(device);
        if done {
            break None;
        }
        if steps == STEPS {
            break Some("El procedimiento da vueltas: siga paso por paso.".to_owned());
        }
        let proposal = propose(&mut db, bench, &run, now).await?;
        let event = match next_event(bench, &run, proposal, steps)? {
            Ok(event) => event,
            Err(why) => break Some(why),
        };
        run = take_in(&mut db, bench, run, event, actor, now).await?;
        steps += 1;
    };
    db.commit().await?;
    Ok(Confirmed { steps, stopped })
}

/// What the person confirms at the present step, or why it is left to them.
fn next_event(
    bench: &Bench,
    run: &Run,
    proposal: Option<Proposal>,
    taken: usize,
) -> Result<std::result::Result<Event, String>> {
    let procedure = edition_of(&bench.library, run)?;
    let step = run.present_step().and_then(|id| procedure.step(id));
    let Some(step) = step else { return Ok(Err("El trámite no está en ningún paso.".into())) };
    let number = &step.id;
    let is_plain = step.needs.is_empty()
        && step.waits_for.is_none()
        && step.fields.iter().all(|field| !field.required);
    Ok(match &step.kind {
        StepKind::Question { .. } => match (step.answered_by, proposal) {
            (Some(question), Some(said)) => match said.answer {
                Some(yes) if is_good(question, yes) => {
                    let (step, entry) = (step.id.clone(), Entry::default());
                    Ok(Event::Answer { step, yes, entry, proposal: Some(said) })
                }
                Some(_) => Err(format!("Paso {number}: {}", said.because)),
                None => Err(format!("Paso {number}, no se sabe: {}", said.because)),
            },
            _ => Err(format!("El paso {number} lo contesta una persona.")),
        },
        // The review begins with a plain step, and ends with the one that finishes the PC.
        StepKind::Action { .. } if is_plain && (taken == 0 || finishes(step)) => {
            Ok(Event::Complete { step: step.id.clone(), entry: Entry::default() })
        }
        StepKind::Action { .. } => Err(format!("El paso {number} pide hacer algo: {}", step.text)),
        StepKind::Restart { .. } | StepKind::End { .. } => {
            Err(format!("El paso {number} no es de un equipo."))
        }
    })
}

fn finishes(step: &Step) -> bool {
    step.completes == Some(Cursor::Device)
}

/// Whether an answer leaves nothing to be done.
fn is_good(question: Question, yes: bool) -> bool {
    match question {
        Question::MalwarePresent
        | Question::OtherAnomaly
        | Question::DeviceFault
        | Question::CablingFault
        | Question::ConfigurationFault => !yes,
        Question::FaultsCleared
        | Question::HasInternet
        | Question::IsStable
        | Question::HasAntivirus
        | Question::AntivirusUpdated
        | Question::FirewallCorrect
        | Question::PagePublished
        | Question::MailboxDomainReady => yes,
        Question::Snapshot | Question::MailboxExists => false,
    }
}
