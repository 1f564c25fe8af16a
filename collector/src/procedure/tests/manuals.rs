//! The manuals' tables of steps, copied from the manuals and not from our files: number, post, and where it leads.
//! A jump of ours may make a detour through lettered steps, which must come out where the manual goes.

use std::collections::BTreeSet;

use crate::domain::person::Role;
use crate::domain::procedure::{Procedure, Step, StepId, StepKind};
use crate::procedure::Library;

/// Where a manual goes from a step.
#[derive(Debug, Clone, Copy)]
pub(super) enum Jump {
    /// To the step it names, or the one after.
    To(u32),
    /// Yes and no.
    Ask(u32, u32),
    /// It begins again.
    Again(u32),
    /// «Fin».
    Fin,
    /// It does not say; we go to that step and say so in a note.
    Silent(u32),
    /// It does not say, and nothing can follow.
    Nothing,
}

use Jump::{Again, Ask, Fin, Nothing, Silent, To};
use Role::{
    AccessAnalyst as Analyst, FrontDesk as Desk, Head, Requester as Servant,
    SystemsAdministrator as Admin, SystemsOfficer as Officer, UnitHead as Unit,
};

type Row = (u32, Role, Jump);

/// Manual of the municipal unit, procedures 1 to 8; ISSEMYM 207C040105000S.
pub(super) const MANUALS: [(&str, &[Row]); 9] = [
    (
        "preventive",
        &[
            (1, Head, To(2)),
            (2, Head, Ask(4, 3)),
            (3, Head, To(1)),
            (4, Head, To(5)),
            (5, Unit, To(6)),
            (6, Head, Ask(8, 7)),
            (7, Head, To(4)),
            (8, Head, Fin),
        ],
    ),
    (
        "corrective",
        &[
            (1, Servant, To(2)),
            (2, Head, To(3)),
            (3, Head, To(4)),
            (4, Head, Ask(6, 5)),
            (5, Head, To(12)),
            (6, Head, Ask(7, 9)),
            (7, Servant, To(8)),
            (8, Head, To(9)),
            (9, Head, To(10)),
            (10, Head, To(11)),
            (11, Servant, To(12)),
            (12, Servant, Fin),
        ],
    ),
    (
        "network",
        &[
            (1, Head, To(2)),
            (2, Head, Ask(4, 3)),
            (3, Head, To(1)),
            (4, Head, To(5)),
            (5, Head, Ask(6, 13)),
            (6, Head, To(7)),
            (7, Head, Ask(21, 8)),
            (8, Head, To(9)),
            (9, Head, To(10)),
            (10, Head, To(11)),
            (11, Head, To(12)),
            (12, Head, To(21)),
            (13, Head, To(14)),
            (14, Head, Ask(15, 16)),
            (15, Head, To(21)),
            (16, Head, Ask(17, 18)),
            (17, Head, To(21)),
            (18, Head, Ask(19, 20)),
            (19, Head, To(21)),
            (20, Head, To(21)),
            (21, Head, To(22)),
            (22, Head, Ask(24, 23)),
            (23, Head, To(4)),
            (24, Head, Fin),
        ],
    ),
    (
        "security",
        &[
            (1, Head, To(2)),
            (2, Head, Ask(4, 3)),
            (3, Head, Silent(1)),
            (4, Head, To(5)),
            (5, Head, Ask(8, 6)),
            (6, Head, To(7)),
            (7, Head, To(8)),
            (8, Head, Ask(11, 9)),
            (9, Head, To(10)),
            (10, Head, To(11)),
            (11, Head, Ask(12, 14)),
            (12, Head, To(13)),
            (13, Head, To(14)),
            (14, Head, Ask(15, 16)),
            (15, Head, To(16)),
            (16, Head, To(17)),
            (17, Head, Ask(19, 18)),
            (18, Head, Silent(4)),
            (19, Head, Fin),
        ],
    ),
    (
        "publication",
        &[(1, Unit, To(2)), (2, Head, To(3)), (3, Head, To(4)), (4, Head, To(5)), (5, Head, Fin)],
    ),
    (
        "advice",
        &[
            (1, Servant, To(2)),
            (2, Head, To(3)),
            (3, Head, To(4)),
            (4, Servant, Ask(6, 5)),
            (5, Head, To(4)),
            (6, Servant, To(7)),
            (7, Servant, Fin),
        ],
    ),
    (
        "backup",
        &[
            (1, Servant, To(2)),
            (2, Servant, To(3)),
            (3, Head, To(4)),
            (4, Head, To(5)),
            (5, Servant, Ask(6, 10)),
            (6, Servant, To(7)),
            (7, Head, To(8)),
            (8, Head, To(9)),
            (9, Head, To(14)),
            (10, Servant, To(11)),
            (11, Head, To(12)),
            (12, Head, To(13)),
            (13, Head, To(14)),
            (14, Servant, Fin),
        ],
    ),
    (
        "mailbox",
        &[
            (1, Servant, To(2)),
            (2, Head, To(3)),
            (3, Head, To(4)),
            (4, Head, Ask(5, 7)),
            (5, Head, To(6)),
            // «Plataforma administradora del sitio web»: nobody of it signs in here, the head records its answer.
            (6, Head, To(9)),
            (7, Head, To(8)),
            (8, Head, To(9)),
            (9, Head, To(10)),
            (10, Servant, To(11)),
            (11, Servant, Fin),
        ],
    ),
    (
        "account",
        &[
            (1, Unit, To(2)),
            (2, Desk, To(3)),
            (3, Analyst, Ask(6, 4)),
            (4, Analyst, To(5)),
            (5, Unit, Again(1)),
            (6, Analyst, To(7)),
            (7, Officer, Ask(12, 8)),
            (8, Officer, To(9)),
            (9, Admin, To(10)),
            (10, Analyst, To(11)),
            (11, Unit, Nothing),
            (12, Officer, To(13)),
            (13, Admin, Ask(16, 14)),
            (14, Admin, To(15)),
            (15, Officer, To(13)),
            (16, Admin, To(17)),
            (17, Analyst, To(18)),
            (18, Unit, To(19)),
            (19, Servant, To(20)),
            (20, Unit, To(21)),
            (21, Analyst, Nothing),
        ],
    ),
];

#[test]
fn every_file_has_the_manuals_steps_posts_and_jumps() {
    let library = Library::embedded().unwrap();
    let codes: Vec<&str> = library.all().iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, MANUALS.map(|(code, _)| code), "the nine, in the order of the manuals");
    for (code, rows) in MANUALS {
        let procedure = library.get(code).unwrap();
        let of_manual: Vec<u32> =
            procedure.steps.iter().filter(|s| s.letter.is_empty()).map(|s| s.number).collect();
        assert_eq!(of_manual, rows.iter().map(|row| row.0).collect::<Vec<_>>(), "{code}");
        for (number, role, jump) in rows {
            let step = procedure.step(&StepId::new(number.to_string())).unwrap();
            assert_eq!(step.role, *role, "{code} {number}");
            fits(procedure, step, *jump);
        }
    }
}

#[test]
fn whatever_departs_from_a_manual_says_so_in_a_note() {
    let library = Library::embedded().unwrap();
    for (code, rows) in MANUALS {
        let procedure = library.get(code).unwrap();
        for step in &procedure.steps {
            let is_ours = !step.letter.is_empty();
            let row = rows.iter().find(|row| row.0 == step.number && !is_ours);
            let is_silent = row.is_some_and(|row| matches!(row.2, Silent(_) | Nothing));
            let redirected = step.targets().iter().any(|to| is_lettered(procedure, to));
            if is_ours || is_silent || redirected && step.letter.is_empty() {
                assert!(step.note.is_some(), "{code}, step {}", step.id);
            }
        }
    }
}

fn fits(procedure: &Procedure, step: &Step, jump: Jump) {
    let place = format!("{} {}", procedure.code, step.id);
    let leads = |to: &StepId, number: u32| {
        let wanted = StepId::new(number.to_string());
        let is_end = procedure.step(&wanted).is_some_and(Step::is_end);
        let (exits, ends) = exits(procedure, to);
        assert!(exits.contains(&wanted) || (is_end && ends), "{place}: {to} instead of {number}");
    };
    match (&step.kind, jump) {
        (StepKind::Action { next }, To(number)) => leads(next, number),
        (StepKind::Action { next }, Silent(number)) => {
            assert_eq!(next.as_str(), number.to_string(), "{place}");
        }
        (StepKind::Action { next }, Nothing) => assert!(exits(procedure, next).1, "{place}"),
        (StepKind::Question { yes, no, .. }, Ask(if_yes, if_no)) => {
            assert!(step.text.contains('¿') && step.text.ends_with('?'), "{place}: {}", step.text);
            leads(yes, if_yes);
            leads(no, if_no);
        }
        (StepKind::Restart { to }, Again(number)) => {
            assert_eq!(to.as_str(), number.to_string(), "{place}");
        }
        (StepKind::End { .. }, Fin) => {}
        (kind, jump) => panic!("{place}: {kind:?} where the manual has {jump:?}"),
    }
}

/// The manual's steps at which a detour comes out, and whether it may end on the way.
fn exits(procedure: &Procedure, from: &StepId) -> (BTreeSet<StepId>, bool) {
    let (mut found, mut ends) = (BTreeSet::new(), false);
    let (mut seen, mut waiting) = (BTreeSet::new(), vec![from.clone()]);
    while let Some(id) = waiting.pop() {
        if !is_lettered(procedure, &id) {
            found.insert(id);
        } else if seen.insert(id.clone()) {
            let step = procedure.step(&id).unwrap();
            ends |= step.is_end();
            waiting.extend(step.targets().into_iter().cloned());
        }
    }
    (found, ends)
}

fn is_lettered(procedure: &Procedure, id: &StepId) -> bool {
    procedure.step(id).is_some_and(|step| !step.letter.is_empty())
}
