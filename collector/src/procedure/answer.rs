//! What the agents' readings answer to a question of a step: a proposal with its evidence, never a decision.

use crate::domain::alert::Alert;
use crate::domain::procedure::Question;

/// A proposed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Yes, no, or unknown.
    pub answer: Option<bool>,
    /// On what it rests, in a sentence.
    pub because: String,
}

/// Answers a question from the alerts of the run. `silent` says that the device does not report now: then its
/// old readings prove nothing.
pub fn propose(question: Question, alerts: &[Alert], silent: bool) -> Proposal {
    match question {
        Question::FaultsCleared => faults_cleared(alerts, silent),
        _ => Proposal { answer: None, because: "Ninguna lectura lo contesta.".to_owned() },
    }
}

fn faults_cleared(alerts: &[Alert], silent: bool) -> Proposal {
    let open: Vec<&Alert> = alerts.iter().filter(|alert| alert.cleared_at.is_none()).collect();
    if alerts.is_empty() {
        let because = "El trámite no nació de una alerta: compruébelo en el equipo.".to_owned();
        return Proposal { answer: None, because };
    }
    if silent {
        let because = "El equipo no reporta: no se sabe si la falla continúa.".to_owned();
        return Proposal { answer: None, because };
    }
    if open.is_empty() {
        let because = format!("Las {} alertas de este trámite ya se despejaron.", alerts.len());
        let because = if alerts.len() == 1 {
            "La alerta de este trámite ya se despejó.".into()
        } else {
            because
        };
        return Proposal { answer: Some(true), because };
    }
    let names: Vec<&str> = open.iter().map(|alert| alert.rule.title()).collect();
    Proposal { answer: Some(false), because: format!("Siguen abiertas: {}.", names.join(", ")) }
}
