//! The long lists on the wire: what goes in comes out, and what does not fit is counted.

use atalaya_proto::{decode_body, limits, section_from_wire, v1};
use atalaya_reading::*;

use super::*;

fn now() -> Timestamp {
    Timestamp::from_second(1_780_000_000).unwrap()
}

fn sent(section: Section) -> Section {
    let capture = Reporter::default().take(section, Duration::ZERO, now()).unwrap();
    assert!(capture.body.len() <= limits::BODY_BYTES, "{} bytes", capture.body.len());
    let Some(v1::record_body::Body::Section(change)) = decode_body(&capture.body).unwrap().body
    else {
        panic!("not a section")
    };
    section_from_wire(change.reading.unwrap()).unwrap()
}

fn program(number: usize) -> InstalledProgram {
    InstalledProgram {
        name: format!("program-{number:05}-{}", "x".repeat(number % 60)),
        version: Some("1:2.36-9+deb12u14".into()),
        publisher: number.is_multiple_of(2).then(|| "Ayuntamiento".into()),
        installed_on: Some(jiff::civil::date(2026, 11, 22)),
        source: ProgramSource::Dpkg,
    }
}

#[test]
fn lists_and_their_cost_come_out_of_the_wire_as_they_went_in() {
    let cost = Some(Cost { took_us: 2_716_000, cpu_us: Some(1_791_400) });
    let update = Update {
        name: "libssl3".into(),
        version: Some("3.0.19".into()),
        installed_version: Some("3.0.17".into()),
        security: Some(true),
    };
    let updates = Updates {
        pending: Some(108),
        security: Some(68),
        waiting: vec![update, Update { name: "own".into(), ..Update::default() }],
        last_installed_at: Some(now()),
        last_checked_at: None,
        automatic: Some(false),
    };
    let account = Account {
        name: "ana".into(),
        full_name: Some("Ana Ruiz".into()),
        enabled: None,
        administrator: Some(false),
        last_logon_at: Some(now()),
        system: false,
    };
    let software = Software { programs: (0..50).map(program).collect(), left_out: 3 };
    for section in [
        Section::Updates(Reading::ok(updates, "apt-get", now())),
        Section::Software(Reading::ok(software, "dpkg", now())),
        Section::Accounts(Reading::ok(
            Accounts { accounts: vec![account], left_out: 1 },
            "passwd",
            now(),
        )),
    ] {
        let section = section.with_cost(cost);
        assert_eq!(sent(section.clone()), section);
        assert_eq!(
            Section::from_json(section.kind(), &section.to_json().to_string()).unwrap(),
            section
        );
    }
}

#[test]
fn two_thousand_programs_are_cut_to_the_bound_by_what_does_not_fit_and_no_more() {
    let programs: Vec<InstalledProgram> = (0..bounds::PROGRAMS).map(program).collect();
    let whole = Section::Software(Reading::ok(Software { programs, left_out: 5 }, "dpkg", now()));
    let Section::Software(reading) = sent(whole) else { panic!() };
    let kept = reading.value.programs.len();
    assert_eq!(kept + reading.value.left_out as usize, bounds::PROGRAMS + 5);
    assert!(kept > bounds::PROGRAMS * 8 / 10, "{kept}");
    assert!(reading.detail.unwrap().contains("recortada"));
}

#[test]
fn a_list_that_does_not_change_is_not_sent_again_for_days() {
    let mut reporter = Reporter::default();
    let software = Software { programs: vec![program(1)], left_out: 0 };
    let section = Section::Software(Reading::ok(software, "dpkg", now()));
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    assert!(reporter.take(section.clone(), hours(0), now()).is_some());
    assert!(reporter.take(section.clone(), hours(6), now()).is_none());
    assert!(reporter.take(section.clone(), hours(7 * 24), now()).is_some());
}
