//! Editions opened, added, chosen and noticed, on both engines.

use super::*;
use crate::store::testing::on_both_engines;

fn now() -> Timestamp {
    "2026-11-23T18:00:00Z".parse().unwrap()
}

fn own(edition: &str) -> String {
    let (_, text) = embedded_files().find(|(name, _)| *name == "advice.toml").unwrap();
    text.replace("edition = \"1\"", &format!("edition = \"{edition}\""))
}

async fn add(store: &Store, text: &str) -> Result<Procedure, Error> {
    add_edition(store, "propia.toml", text, &Actor::Console, now()).await
}

async fn in_use(store: &Store, code: &str) -> String {
    let kept = store.read().await.unwrap().editions().await.unwrap();
    let mut chosen = kept.into_iter().filter(|one| one.code == code && one.in_use);
    let present = chosen.next().unwrap().edition;
    assert!(chosen.next().is_none(), "one at a time");
    present
}

on_both_engines! {
    async fn the_editions_compiled_in_are_kept_once(store: &Store) {
        let library = open_library(store, now()).await.unwrap();
        let kept = store.read().await.unwrap().editions().await.unwrap();
        assert_eq!((kept.len(), library.all().len()), (10, 9));
        assert_eq!(in_use(store, "corrective").await, "2");
        open_library(store, now()).await.unwrap();
        assert_eq!(store.read().await.unwrap().editions().await.unwrap(), kept);
    }

    async fn an_own_edition_is_followed_once_chosen_and_an_upgrade_leaves_it(store: &Store) {
        let library = open_library(store, now()).await.unwrap();
        add(store, &own("1 Chiconcuac")).await.unwrap();
        assert_eq!(in_use(store, "advice").await, "1");
        use_edition(store, "advice", "1 Chiconcuac", &Actor::Console, now()).await.unwrap();
        refresh_library(store, &library).await.unwrap();
        assert_eq!(library.get("advice").unwrap().edition, "1 Chiconcuac");
        assert!(library.edition("advice", "1").is_some(), "runs under way stay on theirs");
        let library = open_library(store, now()).await.unwrap();
        assert_eq!(library.get("advice").unwrap().edition, "1 Chiconcuac");
        let acts = store.read().await.unwrap().audit_acts().await.unwrap();
        assert_eq!(acts, ["procedure.add", "procedure.use"]);
    }

    async fn an_edition_compiled_in_later_takes_over_from_ours_but_not_from_theirs(store: &Store) {
        // As an older program left it: the first edition of one, and one of the municipality's own.
        let mut write = store.write().await.unwrap();
        for (_, text) in embedded_files().filter(|(name, _)| *name == "corrective-1.toml") {
            let read = parse("corrective-1.toml", text).unwrap();
            let old = kept(&read, text, Origin::Embedded, "Atalaya", now());
            write.add_edition(&old).await.unwrap();
            write.use_edition("corrective", "1").await.unwrap();
        }
        let text = own("propia");
        let theirs = kept(&parse("x", &text).unwrap(), &text, Origin::Own, "Consola", now());
        write.add_edition(&theirs).await.unwrap();
        write.use_edition("advice", "propia").await.unwrap();
        write.commit().await.unwrap();
        open_library(store, now()).await.unwrap();
        assert_eq!(in_use(store, "corrective").await, "2");
        assert_eq!(in_use(store, "advice").await, "propia");
    }

    async fn another_text_under_a_known_name_is_refused_and_the_same_is_not(store: &Store) {
        open_library(store, now()).await.unwrap();
        add(store, &own("2")).await.unwrap();
        add(store, &own("2")).await.unwrap();
        let other = own("2").replace("Da la asesoría.", "Asesora.");
        let refused = add(store, &other).await.unwrap_err().to_string();
        assert_eq!(
            refused,
            "el procedimiento «advice» ya tiene una edición «2» con otro texto, y hay trámites que \
             pueden seguirla: ponga otra `edition` en el archivo"
        );
        let stolen = own("3").replace("code = \"advice\"", "code = \"cursos\"");
        let refused = add(store, &stolen).await.unwrap_err().to_string();
        assert!(refused.contains("la serie «AO» ya es del procedimiento «advice»"), "{refused}");
        let wrong = own("3").replace("next = \"2\"", "next = \"20\"");
        let refused = add(store, &wrong).await.unwrap_err().to_string();
        assert!(refused.starts_with("propia.toml: paso 1: «next» lleva al paso «20»"), "{refused}");
    }

    async fn a_procedure_of_the_municipalitys_own_is_listed_after_the_nine(store: &Store) {
        let library = open_library(store, now()).await.unwrap();
        let text = own("1").replace("code = \"advice\"", "code = \"cursos\"");
        add(store, &text.replace("\"AO\"", "\"CC\"")).await.unwrap();
        use_edition(store, "cursos", "1", &Actor::Console, now()).await.unwrap();
        refresh_library(store, &library).await.unwrap();
        let codes: Vec<&str> = library.all().iter().map(|one| one.code.as_str()).collect();
        assert_eq!((codes.len(), codes[0], codes[9]), (10, "preventive", "cursos"));
        let refused = use_edition(store, "cursos", "2", &Actor::Console, now()).await.unwrap_err();
        assert!(refused.to_string().contains("no hay una edición «2»"), "{refused}");
    }
}
