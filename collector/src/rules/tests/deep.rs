//! The rules on deeper readings, on both sides of each threshold, and where nothing can be told.

use super::*;
use crate::domain::reading::{Account, Interface, System, Update};

fn products(products: Vec<AntivirusProduct>) -> Facts {
    antivirus(products)
}

#[test]
fn an_antivirus_that_runs_without_looking_at_opened_files_warns() {
    let one = |real_time| AntivirusProduct { real_time, ..clamav() };
    let judged = |list: Vec<AntivirusProduct>| verdict(&products(list), Rule::RealTimeOff);
    assert_eq!(judged(vec![one(Some(true))]), Verdict::Ok);
    assert_eq!(judged(vec![one(Some(false))]), Verdict::Warning);
    assert_eq!(judged(vec![one(Some(false)), one(Some(true))]), Verdict::Ok);
    assert_eq!(judged(vec![one(Some(false)), one(None)]), Verdict::Unknown);
    // One that does not run is told by another rule.
    let off = AntivirusProduct { running: Some(false), ..one(Some(false)) };
    assert_eq!(judged(vec![off]), Verdict::Ok);
}

#[test]
fn an_expired_licence_warns_unless_another_product_protects() {
    let one = |expired, real_time| AntivirusProduct { expired, real_time, ..clamav() };
    let judged = |list: Vec<AntivirusProduct>| verdict(&products(list), Rule::LicenceExpired);
    assert_eq!(judged(vec![one(Some(false), None)]), Verdict::Ok);
    assert_eq!(judged(vec![one(None, None)]), Verdict::Ok);
    assert_eq!(judged(vec![one(Some(true), Some(true))]), Verdict::Warning);
    assert_eq!(judged(vec![one(Some(true), None), one(None, Some(true))]), Verdict::Ok);
}

#[test]
fn a_product_that_says_its_signatures_are_old_is_believed_unless_another_is_up_to_date() {
    let one = |signatures_stale, days| AntivirusProduct {
        signatures_stale,
        signatures_at: days_ago(days),
        ..clamav()
    };
    let judged = |list: Vec<AntivirusProduct>| verdict(&products(list), Rule::SignaturesOld);
    assert_eq!(judged(vec![one(Some(true), 0)]), Verdict::Warning);
    assert_eq!(judged(vec![one(Some(true), 40)]), Verdict::Critical);
    assert_eq!(judged(vec![one(Some(true), 0), one(Some(false), 0)]), Verdict::Ok);
    let undated = |stale| AntivirusProduct { signatures_at: None, ..one(stale, 0) };
    assert_eq!(judged(vec![undated(Some(true))]), Verdict::Warning);
    assert_eq!(judged(vec![undated(Some(false))]), Verdict::Ok);
    assert_eq!(judged(vec![undated(None)]), Verdict::Unknown);
}

fn volumes(volumes: Vec<Volume>) -> Facts {
    let value = Disk { volumes, ..Disk::default() };
    facts(vec![Section::Disk(Reading::ok(value, "statvfs", now()))])
}

fn volume(free: Option<u64>, remounted_read_only: Option<bool>) -> Volume {
    Volume {
        mount: "/".into(),
        inodes_total: free.map(|_| 1000),
        inodes_free: free,
        remounted_read_only,
        ..Volume::default()
    }
}

#[test]
fn a_volume_with_room_but_few_files_left_warns_and_then_is_critical() {
    let judged = |free| verdict(&volumes(vec![volume(free, None)]), Rule::InodesLow);
    assert_eq!(judged(Some(100)), Verdict::Ok);
    assert_eq!(judged(Some(99)), Verdict::Warning);
    assert_eq!(judged(Some(50)), Verdict::Warning);
    assert_eq!(judged(Some(49)), Verdict::Critical);
    assert_eq!(judged(None), Verdict::Unknown);
}

#[test]
fn a_volume_that_became_read_only_is_critical() {
    let judged = |list: &[Option<bool>]| {
        let all = list.iter().map(|state| volume(None, *state)).collect();
        verdict(&volumes(all), Rule::RemountedReadOnly)
    };
    assert_eq!(judged(&[Some(false), None]), Verdict::Ok);
    assert_eq!(judged(&[Some(false), Some(true)]), Verdict::Critical);
    assert_eq!(judged(&[None]), Verdict::Unknown);
}

fn link(carrier_changes: Option<u64>, conflict: Option<bool>, uptime_s: u64) -> Facts {
    let one = Interface {
        name: "eth0".into(),
        addresses: vec!["192.0.2.7/24".into()],
        carrier_changes,
        address_conflict: conflict,
        ..Interface::default()
    };
    let value = Connectivity { interfaces: vec![one], ..Connectivity::default() };
    let mut facts = facts(vec![Section::Connectivity(Reading::ok(value, "netlink", now()))]);
    facts.sample = Some(Sample { uptime_s: Some(uptime_s), ..Sample::default() });
    facts
}

#[test]
fn a_link_that_comes_and_goes_all_day_warns_and_a_fresh_start_does_not() {
    let judged =
        |changes, hours: u64| verdict(&link(changes, None, hours * 3600), Rule::LinkFlapping);
    assert_eq!(judged(Some(48), 8), Verdict::Ok);
    assert_eq!(judged(Some(49), 8), Verdict::Warning);
    assert_eq!(judged(Some(9), 0), Verdict::Unknown);
    assert_eq!(judged(None, 8), Verdict::Unknown);
}

#[test]
fn an_address_somebody_else_uses_warns_with_the_address() {
    let facts = link(None, Some(true), 0);
    let judged = judge(&facts, &Thresholds::default(), now());
    let found = judged.iter().find(|j| j.rule == Rule::AddressConflict).unwrap();
    assert_eq!(found.verdict, Verdict::Warning);
    assert!(found.summary.contains("192.0.2.7/24"));
    assert_eq!(verdict(&link(None, Some(false), 0), Rule::AddressConflict), Verdict::Ok);
    assert_eq!(verdict(&link(None, None, 0), Rule::AddressConflict), Verdict::Unknown);
}

fn updates(pending: Option<u32>, security: Option<u32>, installed_days_ago: Option<i64>) -> Facts {
    let value = Updates {
        pending,
        security,
        waiting: vec![Update { name: "openssl".into(), ..Update::default() }],
        last_installed_at: installed_days_ago.and_then(days_ago),
        ..Updates::default()
    };
    facts(vec![Section::Updates(Reading::ok(value, "apt", now()))])
}

#[test]
fn security_updates_may_wait_for_the_next_installation_and_no_longer() {
    let judged =
        |pending, security, days| verdict(&updates(pending, security, days), Rule::UpdatesPending);
    assert_eq!(judged(Some(3), Some(1), Some(14)), Verdict::Ok);
    assert_eq!(judged(Some(3), Some(1), Some(15)), Verdict::Warning);
    assert_eq!(judged(Some(3), Some(1), None), Verdict::Warning);
    assert_eq!(judged(Some(3), Some(0), None), Verdict::Ok);
    assert_eq!(judged(Some(0), None, None), Verdict::Ok);
    assert_eq!(judged(Some(3), None, None), Verdict::Unknown);
    assert_eq!(judged(None, None, Some(1)), Verdict::Unknown);
}

#[test]
fn a_restart_waited_for_warns_after_a_week() {
    let judged = |needed, days| {
        let value = System { reboot_needed: needed, ..System::default() };
        let mut facts = facts(vec![Section::System(Reading::ok(value, "procfs", now()))]);
        facts.changed_at.insert(SectionKind::System, days_ago(days).unwrap());
        verdict(&facts, Rule::RebootPending)
    };
    assert_eq!(judged(Some(true), 6), Verdict::Ok);
    assert_eq!(judged(Some(true), 7), Verdict::Warning);
    assert_eq!(judged(Some(false), 90), Verdict::Ok);
    assert_eq!(judged(None, 90), Verdict::Unknown);
}

#[test]
fn an_administrator_nobody_vouched_for_is_named() {
    let account = |name: &str, administrator| Account {
        name: name.into(),
        administrator,
        ..Account::default()
    };
    let value = Accounts {
        accounts: vec![
            account("ana", Some(false)),
            account("root", Some(true)),
            account("soporte", Some(true)),
            account("eva", None),
        ],
        left_out: 0,
    };
    let mut facts = facts(vec![Section::Accounts(Reading::ok(value, "passwd", now()))]);
    assert_eq!(verdict(&facts, Rule::NewAdministrator), Verdict::Unknown);
    facts.administrators = Some(["root".to_owned()].into());
    let judged = judge(&facts, &Thresholds::default(), now());
    let found = judged.iter().find(|j| j.rule == Rule::NewAdministrator).unwrap();
    assert_eq!(found.verdict, Verdict::Warning);
    assert_eq!(found.summary, "Cuenta nueva que administra el equipo: soporte.");
    facts.administrators = Some(["root".to_owned(), "soporte".to_owned()].into());
    assert_eq!(verdict(&facts, Rule::NewAdministrator), Verdict::Ok);
}
