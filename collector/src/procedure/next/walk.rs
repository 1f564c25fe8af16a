//! Walks a run along its procedure: each event is taken in as it is made, and steps the system carries out follow
//! by themselves.

use jiff::Timestamp;

use super::super::clock;
use super::super::evolve::evolve;
use super::super::refused::Refused;
use crate::domain::access::Actor;
use crate::domain::id::DeviceId;
use crate::domain::procedure::{Auto, Procedure, Step, StepId, StepKind};
use crate::domain::run::{Course, DeviceState, EventKind, NewEvent, Outcome, Run, Waiting};
use crate::domain::working_time::WorkingHours;

/// Steps the system carries out in a row before it is taken for a circle.
const AUTOMATIC: usize = 10_000;
/// Names in a sentence; the rest are counted.
const NAMED: usize = 3;

/// A run on its way.
pub(super) struct Walk<'a> {
    pub procedure: &'a Procedure,
    pub run: Run,
    pub course: Course,
    pub hours: &'a WorkingHours,
    pub now: Timestamp,
    pub events: Vec<NewEvent>,
}

impl Walk<'_> {
    /// Takes an event in.
    pub fn push(&mut self, event: NewEvent) {
        evolve(&mut self.run, &mut self.course, &event, self.now);
        self.events.push(event);
    }

    /// Takes an event in that moves the run to a step, and what the system does from there on.
    pub fn go(&mut self, event: NewEvent, to: &StepId) -> Result<(), Refused> {
        let (subject, device) = (self.run.subject, self.run.present_device.clone());
        self.arrive(event, to, subject, device)?;
        self.settle()
    }

    /// Takes an event in that moves the run to a step, area and PC.
    pub fn arrive(
        &mut self,
        mut event: NewEvent,
        to: &StepId,
        subject: Option<u32>,
        device: Option<DeviceId>,
    ) -> Result<(), Refused> {
        let step = self.step(to)?;
        event.data.clock = Some(clock::arrived(&self.run, step, self.hours, self.now));
        event.data.waiting =
            step.waits_for.map(|wait| Waiting { wait, since: self.now, note: String::new() });
        event.data.to = Some(to.clone());
        (event.data.subject, event.data.device) = (subject, device);
        self.push(event);
        Ok(())
    }

    /// Carries out what the system does by itself, until a person is needed or the run is over.
    pub fn settle(&mut self) -> Result<(), Refused> {
        for _ in 0..AUTOMATIC {
            let Some(present) = self.run.present_step().cloned() else { return Ok(()) };
            let step = self.step(&present)?.clone();
            if let StepKind::End { outcome } = step.kind {
                self.end(&present, outcome);
                return Ok(());
            }
            let Some(auto) = step.auto else { return Ok(()) };
            self.automatic(&step, auto)?;
        }
        Err(Refused::Circles(self.procedure.code.clone()))
    }

    fn end(&mut self, step: &StepId, outcome: Outcome) {
        let mut event = NewEvent::new(EventKind::Completed, Some(step.clone()), Actor::Machine);
        event.data.outcome = Some(outcome);
        self.push(event);
    }

    fn automatic(&mut self, step: &Step, auto: Auto) -> Result<(), Refused> {
        let mut event = NewEvent::new(EventKind::Completed, Some(step.id.clone()), Actor::Machine);
        let (mut subject, mut device) = (self.run.subject, self.run.present_device.clone());
        let to = match &step.kind {
            StepKind::Question { yes, no, .. } => {
                let (answer, because) = self.decide(auto);
                (event.kind, event.answer, event.note) =
                    (EventKind::Answered, Some(answer), because);
                if answer && auto == Auto::AllPlanned {
                    (subject, device) = self.visit(self.course.next_to_visit());
                }
                if answer { yes } else { no }
            }
            StepKind::Action { next } => {
                match auto {
                    Auto::NextToPlan => subject = self.course.next_to_plan(subject),
                    Auto::NextToVisit => {
                        (subject, device) = self.visit(self.course.next_to_visit())
                    }
                    _ => device = self.first_device(subject),
                }
                event.note = self.turn(subject, device.as_ref());
                next
            }
            StepKind::End { .. } | StepKind::Restart { .. } => return Ok(()),
        };
        self.arrive(event, to, subject, device)
    }

    /// The answer to a question the system decides, and on what it rests.
    fn decide(&self, auto: Auto) -> (bool, String) {
        let names = |open: Vec<&str>| {
            let named = open.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
            match open.len().saturating_sub(NAMED) {
                0 => named,
                rest => format!("{named} y {rest} más"),
            }
        };
        let open: Vec<&str> = match auto {
            Auto::AllPlanned => {
                let open = self.course.subjects.iter().filter(|one| one.planned_on.is_none());
                open.map(|one| one.name.as_str()).collect()
            }
            Auto::AllDevices => {
                let devices = self.course.devices_of(self.run.subject.unwrap_or(0));
                let open = devices.iter().filter(|one| one.state == DeviceState::Pending);
                open.map(|one| one.name.as_str()).collect()
            }
            _ => {
                let open = self.course.subjects.iter().filter(|one| one.done_at.is_none());
                open.map(|one| one.name.as_str()).collect()
            }
        };
        if open.is_empty() {
            return (true, "Ya no falta ninguna.".replace("ninguna", self.none(auto)));
        }
        (false, format!("Faltan: {}.", names(open)))
    }

    fn none(&self, auto: Auto) -> &'static str {
        use crate::domain::procedure::Subjects;
        match (auto, self.procedure.subjects()) {
            (Auto::AllDevices, _) => "ningún equipo",
            (_, Some(Subjects::Networks)) => "ninguna red",
            (_, _) => "ninguna área",
        }
    }

    /// An area or network and the first of its PCs that is still to be seen to.
    pub fn visit(&self, subject: Option<u32>) -> (Option<u32>, Option<DeviceId>) {
        (subject, self.first_device(subject))
    }

    fn first_device(&self, subject: Option<u32>) -> Option<DeviceId> {
        if !self.procedure.walks_devices() {
            return None;
        }
        self.course.next_device(subject?).map(|one| one.device.clone())
    }

    /// Whose turn it is, in a sentence.
    pub fn turn(&self, subject: Option<u32>, device: Option<&DeviceId>) -> String {
        let Some(position) = subject else { return String::new() };
        let name = self.course.subject(position).map_or("", |one| one.name.as_str());
        let devices = self.course.devices_of(position);
        let device = device.and_then(|id| devices.iter().find(|one| one.device == *id));
        match device {
            Some(device) => format!("Sigue: {name}, {}.", device.name),
            None => format!("Sigue: {name}."),
        }
    }

    fn step(&self, id: &StepId) -> Result<&Step, Refused> {
        self.procedure.step(id).ok_or_else(|| Refused::NoSuchStep {
            procedure: self.procedure.code.clone(),
            edition: self.procedure.edition.clone(),
            step: id.clone(),
        })
    }
}
