//! What is taken back, and that the record always rebuilds the run.

use proptest::prelude::*;

use super::house::*;
use super::*;
use crate::domain::id::DeviceId;
use crate::domain::procedure::Wait;
use crate::domain::run::Priority;

fn undo(reason: &str) -> Event {
    Event::Undo { reason: reason.into() }
}

#[test]
fn the_last_step_is_taken_back_with_all_the_system_did_after_it() {
    let mut bench = Bench::opened(&[1, 1]);
    bench.plan();
    bench.take(review(), &everybody("ana")).unwrap();
    bench.take(answer(true), &everybody("ana")).unwrap();
    let before = (bench.run.state.clone(), bench.course.clone());
    bench.take(complete("5b", Entry::default()), &everybody("luis")).unwrap();
    assert_eq!((bench.step(), bench.done(1)), ("7", 1));
    assert_eq!(bench.take(undo(""), &everybody("luis")), Err(Refused::EmptyNote));
    bench.take(undo("Me equivoqué de equipo"), &everybody("luis")).unwrap();
    assert_eq!((bench.run.state.clone(), bench.course.clone()), before);
    bench.take(complete("5b", Entry::default()), &everybody("luis")).unwrap();
    assert_eq!(bench.step(), "7");
}

#[test]
fn nothing_is_taken_back_once_somebody_acted_on_it_or_signed() {
    let mut bench = Bench::opened(&[1]);
    assert!(bench.take(undo("x"), &everybody("ana")).is_err(), "the opening stays");
    bench.plan();
    bench.take(Event::Note { text: "Lo vi".into() }, &everybody("luis")).unwrap();
    let refused = bench.take(undo("x"), &everybody("ana")).unwrap_err();
    assert!(refused.to_string().starts_with("alguien más"), "{refused}");
    bench.take(review(), &everybody("ana")).unwrap();
    let technician = person("luis", &[crate::domain::person::Role::FrontDesk]);
    let refused = bench.take(undo("x"), &technician).unwrap_err();
    assert!(refused.to_string().starts_with("solo quien hizo"), "{refused}");
    bench.take(answer(true), &everybody("ana")).unwrap();
    bench.take(complete("5b", Entry::default()), &everybody("luis")).unwrap();
    bench.take(complete("7", signed()), &everybody("luz")).unwrap();
    assert_eq!(bench.step(), "over");
    let refused = bench.take(undo("x"), &everybody("luz")).unwrap_err();
    assert_eq!(refused.to_string(), "lo que ya se firmó no se deshace");
}

#[derive(Debug, Clone)]
enum Deed {
    Go(bool),
    Undo,
    Pause,
    Resume,
    Carry,
    Take(u32),
    Note,
    Prioritise,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        8 => any::<bool>().prop_map(Deed::Go),
        2 => Just(Deed::Undo),
        1 => Just(Deed::Pause),
        1 => Just(Deed::Resume),
        1 => Just(Deed::Carry),
        1 => (1u32..4).prop_map(Deed::Take),
        1 => Just(Deed::Note),
        1 => Just(Deed::Prioritise),
    ]
}

proptest! {
    /// `Bench::take` compares the run with its replay after every event.
    #[test]
    fn whatever_people_do_the_record_rebuilds_the_run(deeds in proptest::collection::vec(deed(), 1..60)) {
        let mut bench = Bench::opened(&[2, 0, 1]);
        for (turn, deed) in deeds.into_iter().enumerate() {
            let who = everybody(if turn % 3 == 0 { "ana" } else { "luis" });
            let event = match deed {
                Deed::Go(yes) => match bench.step() {
                    "1" => { bench.plan(); continue }
                    "4" => review(),
                    "5" => answer(yes),
                    "7" => complete("7", signed()),
                    step => complete(step, Entry::default()),
                },
                Deed::Undo => undo("No era"),
                Deed::Pause => Event::Pause { wait: Wait::Requester, note: String::new() },
                Deed::Resume => Event::Resume { note: String::new() },
                Deed::Carry => Event::CarryDevice {
                    device: bench.run.present_device.clone().unwrap_or(DeviceId::new("1-2")),
                    reason: "Cerrado".into(),
                    to: None,
                },
                Deed::Take(position) => Event::TakeSubject { position },
                Deed::Note => Event::Note { text: "ojo".into() },
                Deed::Prioritise => Event::Prioritise { priority: Priority::High, note: String::new() },
            };
            // A refusal changes nothing; whatever is taken in is looked at.
            let _ = bench.take(event, &who);
        }
    }
}
