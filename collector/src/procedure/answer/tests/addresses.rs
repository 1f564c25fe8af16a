//! What the collector itself saw of pages and mail domains.

use super::*;
use crate::domain::address_check::{MailCheck, MailOutcome, PageCheck, PageOutcome};

fn page(minutes_ago: i64, outcome: PageOutcome) -> PageCheck {
    PageCheck { url: "https://www.example.org/a".into(), checked_at: ago(minutes_ago), outcome }
}

fn answered(status: u16) -> PageOutcome {
    PageOutcome::Answered {
        status,
        led_to: None,
        title: Some("Convocatoria".into()),
        bytes: 10,
        took_ms: 20,
        certificate_until: Some(now() + SignedDuration::from_hours(24 * 5)),
    }
}

#[test]
fn a_page_is_published_when_every_address_answers_with_a_page() {
    let of = |pages| Facts { pages, ..Facts::default() };
    let question = Question::PagePublished;
    let said = check(question, &of(vec![page(1, answered(200))]), Some(true), Sureness::Likely);
    assert!(said.because.contains("«Convocatoria»"), "{said:?}");
    assert!(said.because.contains("vence en 5 días"), "{said:?}");
    let missing = vec![page(1, answered(200)), page(1, answered(404))];
    let said = check(question, &of(missing), Some(false), Sureness::Certain);
    assert_eq!(said.value, "1 de 2 direcciones responden");
    let failed = PageOutcome::Failed { why: "el nombre no existe".into() };
    check(question, &of(vec![page(1, failed)]), Some(false), Sureness::Certain);
}

#[test]
fn addresses_not_looked_at_looked_at_long_ago_or_refused_prove_nothing() {
    let of = |pages| propose(Question::PagePublished, &Facts { pages, ..Facts::default() }, now());
    assert_eq!(of(Vec::new()).answer, None);
    assert_eq!(of(vec![page(61, answered(200))]).answer, None);
    let refused = PageOutcome::Refused { why: "dirección privada".into() };
    assert_eq!(of(vec![page(1, answered(200)), page(1, refused.clone())]).answer, None);
    assert_eq!(of(vec![page(1, answered(500)), page(1, refused)]).answer, Some(false));
}

fn mail(outcome: MailOutcome) -> Facts {
    let domain = "example.org".into();
    let check = MailCheck { domain, checked_at: ago(10), outcome };
    Facts { mail: Some(check), mailbox: Some("tesoreria@example.org".into()), ..Facts::default() }
}

#[test]
fn a_domain_takes_mail_when_it_names_hosts_for_it() {
    let question = Question::MailboxDomainReady;
    let hosts = MailOutcome::Hosts { hosts: vec!["mx1.example.org".into()] };
    check(question, &mail(hosts), Some(true), Sureness::Certain);
    check(question, &mail(MailOutcome::TakesNone), Some(false), Sureness::Certain);
    check(question, &mail(MailOutcome::NoDomain), Some(false), Sureness::Certain);
    check(
        question,
        &mail(MailOutcome::NoHosts { has_address: false }),
        Some(false),
        Sureness::Certain,
    );
    check(question, &mail(MailOutcome::NoHosts { has_address: true }), Some(false), Sureness::Weak);
    check(question, &mail(MailOutcome::Failed { why: "x".into() }), None, Sureness::Weak);
    check(question, &Facts::default(), None, Sureness::Weak);
    let mut old = mail(MailOutcome::NoDomain);
    old.mail.as_mut().unwrap().checked_at = ago(25 * 60);
    check(question, &old, None, Sureness::Weak);
}

#[test]
fn whether_a_mailbox_exists_is_known_only_from_own_runs_or_a_domain_without_mail() {
    let question = Question::MailboxExists;
    let hosts = MailOutcome::Hosts { hosts: vec!["mx1.example.org".into()] };
    let said = check(question, &mail(hosts.clone()), None, Sureness::Weak);
    assert!(said.because.contains("no se le pregunta"), "{said:?}");
    check(question, &mail(MailOutcome::NoDomain), Some(false), Sureness::Certain);
    check(question, &Facts::default(), None, Sureness::Weak);
    let known = Facts { mailbox_made_by: Some("CI/2026/0007".into()), ..mail(hosts) };
    let said = check(question, &known, Some(true), Sureness::Likely);
    assert!(said.because.contains("CI/2026/0007"), "{said:?}");
}
