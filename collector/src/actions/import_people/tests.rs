//! Tables of people against real stores.

use super::*;
use crate::domain::access::Actor;
use crate::domain::id::AreaId;
use crate::domain::person::Role;
use crate::store::testing::on_both_engines;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn root() -> Decider {
    Decider { actor: Actor::Console, administrator: true }
}

async fn with_area(store: &Store) {
    let area = Area { id: AreaId::new("t"), name: "Tesorería".into(), site: None, sample: false };
    let mut db = store.write().await.unwrap();
    db.add_area(&area, at(0)).await.unwrap();
    let admin = Person {
        administrator: true,
        ..Person::new(PersonId::new("a"), "ana", "Ana", Roles::NONE)
    };
    db.add_person(&admin, at(0)).await.unwrap();
    db.commit().await.unwrap();
}

async fn known(store: &Store, login: &str) -> Option<Person> {
    store.read().await.unwrap().person_by_login(login).await.unwrap().map(|(person, _)| person)
}

on_both_engines! {
    async fn a_table_adds_changes_and_the_second_time_nothing(store: &Store) {
        with_area(store).await;
        let table = "usuario;nombre;correo;teléfono;funciones;áreas\n\
            luis;Luis Peña;luis@ejemplo.gob.mx;+52 722 123 4567;Técnico, Ventanilla;tesoreria\n\
            eva;=1+1;;;Titular de la unidad;Todas\n";
        let tried = import_people(store, table.as_bytes(), false, &root(), at(1)).await.unwrap();
        assert_eq!((tried.count(&Verdict::Added), tried.kept), (2, false));
        assert_eq!(known(store, "luis").await, None, "only tried");
        let kept = import_people(store, table.as_bytes(), true, &root(), at(2)).await.unwrap();
        assert!(kept.kept);
        let luis = known(store, "luis").await.unwrap();
        assert_eq!(luis.roles, [Role::Technician, Role::FrontDesk].into_iter().collect());
        assert_eq!((luis.areas, luis.phone.as_deref()), (Areas::only([AreaId::new("t")]), Some("+52 722 123 4567")));
        assert_eq!(known(store, "eva").await.unwrap().name, "=1+1", "what looks like a formula is a text");
        let again = import_people(store, table.as_bytes(), true, &root(), at(3)).await.unwrap();
        assert_eq!(again.count(&Verdict::Same), 2);
        let other = "usuario,puesto\nluis,Auxiliar\n";
        let changed = import_people(store, other.as_bytes(), true, &root(), at(4)).await.unwrap();
        assert_eq!(changed.count(&Verdict::Changed), 1);
        let luis = known(store, "luis").await.unwrap();
        assert_eq!((luis.post.as_deref(), luis.name.as_str()), (Some("Auxiliar"), "Luis Peña"), "the rest stays");
    }

    async fn one_row_that_cannot_be_used_keeps_all_out_and_is_named_with_its_line(store: &Store) {
        with_area(store).await;
        let table = "usuario,nombre,correo,funciones,áreas\n\
            bien,Bien Escrito,,,\n\
            dos palabras,X,,,\n\
            mal1,,,,\n\
            mal2,M,a@b,,\n\
            mal3,M,,presidenta,\n\
            mal4,M,,,Catastro\n\
            BIEN,Otra vez,,,\n\
            ana,Ana,,,\n";
        let report = import_people(store, table.as_bytes(), true, &root(), at(1)).await.unwrap();
        assert_eq!((report.kept, report.refused()), (false, 7));
        assert_eq!(known(store, "bien").await, None, "nothing is half imported");
        let told: Vec<(u64, String, String)> = report
            .rows
            .into_iter()
            .filter_map(|row| match row.verdict {
                Verdict::Refused { column, remedy, .. } => Some((row.line, column, remedy)),
                Verdict::Added | Verdict::Changed | Verdict::Same => None,
            })
            .collect();
        for ((line, column, remedy), (expected, of, says)) in told.iter().zip([
            (3, "usuario", "sin espacios"),
            (4, "nombre", "falta el nombre"),
            (5, "correo", "«a@b»"),
            (6, "funciones", "«presidenta» no es una función"),
            (7, "areas", "«Catastro»"),
            (8, "usuario", "línea 2"),
            (9, "usuario", "administra"),
        ]) {
            assert_eq!((*line, column.as_str()), (expected, of));
            assert!(remedy.contains(says), "{remedy}");
        }
    }
}
