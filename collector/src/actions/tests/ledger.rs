//! The ledger of a real history, and what is found when somebody tampers with it, on both engines. Every tampering
//! happens in a transaction that is given up, so that each finds the same history.

use super::super::create_area::create_area;
use super::super::remove_sample::remove_sample;
use super::super::verify_ledger::verify_ledger;
use super::super::verify_runs::verify_runs;
use super::*;
use crate::domain::ledger::{Finding, Head, Verdict};
use crate::store::testing::run_sql;
use crate::store::{EntryName, Write};

/// Ten entries: 1 an area; 2, 3 a run opens; 4 a remark of Ana's; 5 an area; 6, 7 a second run; 8 its alert clears;
/// 9 a remark; 10 an area.
async fn history(store: &Store) {
    add_ana(store).await;
    create_area(store, &Actor::Console, "Tesorería", None, false, at(0)).await.unwrap();
    let first = add_device(store, "1").await;
    arrives(store, &first, antivirus(false, 1), 1).await;
    remark(store, 0, "Sin corriente: ¿mañana?", 2).await;
    create_area(store, &ana(), "Cajas", None, false, at(3)).await.unwrap();
    let second = add_device(store, "2").await;
    arrives(store, &second, antivirus(false, 4), 4).await;
    arrives(store, &second, antivirus(true, 5), 5).await;
    remark(store, 1, "", 6).await;
    create_area(store, &Actor::Machine, "Archivo", None, false, at(7)).await.unwrap();
}

async fn remark(store: &Store, run: usize, text: &str, second: i64) {
    let mut all = runs(store).await;
    all.sort_by(|a, b| a.folio.cmp(&b.folio));
    let event = Event::Note { text: format!("Nota {second}: {text}") };
    advance_run(store, &bench(), &all[run].id, None, event, &ana(), at(second)).await.unwrap();
}

async fn verify(read: &mut crate::store::Read, exported: &[Head]) -> Verdict {
    verify_ledger(read, exported.to_vec(), |_, _| {}).await.unwrap()
}

async fn head(store: &Store) -> Head {
    store.read().await.unwrap().ledger_head().await.unwrap().unwrap()
}

/// What is found after these statements, which are then given up.
async fn tampered(store: &Store, sql: &[String], exported: &[Head]) -> Vec<Finding> {
    let mut db: Write = store.write().await.unwrap();
    for sql in sql {
        run_sql(&mut db, sql).await;
    }
    verify(&mut db, exported).await.findings
}

/// Edits of one column of a row of `run_event`, entry 7, or of `audit`, entry 5.
const EDITS: &[(&str, i64, &str)] = &[
    ("run_event", 7, "run_id = (SELECT min(run_id) FROM run_event), number = 40"),
    ("run_event", 7, "number = 40"),
    ("run_event", 7, "at = at + 1"),
    ("run_event", 7, "actor = 'Otra'"),
    ("run_event", 4, "person_id = NULL"),
    ("run_event", 7, "person_id = 'p'"),
    ("run_event", 7, "role = 'head'"),
    ("run_event", 7, "kind = 'noted'"),
    ("run_event", 7, "step = NULL"),
    ("run_event", 7, "answer = TRUE"),
    ("run_event", 7, "note = note || ' '"),
    ("run_event", 7, "evidence = NULL"),
    ("run_event", 7, "evidence = replace(evidence, 'ClamAV', 'Otro')"),
    ("run_event", 7, "data = '{\"a\":1}'"),
    ("run_event", 7, "hash = 'x'"),
    // A sign moved from one field into the next.
    ("run_event", 4, "actor = actor || 'x', note = substr(note, 2)"),
    ("audit", 5, "number = 40"),
    ("audit", 5, "at = 0"),
    ("audit", 5, "actor = 'Otra'"),
    ("audit", 5, "act = 'area.delete'"),
    ("audit", 5, "subject = ''"),
    ("audit", 5, "detail = 'cajas'"),
    ("audit", 5, "hash = 'x'"),
];

on_both_engines! {
    async fn a_history_that_nobody_touched_is_sound(store: &Store) {
        history(store).await;
        let head = head(store).await;
        let verdict = verify(&mut store.read().await.unwrap(), std::slice::from_ref(&head)).await;
        assert_eq!((verdict.findings, verdict.entries, verdict.heads), (vec![], 10, 1));
        assert_eq!(head.entry, 10);
        assert_eq!(head.at, Some(at(7)));
    }

    async fn an_edit_of_any_column_is_found_and_named(store: &Store) {
        history(store).await;
        for (table, entry, edit) in EDITS {
            let sql = format!("UPDATE {table} SET {edit} WHERE entry = {entry}");
            assert_eq!(tampered(store, std::slice::from_ref(&sql), &[]).await, [Finding::Edited(*entry)], "{sql}");
        }
        for (table, entry) in [("run_event", 7), ("run_event", 2), ("audit", 5), ("audit", 10), ("audit", 1)] {
            let sql = format!("UPDATE {table} SET entry_hash = 'f00' WHERE entry = {entry}");
            assert_eq!(tampered(store, std::slice::from_ref(&sql), &[]).await, [Finding::HashEdited(entry)], "{sql}");
            let sql = format!("UPDATE {table} SET entry_hash = NULL WHERE entry = {entry}");
            assert_eq!(tampered(store, std::slice::from_ref(&sql), &[]).await, [Finding::HashEdited(entry)], "{sql}");
        }
    }

    async fn entries_that_were_deleted_are_found_wherever_they_were(store: &Store) {
        history(store).await;
        let delete = |table: &str, entries: &str| format!("DELETE FROM {table} WHERE entry IN ({entries})");
        for (sql, found) in [
            (delete("audit", "1"), Finding::Missing { first: 1, last: 1 }),
            (delete("run_event", "2"), Finding::Missing { first: 2, last: 2 }),
            (delete("run_event", "6, 7, 8"), Finding::Missing { first: 6, last: 8 }),
            (delete("audit", "10"), Finding::Truncated { first: 10, last: 10 }),
            (format!("{}; ", delete("run_event", "9")), Finding::Missing { first: 9, last: 9 }),
        ] {
            assert_eq!(tampered(store, std::slice::from_ref(&sql), &[]).await, [found], "{sql}");
        }
        let all = ["DELETE FROM run_event".to_owned(), "DELETE FROM audit".to_owned()];
        assert_eq!(tampered(store, &all, &[]).await, [Finding::Truncated { first: 1, last: 10 }]);
        // A run taken away whole takes its events along.
        let run = ["DELETE FROM alert".into(), "DELETE FROM run WHERE folio = 'MC/2026/0001'".into()];
        assert_eq!(tampered(store, &run, &[]).await, [Finding::Missing { first: 2, last: 4 }]);
    }

    async fn a_run_whose_events_are_gone_is_named_with_their_numbers(store: &Store) {
        history(store).await;
        let mut db = store.write().await.unwrap();
        run_sql(&mut db, "DELETE FROM run_event WHERE entry IN (3, 9)").await;
        let lacking = db.runs_lacking_events().await.unwrap();
        let expected = [("MC/2026/0001".to_owned(), vec![2]), ("MC/2026/0002".to_owned(), vec![4])];
        assert_eq!(lacking.into_iter().collect::<Vec<_>>(), expected);
    }

    async fn entries_that_changed_places_are_told_from_entries_that_were_edited(store: &Store) {
        history(store).await;
        let swap = |table: &str, a: i64, b: i64, with: &str| {
            vec![
                format!("UPDATE {table} SET entry = -1{with} WHERE entry = {a}"),
                format!("UPDATE {table} SET entry = {a} WHERE entry = {b}"),
                format!("UPDATE {table} SET entry = {b} WHERE entry = -1"),
            ]
        };
        let moved = |entry, belongs_at| Finding::Moved { entry, belongs_at };
        for (table, a, b) in [("run_event", 6, 7), ("run_event", 2, 9), ("audit", 1, 5), ("audit", 1, 10)] {
            let found = tampered(store, &swap(table, a, b, ""), &[]).await;
            let found: Vec<Finding> =
                found.into_iter().filter(|f| *f != Finding::HeadEdited(10)).collect();
            assert_eq!(found, [moved(a, b), moved(b, a)], "{table} {a} {b}");
        }
        // The hashes stay where they were, so that each place shows the right one.
        let mut sql = swap("run_event", 3, 8, "");
        sql.insert(0, "CREATE TEMPORARY TABLE kept AS SELECT entry, entry_hash FROM run_event".into());
        sql.push(
            "UPDATE run_event SET entry_hash = (SELECT k.entry_hash FROM kept k WHERE k.entry = run_event.entry)"
                .into(),
        );
        assert_eq!(tampered(store, &sql, &[]).await, [moved(3, 8), moved(8, 3)]);
    }

    async fn rows_that_were_put_in_are_found(store: &Store) {
        history(store).await;
        let insert = |entry: &str| {
            format!(
                "INSERT INTO audit (number, at, actor, act, subject, detail, hash, entry, entry_hash)
                 SELECT 900, at, 'Nadie', act, subject, detail, hash, {entry}, entry_hash FROM audit WHERE entry = 5"
            )
        };
        let foreign = |entry: &str| Finding::Foreign { entry: entry.into(), what: "area.create (Nadie)".into() };
        for entry in ["11", "900", "0", "-5"] {
            assert_eq!(tampered(store, &[insert(entry)], &[]).await, [foreign(entry)], "{entry}");
        }
        assert_eq!(tampered(store, &[insert("NULL")], &[]).await, [foreign("")]);
        // Under the number of an event, which the other table has.
        assert!(tampered(store, &[insert("4")], &[]).await.contains(&Finding::Doubled(4)));
        // All later entries moved on to make room, and the head with them.
        let room = [
            "UPDATE run_event SET entry = -entry - 1 WHERE entry > 5",
            "UPDATE audit SET entry = -entry - 1 WHERE entry > 5",
            "UPDATE run_event SET entry = -entry WHERE entry < 0",
            "UPDATE audit SET entry = -entry WHERE entry < 0",
            "UPDATE ledger_head SET entry = entry + 1",
            &insert("6"),
        ]
        .map(String::from);
        let found = tampered(store, &room, &[]).await;
        assert!(found.contains(&Finding::Edited(6)), "{found:?}");
        assert!(found.contains(&Finding::Moved { entry: 8, belongs_at: 7 }), "{found:?}");
    }

    async fn a_tail_cut_off_together_with_the_head_is_found_by_an_exported_one(store: &Store) {
        history(store).await;
        let exported = head(store).await;
        let cut = [
            "DELETE FROM run_event WHERE entry > 7",
            "DELETE FROM audit WHERE entry > 7",
            "UPDATE ledger_head SET entry = 7, hash = (SELECT entry_hash FROM run_event WHERE entry = 7)",
        ]
        .map(String::from);
        assert_eq!(tampered(store, &cut, &[]).await, [], "without a witness outside nothing is to be seen");
        let exported = [exported];
        assert_eq!(tampered(store, &cut, &exported).await, [Finding::ShorterThanExported(10)]);
    }

    async fn a_head_that_was_edited_or_taken_away_is_found(store: &Store) {
        history(store).await;
        for (sql, found) in [
            ("UPDATE ledger_head SET hash = 'f00'", Finding::HeadEdited(10)),
            ("UPDATE ledger_head SET entry = 12", Finding::Truncated { first: 11, last: 12 }),
            ("UPDATE ledger_head SET entry = 9000000000000000000",
                Finding::Truncated { first: 11, last: 9_000_000_000_000_000_000 }),
            ("DELETE FROM ledger_head", Finding::NoHead),
        ] {
            assert_eq!(tampered(store, &[sql.into()], &[]).await, [found], "{sql}");
        }
        let back = "UPDATE ledger_head SET entry = 9, hash = (SELECT entry_hash FROM run_event WHERE entry = 9)";
        let found = tampered(store, &[back.into()], &[]).await;
        assert_eq!(found, [Finding::Foreign { entry: "10".into(), what: "area.create (Atalaya)".into() }]);
    }

    async fn a_chain_made_anew_after_an_edit_is_found_by_an_exported_head(store: &Store) {
        history(store).await;
        let early = head(store).await;
        remark(store, 0, "más tarde", 8).await;
        let late = head(store).await;
        let mut db = store.write().await.unwrap();
        run_sql(&mut db, "UPDATE run_event SET note = 'otra' WHERE entry = 11").await;
        db.chain_anew().await;
        assert_eq!(verify(&mut db, std::slice::from_ref(&early)).await.findings, []);
        let found = verify(&mut db, &[late, early]).await.findings;
        assert_eq!(found, [Finding::OtherThanExported { entry: 11, sound_until: 10 }]);
    }

    async fn what_goes_with_the_sample_leaves_the_chain_whole(store: &Store) {
        history(store).await;
        let made_up = Device { sample: true, ..made_up_device() };
        let mut db = store.write().await.unwrap();
        db.add_device(&made_up).await.unwrap();
        db.commit().await.unwrap();
        arrives(store, &made_up.id, antivirus(false, 9), 9).await;
        create_area(store, &Actor::Machine, "Obras", None, false, at(10)).await.unwrap();
        let before = head(store).await;
        assert_eq!(remove_sample(store, &Actor::Console, at(11)).await.unwrap(), 1);
        let verdict = verify(&mut store.read().await.unwrap(), &[before]).await;
        assert_eq!((verdict.findings, verdict.heads), (vec![], 1));
        for (sql, found) in [
            ("UPDATE ledger_removed SET entry_hash = 'f00' WHERE entry = 11", "Unwitnessed"),
            ("DELETE FROM ledger_removed WHERE entry = 11", "Missing"),
            ("UPDATE ledger_removed SET batch = 'x'", "Unwitnessed"),
            ("UPDATE audit SET subject = 'x' WHERE act = 'ledger.remove'", "Unwitnessed"),
            ("INSERT INTO ledger_removed SELECT entry, entry_hash, 'x', '' FROM run_event WHERE entry = 9;
              DELETE FROM run_event WHERE entry = 9", "Unwitnessed"),
        ] {
            let sql: Vec<String> = sql.split(';').map(String::from).collect();
            let findings = tampered(store, &sql, &[]).await;
            assert!(findings.iter().any(|f| format!("{f:?}").starts_with(found)), "{sql:?}: {findings:?}");
        }
    }

    async fn rows_from_before_the_ledger_are_taken_in_once_in_order_of_time(store: &Store) {
        history(store).await;
        let mut db = store.write().await.unwrap();
        for sql in [
            "UPDATE run_event SET entry = NULL, entry_hash = NULL, hash = 'old'",
            "UPDATE audit SET entry = NULL, entry_hash = NULL, hash = 'old'",
            "UPDATE ledger_head SET entry = 0, hash = '', adopted = FALSE",
        ] {
            run_sql(&mut db, sql).await;
        }
        db.commit().await.unwrap();
        let (one, other) = tokio::join!(store.adopt(), store.adopt());
        one.and(other).unwrap();
        store.adopt().await.unwrap();
        let mut read = store.read().await.unwrap();
        assert_eq!(verify(&mut read, &[]).await.findings, []);
        assert_eq!(read.ledger_head().await.unwrap().unwrap().entry, 11);
        let name = EntryName::Audit { act: "ledger.begin".into(), actor: "Atalaya".into() };
        assert_eq!(read.entry_names(11).await.unwrap(), [name]);
        let name = EntryName::Event { folio: "MC/2026/0001".into(), number: 1 };
        assert_eq!(read.entry_names(2).await.unwrap(), [name]);
        drop(read);
        // From now on a row without a number is foreign, at the next start too.
        let mut db = store.write().await.unwrap();
        run_sql(&mut db, "UPDATE audit SET entry = NULL WHERE entry = 5").await;
        db.commit().await.unwrap();
        store.adopt().await.unwrap();
        let found = verify(&mut store.read().await.unwrap(), &[]).await.findings;
        let what = "area.create (Ana Núñez)".into();
        assert_eq!(found, [
            Finding::Missing { first: 5, last: 5 },
            Finding::Foreign { entry: String::new(), what }
        ]);
    }

    async fn a_run_that_is_not_what_its_events_make_of_it_is_found_and_named(store: &Store) {
        history(store).await;
        let library = bench().library;
        let verdict = verify_runs(&mut store.read().await.unwrap(), &library, |_| {}).await.unwrap();
        assert_eq!((verdict.differing, verdict.compared, verdict.passed_over), (vec![], 2, 0));
        for (edit, what) in [
            ("step = '7'", "paso o estado"),
            ("step = NULL, closed_at = 5, outcome = 'completed'", "paso o estado"),
            ("priority = 'urgent'", "prioridad"),
            ("assignee_id = 'p'", "responsable"),
            ("field_values = '{\"a\":\"b\"}'", "campos"),
            ("touched = FALSE", "atendido por una persona"),
            ("version = version + 1", "número de eventos"),
            ("due_at = 5", "plazos"),
            ("waiting = 'provider', waiting_since = 5", "espera"),
            ("updated_at = 5", "último cambio"),
        ] {
            let mut db = store.write().await.unwrap();
            run_sql(&mut db, &format!("UPDATE run SET {edit} WHERE folio = 'MC/2026/0002'")).await;
            let verdict = verify_runs(&mut db, &library, |_| {}).await.unwrap();
            assert_eq!(verdict.differing, [("MC/2026/0002".to_owned(), vec![what])], "{edit}");
        }
    }

    async fn writers_at_the_same_time_leave_one_chain_without_gaps(store: &Store) {
        let writers = (0..8).map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for turn in 0..10 {
                    let name = format!("Área {writer}-{turn}");
                    create_area(&store, &Actor::Machine, &name, None, false, at(turn)).await.unwrap();
                    // One that is given up after it appended leaves no trace.
                    let mut db = store.write().await.unwrap();
                    let entry = crate::store::AuditEntry {
                        act: "never", subject: String::new(), detail: String::new(),
                    };
                    db.audit(&Actor::Machine, &entry, at(0)).await.unwrap();
                    drop(db);
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        let verdict = verify(&mut store.read().await.unwrap(), &[]).await;
        assert_eq!((verdict.findings, verdict.entries), (vec![], 80));
    }
}

fn made_up_device() -> Device {
    Device {
        id: DeviceId::new("muestra"),
        number: 0,
        name: "PC de muestra".into(),
        area: None,
        status: DeviceStatus::Approved,
        hints: Default::default(),
        enrolled_at: at(0),
        sample: true,
    }
}
