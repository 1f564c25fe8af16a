//! Files of runs, on both engines.

use std::collections::HashSet;

use super::*;
use crate::domain::attachment::{Attachment, MediaType, Scan};

pub(super) fn attachment(id: &str, run: &RunId, sha256: &str) -> Attachment {
    Attachment {
        id: AttachmentId::new(id),
        run: run.clone(),
        step: Some(StepId::new("2")),
        sha256: sha256.into(),
        name: "Oficio <núm. 3>.pdf".into(),
        media: MediaType::Pdf,
        size: 15 * 1024 * 1024,
        created_at: at(5),
        added_by: "Ana Núñez".into(),
        person: None,
        scan: Scan::NotScanned,
    }
}

on_both_engines! {
    async fn files_belong_to_one_run_and_the_same_content_is_known_once(store: &Store) {
        let (one, two) = (RunId::new("r1"), RunId::new("r2"));
        with_device(store, "a").await;
        with_device(store, "b").await;
        let mut write = store.write().await.unwrap();
        write.add_run(&run("r1", "a", "MC/2026/0001")).await.unwrap();
        write.add_run(&run("r2", "b", "MC/2026/0002")).await.unwrap();
        let kept = attachment("a", &one, "aa11");
        write.add_attachment(&kept).await.unwrap();
        write.add_attachment(&Attachment { created_at: at(4), ..attachment("b", &one, "bb22") }).await.unwrap();
        write.add_attachment(&attachment("c", &two, "aa11")).await.unwrap();
        write.commit().await.unwrap();
        let mut read = store.read().await.unwrap();
        let of_one = read.attachments(&one).await.unwrap();
        assert_eq!(of_one.iter().map(|file| file.id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(of_one[1], kept);
        assert_eq!(read.count_attachments(&one).await.unwrap(), 2);
        assert_eq!(read.attachment(&two, &kept.id).await.unwrap(), None);
        assert_eq!(read.attachment(&one, &kept.id).await.unwrap(), Some(kept));
        let hashes = read.attachment_hashes().await.unwrap();
        assert_eq!(hashes, HashSet::from(["aa11".to_owned(), "bb22".to_owned()]));
    }
}
