//! Orders to agents: who may give which, how long they wait, and where they stand.

use jiff::SignedDuration;

use super::access::Actor;
use super::person::Role;
use super::reading::{ActionKind, ActionOutcome, Evidence};

/// Orders of one device that may be open at a time.
pub const OPEN: usize = 16;
/// Longest an order may wait for its agent.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long after its time an order that was sent may still be answered before it is given up: the longest action takes
/// less.
pub const ANSWER: SignedDuration = SignedDuration::from_hours(1);

/// How long an order waits for its agent unless said otherwise. What tells how things are now is soon of no use.
pub fn patience(kind: ActionKind) -> SignedDuration {
    match kind {
        ActionKind::ProbeNow => SignedDuration::from_mins(10),
        ActionKind::NetworkTest => SignedDuration::from_hours(1),
        ActionKind::UpdateSignatures
        | ActionKind::QuickScan
        | ActionKind::BlockPort
        | ActionKind::UnblockPort
        | ActionKind::CollectDiagnostics => SignedDuration::from_hours(24),
    }
}

/// Whether the action may take a service away from people who need it.
pub fn is_heavy(kind: ActionKind) -> bool {
    matches!(kind, ActionKind::BlockPort | ActionKind::UnblockPort)
}

/// As people read it.
pub fn title(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::ProbeNow => "Medir ahora",
        ActionKind::NetworkTest => "Prueba de red",
        ActionKind::UpdateSignatures => "Actualizar firmas",
        ActionKind::QuickScan => "Análisis rápido",
        ActionKind::BlockPort => "Bloquear puerto",
        ActionKind::UnblockPort => "Desbloquear puerto",
        ActionKind::CollectDiagnostics => "Reunir diagnóstico",
    }
}

/// As people read it, of an order.
pub fn outcome_word(outcome: ActionOutcome) -> &'static str {
    match outcome {
        ActionOutcome::Done => "hecha",
        ActionOutcome::Failed => "falló",
        ActionOutcome::Refused => "rechazada por el equipo",
        ActionOutcome::Expired => "vencida",
        ActionOutcome::Unsupported => "el equipo no puede hacerla",
    }
}

/// Who gives an order.
#[derive(Debug, Clone)]
pub struct Ordering {
    /// Who.
    pub actor: Actor,
    /// They administer the collector.
    pub administrator: bool,
}

impl Ordering {
    /// A program, or whoever holds the collector's machine: made able to by an administrator.
    pub fn by_program(actor: Actor) -> Ordering {
        Ordering { actor, administrator: true }
    }

    /// Whether they may order this. Who looks after PCs may have them looked at and their antivirus do its work; ports
    /// are for the head of the unit and for administrators.
    pub fn may_order(&self, kind: ActionKind) -> bool {
        let looks_after_pcs = self.actor.may_act_as(Role::Technician);
        let decides = match &self.actor {
            Actor::Person { roles, .. } => roles.has(Role::Head) || self.administrator,
            Actor::Guest { .. } => false,
            Actor::Token { .. } | Actor::Machine | Actor::Console => self.administrator,
        };
        looks_after_pcs && (decides || !is_heavy(kind))
    }
}

/// How an action ended, as its agent or the clock says.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionResult {
    /// How.
    pub outcome: ActionOutcome,
    /// In words.
    pub detail: String,
    /// What proves it.
    pub evidence: Option<Evidence>,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionState {
    /// Its agent was not connected yet.
    Ordered,
    /// On its way, or being carried out.
    Sent,
    /// The agent answered, or nobody waits for it any more; the outcome says how.
    Finished,
}

impl ActionState {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            ActionState::Ordered => "ordered",
            ActionState::Sent => "sent",
            ActionState::Finished => "finished",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::PersonId;
    use crate::domain::person::{Person, Roles};

    #[test]
    fn ports_are_for_the_head_and_administrators_the_rest_for_whoever_looks_after_pcs() {
        let person = |role, administrator| {
            let (id, name) = (PersonId::new("p"), "p");
            Ordering {
                actor: Actor::of(&Person::new(id, "p", name, Roles::of(role))),
                administrator,
            }
        };
        let light = ActionKind::QuickScan;
        for (who, light_too, heavy) in [
            (person(Role::Head, false), true, true),
            (person(Role::Technician, true), true, true),
            (person(Role::Technician, false), true, false),
            (person(Role::FrontDesk, false), false, false),
            (person(Role::FrontDesk, true), false, false),
            (Ordering::by_program(Actor::Console), true, true),
        ] {
            assert_eq!(who.may_order(light), light_too, "{who:?}");
            assert_eq!(who.may_order(ActionKind::BlockPort), heavy, "{who:?}");
            assert_eq!(who.may_order(ActionKind::UnblockPort), heavy, "{who:?}");
        }
    }
}
