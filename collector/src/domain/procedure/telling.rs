//! What is to be known of a step, in short sentences: the same on the page and on the command line.

use super::{About, Auto, Cursor, Need, Procedure, Question, Step, StepKind};
use crate::domain::run::Outcome;

impl About {
    /// As people read it, after «sobre».
    pub fn title(self) -> &'static str {
        match self {
            About::Device => "un equipo",
            About::Areas => "las áreas, con un plan de fechas",
            About::Networks => "las redes, con un plan de fechas",
            About::Request => "lo que pide una persona o un área",
        }
    }
}

impl Need {
    /// As people read it.
    pub fn title(self) -> &'static str {
        match self {
            Need::Note => "una nota",
            Need::Attachment => "un archivo adjunto",
            Need::Signature => "una firma",
        }
    }
}

impl Question {
    /// What the readings say, as people read it.
    pub fn title(self) -> &'static str {
        match self {
            Question::FaultsCleared => "si las fallas que abrieron el trámite siguen",
            Question::HasInternet => "si los equipos de la red tienen internet",
            Question::IsStable => "pérdidas y demoras de la red",
            Question::DeviceFault => "si responden los dispositivos de red",
            Question::CablingFault => "si los enlaces de cable se caen",
            Question::ConfigurationFault => "direcciones, puerta de enlace y DNS",
            Question::HasAntivirus => "qué antivirus tiene el equipo",
            Question::AntivirusUpdated => "la fecha de las firmas del antivirus",
            Question::FirewallCorrect => {
                "el firewall y los puertos abiertos contra los permitidos en el área"
            }
            Question::MalwarePresent => "lo que detectó el antivirus",
            Question::OtherAnomaly => "otras alertas del equipo",
            Question::Snapshot => "cómo estaba el equipo antes y cómo quedó",
            Question::PagePublished => "si las direcciones abren",
            Question::MailboxExists => "si el dominio del correo existe",
            Question::MailboxDomainReady => "si el dominio recibe correo",
        }
    }
}

impl Step {
    /// What follows it: «→ 6», «Sí → 6 · No → 5».
    pub fn way_out(&self) -> String {
        match &self.kind {
            StepKind::Action { next } => format!("→ {next}"),
            StepKind::Question { yes, no, yes_label, no_label } => {
                let yes_label = yes_label.as_deref().unwrap_or("Sí");
                let no_label = no_label.as_deref().unwrap_or("No");
                format!("{yes_label} → {yes} · {no_label} → {no}")
            }
            StepKind::Restart { to } => {
                format!("Termina como no procedente; se puede reiniciar en el paso {to}")
            }
            StepKind::End { outcome } => match outcome {
                Outcome::Completed | Outcome::Recovered => "Fin".to_owned(),
                Outcome::Rejected => "Fin: no procedente".to_owned(),
                Outcome::Retired => "Fin: se propone la baja".to_owned(),
                Outcome::Cancelled => "Fin: cancelado".to_owned(),
            },
        }
    }

    /// What else is to be known of it, a sentence each.
    pub fn facts(&self) -> Vec<String> {
        let mut facts = Vec::new();
        if self.plans {
            facts.push("Se dan fechas, a una o a varias a la vez.".to_owned());
        }
        facts.extend(self.auto.map(automatic).map(str::to_owned));
        let is_question = matches!(self.kind, StepKind::Question { .. });
        facts.extend(self.answered_by.map(|question| {
            let shown = question.title();
            if is_question {
                format!("El sistema propone la respuesta: muestra {shown}; decide la persona.")
            } else {
                format!("El sistema muestra {shown}.")
            }
        }));
        if self.has_checklist {
            facts.push("Se llena la hoja de cada equipo del área.".to_owned());
        }
        if !self.needs.is_empty() {
            let needs: Vec<&str> = self.needs.iter().map(|need| need.title()).collect();
            facts.push(format!("Hace falta {}.", needs.join(" y ")));
        }
        if !self.fields.is_empty() {
            let names = self.fields.iter().map(|field| {
                let optional = if field.required { "" } else { " (opcional)" };
                format!("{}{optional}", field.label)
            });
            facts.push(format!("Datos: {}.", names.collect::<Vec<_>>().join("; ")));
        }
        facts.extend(
            self.waits_for
                .map(|wait| format!("El trámite espera ({}) y su plazo no corre.", wait.title())),
        );
        facts.extend(self.completes.map(|cursor| match cursor {
            Cursor::Visit => "Con él termina la visita.".to_owned(),
            Cursor::Device => "Con él termina el equipo.".to_owned(),
        }));
        facts.extend(self.document.map(|document| format!("Sale: {}.", document.title())));
        facts.extend(self.limit_hours.map(|hours| format!("Plazo: {}.", working_hours(hours))));
        facts
    }
}

impl Procedure {
    /// Who may not carry out a step because of another, a sentence each.
    pub fn four_eyes_in_words(&self) -> Vec<String> {
        let rule = |rule: &super::FourEyes| {
            format!("Quien hizo el paso {} no puede hacer el paso {}.", rule.not_by, rule.step)
        };
        self.four_eyes.iter().map(rule).collect()
    }
}

/// «1 hora hábil», «8 horas hábiles».
pub fn working_hours(hours: u32) -> String {
    if hours == 1 { "1 hora hábil".to_owned() } else { format!("{hours} horas hábiles") }
}

fn automatic(auto: Auto) -> &'static str {
    match auto {
        Auto::AllPlanned | Auto::AllVisited | Auto::AllDevices => "Lo contesta el sistema.",
        Auto::NextToPlan | Auto::NextToVisit | Auto::NextDevice => "Lo hace el sistema.",
    }
}
