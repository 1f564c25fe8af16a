//! Every state a run can come to, for each of the nine with two areas or networks and two PCs each: every jump of the
//! file is taken, nothing else is, and from everywhere an end is reached.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use jiff::Timestamp;
use jiff::civil::date;

use crate::domain::access::Actor;
use crate::domain::id::{DeviceId, RunId};
use crate::domain::procedure::{Cursor, FieldKind, Need, Procedure, Step, StepKind, Subjects};
use crate::domain::run::{
    Clock, Course, DeviceState, Entry, Event, Outcome, Planned, Priority, Requester, Run, RunState,
    Signed, Subject, SubjectDevice,
};
use crate::domain::working_time::WorkingHours;
use crate::procedure::{Case, Library, Taken, next, open};

/// Where a run stands, without its record and clock.
type Standing = String;

#[derive(Clone)]
struct State {
    run: Run,
    course: Course,
}

/// What walking everywhere came to.
#[derive(Default)]
struct Explored {
    jumps: BTreeSet<(String, String)>,
    outcomes: BTreeSet<&'static str>,
    /// Standings that can follow each; empty where the run is over.
    follow: HashMap<Standing, Vec<Standing>>,
}

#[test]
fn every_branch_of_every_procedure_leads_to_its_ends() {
    let library = Library::embedded().unwrap();
    let ends: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("corrective", ["completed", "retired"].as_slice()),
        ("mailbox", &["cancelled", "completed"]),
        ("account", &["completed", "rejected"]),
    ]);
    for procedure in library.all() {
        let code = procedure.code.as_str();
        let explored = explore(procedure);
        let of_file: BTreeSet<(String, String)> = procedure
            .steps
            .iter()
            .flat_map(|step| {
                step.targets().into_iter().map(|to| (step.id.to_string(), to.to_string()))
            })
            .collect();
        assert_eq!(explored.jumps, of_file, "{code}");
        let expected = ends.get(code).copied().unwrap_or(&["completed"]);
        assert_eq!(Vec::from_iter(explored.outcomes.clone()), expected, "{code}");
        assert!(stuck(&explored).is_empty(), "{code}: no end from {:?}", stuck(&explored));
        println!("{code}: {} standings", explored.follow.len());
    }
}

#[test]
fn a_plan_walks_every_area_and_every_pc_once() {
    let library = Library::embedded().unwrap();
    for code in ["preventive", "network", "security"] {
        let procedure = library.get(code).unwrap();
        let mut state = opened(procedure);
        let mut visited = Vec::new();
        while state.run.is_open() {
            let step = present(procedure, &state);
            if step.completes.is_some() {
                let device = state.run.present_device.clone();
                let device = device.filter(|_| step.completes == Some(Cursor::Device));
                visited.push((state.run.subject, device));
            }
            state = moves(procedure, &state).into_iter().next().unwrap();
        }
        assert!(state.course.subjects.iter().all(|subject| subject.done_at.is_some()), "{code}");
        let devices = state.course.devices.values().flatten();
        assert!(devices.clone().all(|device| device.state == DeviceState::Done), "{code}");
        let once: BTreeSet<_> = visited.iter().collect();
        assert_eq!(once.len(), visited.len(), "{code}: {visited:?}");
    }
}

fn explore(procedure: &Procedure) -> Explored {
    let mut explored = Explored::default();
    let first = opened(procedure);
    explored.jumps.extend(first_jumps(procedure, &first));
    let mut waiting = VecDeque::from([first]);
    while let Some(state) = waiting.pop_front() {
        let here = standing(&state);
        if explored.follow.contains_key(&here) {
            continue;
        }
        let mut following = Vec::new();
        if let RunState::Closed { outcome, .. } = &state.run.state {
            explored.outcomes.insert(word(*outcome));
        } else {
            for (after, jumps) in taken(procedure, &state) {
                explored.jumps.extend(jumps);
                following.push(standing(&after));
                waiting.push_back(after);
            }
        }
        explored.follow.insert(here, following);
    }
    explored
}

/// Standings from which no end is reached.
fn stuck(explored: &Explored) -> Vec<&Standing> {
    let over = explored.follow.iter().filter(|(_, following)| following.is_empty());
    let mut good: BTreeSet<&Standing> = over.map(|(standing, _)| standing).collect();
    loop {
        let more: Vec<&Standing> = explored
            .follow
            .iter()
            .filter(|(here, following)| {
                !good.contains(here) && following.iter().any(|to| good.contains(to))
            })
            .map(|(here, _)| here)
            .collect();
        if more.is_empty() {
            return explored.follow.keys().filter(|here| !good.contains(here)).collect();
        }
        good.extend(more);
    }
}

fn word(outcome: Outcome) -> &'static str {
    outcome.as_str()
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn opened(procedure: &Procedure) -> State {
    let mut course = Course::default();
    if let Some(kind) = procedure.subjects() {
        for position in 1..=2 {
            course.subjects.push(subject(kind, position));
            if kind == Subjects::Areas {
                course.devices.insert(position, (1..=2).map(|nth| device(position, nth)).collect());
            }
        }
    }
    let first = &procedure.steps[0];
    let run = run(procedure);
    let entry = if first.plans { Entry::default() } else { entry(first, &course) };
    let hours = WorkingHours::default();
    let taken = open(procedure, run, course, entry, &Actor::Console, &hours, now()).unwrap();
    State { run: taken.run, course: taken.course }
}

/// The jump that opening is, where opening carries out the first step.
fn first_jumps(procedure: &Procedure, state: &State) -> Vec<(String, String)> {
    let first = procedure.steps[0].id.to_string();
    let present = state.run.present_step().unwrap().to_string();
    if present == first { Vec::new() } else { vec![(first, present)] }
}

fn run(procedure: &Procedure) -> Run {
    Run {
        id: RunId::new("r"),
        folio: "XX/2026/0001".into(),
        procedure: procedure.code.clone(),
        edition: procedure.edition.clone(),
        device: None,
        area: None,
        title: "Muestra".into(),
        state: RunState::Open { step: procedure.steps[0].id.clone() },
        subject: None,
        present_device: None,
        waiting: None,
        clock: Clock::default(),
        priority: Priority::Normal,
        assignee: None,
        requester: Requester::default(),
        restarts: None,
        parent: None,
        fields: BTreeMap::new(),
        touched: false,
        version: 0,
        opened_at: now(),
        updated_at: now(),
        sample: false,
    }
}

fn subject(kind: Subjects, position: u32) -> Subject {
    Subject {
        position,
        kind,
        id: format!("s{position}"),
        name: format!("Lugar {position}"),
        planned_on: None,
        done_at: None,
    }
}

fn device(position: u32, nth: u32) -> SubjectDevice {
    SubjectDevice {
        device: DeviceId::new(format!("d{position}{nth}")),
        name: format!("PC {position}.{nth}"),
        state: DeviceState::Pending,
        checks: BTreeMap::new(),
        before: None,
        after: None,
        note: String::new(),
        carried_to: None,
        updated_at: None,
    }
}

fn present<'a>(procedure: &'a Procedure, state: &State) -> &'a Step {
    procedure.step(state.run.present_step().unwrap()).unwrap()
}

fn moves(procedure: &Procedure, state: &State) -> Vec<State> {
    taken(procedure, state).into_iter().map(|(after, _)| after).collect()
}

/// Everything a person can do to move the run, and the jumps that made.
fn taken(procedure: &Procedure, state: &State) -> Vec<(State, Vec<(String, String)>)> {
    let step = present(procedure, state);
    let done = events(step, state).into_iter().map(|event| {
        let case = Case {
            procedure,
            run: state.run.clone(),
            course: state.course.clone(),
            authors: BTreeMap::new(),
            attachments: 1,
            record: Vec::new(),
        };
        let shown = format!("{} {}: {event:?}", procedure.code, step.id);
        let Taken { run, course, events, .. } =
            next(case, event, &Actor::Console, &WorkingHours::default(), now())
                .unwrap_or_else(|refused| panic!("{shown}: {refused}"));
        let jump = |event: &crate::domain::run::NewEvent| {
            let (from, to) = (event.step.as_ref()?, event.data.to.as_ref()?);
            Some((from.to_string(), to.to_string()))
        };
        (State { run, course }, events.iter().filter_map(jump).collect())
    });
    done.collect()
}

fn events(step: &Step, state: &State) -> Vec<Event> {
    let devices = state.course.devices_of(state.run.subject.unwrap_or(0));
    let pending = devices.iter().find(|device| device.state == DeviceState::Pending);
    if let (true, Some(device)) = (step.has_checklist, pending) {
        return vec![Event::CheckDevice {
            device: device.device.clone(),
            checks: BTreeMap::new(),
            note: String::new(),
            done: true,
            snapshots: (None, None),
        }];
    }
    let id = || step.id.clone();
    let given = || entry(step, &state.course);
    match &step.kind {
        StepKind::Question { .. } => [true, false]
            .map(|yes| Event::Answer { step: id(), yes, entry: given(), proposal: None })
            .into(),
        StepKind::Action { .. } if step.plans => {
            let all = given();
            let one = Entry { plan: all.plan[..1].to_vec(), ..all.clone() };
            [one, all].map(|entry| Event::Complete { step: id(), entry }).into()
        }
        StepKind::Action { .. } | StepKind::Restart { .. } => {
            vec![Event::Complete { step: id(), entry: given() }]
        }
        StepKind::End { .. } => Vec::new(),
    }
}

/// Exactly what a step asks for.
fn entry(step: &Step, course: &Course) -> Entry {
    let value = |kind| match kind {
        FieldKind::Date => "2026-11-23",
        FieldKind::Number => "3",
        FieldKind::Email => "tesoreria@ejemplo.gob.mx",
        FieldKind::Url => "https://ejemplo.gob.mx/",
        _ => "Algo",
    };
    let fields = step.fields.iter().filter(|field| field.required).map(|field| {
        let chosen = field.choices.first().map_or(value(field.kind), String::as_str);
        (field.name.clone(), chosen.to_owned())
    });
    let signed = || Signed {
        name: "Ana Núñez".into(),
        post: "Tesorera".into(),
        text_sha256: "00".into(),
        strokes_sha256: "00".into(),
        origin: "papel".into(),
    };
    let open = course.subjects.iter().filter(|subject| subject.planned_on.is_none());
    Entry {
        note: if step.needs(Need::Note) { "Porque sí".into() } else { String::new() },
        fields: fields.collect(),
        plan: if step.plans {
            open.map(|one| Planned { position: one.position, on: date(2026, 11, 23) }).collect()
        } else {
            Vec::new()
        },
        signature: step.needs(Need::Signature).then(signed),
    }
}

fn standing(state: &State) -> Standing {
    let subjects = state.course.subjects.iter().map(|one| (one.planned_on, one.done_at));
    let devices = state.course.devices.values().flatten().map(|one| one.state);
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        state.run.state,
        state.run.waiting.as_ref().map(|waiting| waiting.wait),
        state.run.subject,
        state.run.present_device,
        subjects.collect::<Vec<_>>(),
        devices.collect::<Vec<_>>()
    )
}
