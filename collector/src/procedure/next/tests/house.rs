//! A procedure with everything in it, and somebody who walks it and looks after each event whether the record rebuilds
//! the run.

use super::*;
use crate::domain::id::{DeviceId, RunId};
use crate::domain::person::{Areas, Role, Roles};
use crate::domain::procedure::Subjects;
use crate::domain::run::{DeviceState, Subject, SubjectDevice};
use crate::procedure::{parse, replay};

pub(super) const PLAN: &str = r#"
code = "plan"
title = "t"
edition = "1"
series = "PL"
source = "s"
page = "p"
objective = "o"
scope = "s"
about = "areas"
limit_hours = 90

[[four_eyes]]
step = "5b"
not_by = "4"

[[step]]
number = 1
role = "head"
text = "Da fecha."
plans = true
next = "2"

[[step]]
number = 2
role = "head"
text = "¿Todas?"
decided_by = "all_planned"
yes = "4"
no = "3"

[[step]]
number = 3
role = "head"
text = "La siguiente."
takes = "next_to_plan"
next = "1"

[[step]]
number = 4
role = "technician"
text = "Revisa."
limit_hours = 4
next = "5"
[[step.field]]
name = "serial"
label = "Número de serie"
kind = "text"
max = 10
[[step.field]]
name = "day"
label = "Día"
kind = "date"
required = true

[[step]]
number = 5
role = "technician"
text = "¿Está bien?"
answered_by = "has_antivirus"
yes = "5b"
no = "5a"

[[step]]
number = 5
letter = "a"
role = "head"
text = "Espera la refacción."
note = "Paso nuestro."
waits_for = "spare_part"
next = "5b"

[[step]]
number = 5
letter = "b"
role = "systems_administrator"
text = "Verifica."
note = "Paso nuestro."
completes = "device"
next = "6"

[[step]]
number = 6
role = "head"
text = "¿Todos los equipos?"
decided_by = "all_devices"
yes = "7"
no = "6a"

[[step]]
number = 6
letter = "a"
role = "head"
text = "El siguiente equipo."
note = "Paso nuestro."
takes = "next_device"
next = "4"

[[step]]
number = 7
role = "unit_head"
text = "Firma."
needs = ["signature"]
waits_for = "signature"
completes = "visit"
document = "security_sheet"
next = "8"

[[step]]
number = 8
role = "head"
text = "¿Todas las áreas?"
decided_by = "all_visited"
yes = "10"
no = "9"

[[step]]
number = 9
role = "head"
text = "La que sigue."
takes = "next_to_visit"
next = "4"

[[step]]
number = 10
role = "head"
text = "Fin."
end = true
"#;

/// A run on its way, with its record.
pub(super) struct Bench {
    pub procedure: Procedure,
    pub run: Run,
    pub course: Course,
    pub record: Vec<RecordedEvent>,
    pub now: Timestamp,
}

pub(super) fn person(id: &str, roles: &[Role]) -> Actor {
    Actor::Person {
        id: PersonId::new(id),
        name: id.into(),
        roles: roles.iter().copied().collect::<Roles>(),
        areas: Areas::default(),
    }
}

pub(super) fn everybody(id: &str) -> Actor {
    person(id, &Role::ALL)
}

/// Monday 23 November 2026, 09:00 in Mexico.
fn monday() -> Timestamp {
    "2026-11-23T15:00:00Z".parse().unwrap()
}

impl Bench {
    /// A plan over areas with so many PCs each, just opened.
    pub fn opened(devices: &[u32]) -> Bench {
        let procedure = parse("plan.toml", PLAN).unwrap();
        let edition = (procedure.code.clone(), procedure.edition.clone());
        let (folio, step) = ("PL/2026/0001".into(), StepId::new("1"));
        let run = Run::begun(RunId::new("r"), folio, edition, "Plan".into(), step, monday());
        let mut course = Course::default();
        for (position, count) in (1..).zip(devices) {
            let name = format!("Área {position}");
            let (kind, id) = (Subjects::Areas, format!("a{position}"));
            let (planned_on, done_at) = (None, None);
            course.subjects.push(Subject { position, kind, id, name, planned_on, done_at });
            let pcs = (1..=*count).map(|n| pc(&format!("{position}-{n}"))).collect();
            course.devices.insert(position, pcs);
        }
        let blank = course.clone();
        let (actor, entry) = (everybody("ana"), Entry::default());
        let hours = WorkingHours::default();
        let taken = open(&procedure, run, course, entry, &actor, &hours, monday()).unwrap();
        let mut bench = Bench {
            procedure,
            run: taken.run.clone(),
            course: blank,
            record: Vec::new(),
            now: monday(),
        };
        bench.keep(taken);
        bench
    }

    /// Takes an event in, and looks whether the record rebuilds the run.
    pub fn take(&mut self, event: Event, actor: &Actor) -> Result<Vec<Effect>, Refused> {
        self.now += jiff::SignedDuration::from_mins(1);
        let mut authors: BTreeMap<StepId, Vec<PersonId>> = BTreeMap::new();
        let carried_out = [EventKind::Completed, EventKind::Answered];
        for event in self.record.iter().filter(|event| carried_out.contains(&event.kind)) {
            if let (Some(step), Some(person)) = (&event.step, &event.person) {
                authors.entry(step.clone()).or_default().push(person.clone());
            }
        }
        let case = Case {
            procedure: &self.procedure,
            run: self.run.clone(),
            course: self.course.clone(),
            authors,
            attachments: 0,
            record: self.record.clone(),
        };
        let taken = next(case, event, actor, &WorkingHours::default(), self.now)?;
        let effects = taken.effects.clone();
        self.keep(taken);
        Ok(effects)
    }

    fn keep(&mut self, taken: Taken) {
        for (number, event) in (self.record.len() + 1..).zip(taken.events) {
            self.record.push(RecordedEvent {
                number: u32::try_from(number).unwrap(),
                at: self.now,
                actor: event.actor.name().into(),
                person: event.actor.person().cloned(),
                role: event.actor.role_word().into(),
                kind: event.kind,
                step: event.step,
                answer: event.answer,
                note: event.note,
                evidence: event.evidence,
                data: event.data,
                hash: String::new(),
            });
        }
        (self.run, self.course) = (taken.run, taken.course);
        let (run, course) = replay(&self.procedure, &self.run, &self.course, &self.record);
        assert_eq!(run, self.run, "the record rebuilds the run");
        assert_eq!(course, self.course, "and what it walks");
    }

    pub fn step(&self) -> &str {
        self.run.present_step().map_or("over", StepId::as_str)
    }

    /// Plans all areas on one day.
    pub fn plan(&mut self) {
        let on = "2026-12-01".parse().unwrap();
        let plan = self.course.subjects.iter();
        let plan = plan.map(|one| crate::domain::run::Planned { position: one.position, on });
        let entry = Entry { plan: plan.collect(), ..Entry::default() };
        let event = Event::Complete { step: StepId::new("1"), entry };
        self.take(event, &everybody("ana")).unwrap();
    }

    pub fn done(&self, position: u32) -> usize {
        let devices = self.course.devices_of(position).iter();
        devices.filter(|one| one.state == DeviceState::Done).count()
    }
}

fn pc(name: &str) -> SubjectDevice {
    SubjectDevice {
        device: DeviceId::new(name),
        name: format!("PC {name}"),
        state: DeviceState::Pending,
        checks: BTreeMap::new(),
        before: None,
        after: None,
        note: String::new(),
        carried_to: None,
        updated_at: None,
    }
}

pub(super) fn complete(step: &str, entry: Entry) -> Event {
    Event::Complete { step: StepId::new(step), entry }
}

pub(super) fn review() -> Event {
    let fields = BTreeMap::from([("day".to_owned(), "2026-12-01".to_owned())]);
    complete("4", Entry { fields, ..Entry::default() })
}

pub(super) fn answer(yes: bool) -> Event {
    let (step, entry, proposal) = (StepId::new("5"), Entry::default(), None);
    Event::Answer { step, yes, entry, proposal }
}

pub(super) fn signed() -> Entry {
    let signature = crate::domain::run::Signed {
        name: "Luz".into(),
        post: "Titular".into(),
        text_sha256: "00".into(),
        strokes_sha256: "11".into(),
        origin: "papel".into(),
    };
    Entry { signature: Some(signature), ..Entry::default() }
}
