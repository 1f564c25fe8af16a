//! Plans over areas, and the PCs of each.

use super::house::*;
use super::*;
use crate::domain::id::DeviceId;
use crate::domain::person::Role;

/// Walks the present PC through its steps.
fn one_pc(bench: &mut Bench) {
    bench.take(review(), &everybody("ana")).unwrap();
    bench.take(answer(true), &everybody("ana")).unwrap();
    bench.take(complete("5b", Entry::default()), &everybody("luis")).unwrap();
}

#[test]
fn work_begins_once_every_area_has_its_date_and_the_earliest_comes_first() {
    let mut bench = Bench::opened(&[1, 1, 1]);
    for (position, day) in [(1, "2026-12-09"), (2, "2026-12-01"), (3, "2026-12-05")] {
        assert_eq!(bench.step(), "1");
        assert_eq!(bench.run.subject, Some(position));
        let on = day.parse().unwrap();
        let plan = vec![crate::domain::run::Planned { position, on }];
        let entry = Entry { plan, ..Entry::default() };
        bench.take(complete("1", entry), &everybody("ana")).unwrap();
    }
    assert_eq!((bench.step(), bench.run.subject), ("4", Some(2)));
    let machine = bench.record.iter().filter(|event| event.role == "machine");
    assert_eq!(machine.filter(|event| event.step == Some(StepId::new("2"))).count(), 3);
}

#[test]
fn a_plan_without_a_date_or_of_a_stranger_is_refused() {
    let mut bench = Bench::opened(&[1]);
    let refused = bench.take(complete("1", Entry::default()), &everybody("ana")).unwrap_err();
    assert_eq!(refused, Refused::EmptyPlan);
    let plan = vec![crate::domain::run::Planned { position: 9, on: "2026-12-01".parse().unwrap() }];
    let entry = Entry { plan, ..Entry::default() };
    let refused = bench.take(complete("1", entry), &everybody("ana")).unwrap_err();
    assert_eq!(refused.to_string(), "el lugar 9 no es parte de este trámite");
}

#[test]
fn every_pc_of_every_area_is_walked_and_each_area_signs() {
    let mut bench = Bench::opened(&[2, 1]);
    bench.plan();
    for (area, devices) in [(1, 2), (2, 1)] {
        for _ in 0..devices {
            assert_eq!((bench.step(), bench.run.subject), ("4", Some(area)));
            one_pc(&mut bench);
        }
        assert_eq!(bench.step(), "7");
        assert_eq!(bench.done(area), devices);
        let effects = bench.take(complete("7", signed()), &everybody("luz")).unwrap();
        assert!(effects.contains(&Effect::Issues { document: Document::SecuritySheet }));
    }
    assert_eq!(bench.step(), "over");
    assert!(bench.course.subjects.iter().all(|one| one.done_at.is_some()));
}

#[test]
fn a_pc_left_for_another_date_lets_the_next_one_come() {
    let mut bench = Bench::opened(&[2]);
    bench.plan();
    let device = DeviceId::new("1-1");
    let carry = |reason: &str| Event::CarryDevice {
        device: device.clone(),
        reason: reason.into(),
        to: Some("2026-12-08".parse().unwrap()),
    };
    assert_eq!(bench.take(carry(" "), &everybody("ana")), Err(Refused::EmptyNote));
    bench.take(carry("Está en audiencia"), &everybody("ana")).unwrap();
    assert_eq!(
        (bench.step(), bench.run.present_device.as_ref()),
        ("4", Some(&DeviceId::new("1-2")))
    );
    one_pc(&mut bench);
    assert_eq!(bench.step(), "7");
}

#[test]
fn another_area_may_come_first_but_not_one_that_is_done() {
    let mut bench = Bench::opened(&[1, 1]);
    bench.plan();
    bench.take(Event::TakeSubject { position: 2 }, &everybody("ana")).unwrap();
    assert_eq!(bench.run.present_device, Some(DeviceId::new("2-1")));
    one_pc(&mut bench);
    bench.take(complete("7", signed()), &everybody("luz")).unwrap();
    assert_eq!((bench.step(), bench.run.subject), ("4", Some(1)));
    let refused = bench.take(Event::TakeSubject { position: 2 }, &everybody("ana")).unwrap_err();
    assert_eq!(refused.to_string(), "esa visita ya se terminó");
}

#[test]
fn what_is_given_with_a_step_is_checked_and_kept() {
    let mut bench = Bench::opened(&[1]);
    bench.plan();
    let with = |name: &str, value: &str| {
        let mut fields = BTreeMap::from([("day".to_owned(), "2026-12-01".to_owned())]);
        fields.insert(name.to_owned(), value.to_owned());
        complete("4", Entry { fields, ..Entry::default() })
    };
    for (name, value, expected) in [
        ("day", " ", "«Día»: hace falta"),
        ("day", "mañana", "«Día»: «mañana» no sirve; escriba la fecha así: 2026-11-22"),
        ("serial", "12345678901", "«Número de serie»: tiene 11 caracteres; caben 10"),
        ("serial", "a\u{7}b", "«Número de serie»: tiene caracteres que no se pueden guardar"),
        ("color", "rojo", "«color»: el paso 4 no pide este dato"),
    ] {
        let refused = bench.take(with(name, value), &everybody("ana")).unwrap_err();
        assert_eq!(refused.to_string(), expected);
    }
    bench.take(with("serial", "  MX-1 "), &everybody("ana")).unwrap();
    assert_eq!(bench.run.fields.get("serial").map(String::as_str), Some("MX-1"));
}

#[test]
fn whoever_reviewed_may_not_verify_whatever_their_roles() {
    let mut bench = Bench::opened(&[1]);
    bench.plan();
    bench.take(review(), &everybody("ana")).unwrap();
    bench.take(answer(true), &everybody("ana")).unwrap();
    let refused = bench.take(complete("5b", Entry::default()), &everybody("ana")).unwrap_err();
    assert!(matches!(refused, Refused::SameEyes { .. }), "{refused}");
    let other = person("luis", &[Role::SystemsAdministrator]);
    bench.take(complete("5b", Entry::default()), &other).unwrap();
}
