//! Somebody verifies the ledger: every entry is reckoned again, on one thread while the next ones are read on another.

use tokio::sync::mpsc;

use crate::domain::ledger::{Head, Link, Verdict, Walk};
use crate::store::{Read, Result};

/// Entries read at a time.
const PAGE: i64 = 4_000;
/// Pages that wait to be reckoned.
const AHEAD: usize = 3;

/// Verifies the ledger as one transaction sees it, and against heads that were exported. `progress` is told how many
/// entries have been read and how many there are. A transaction that changes may be given too: what it has not
/// committed is not part of the ledger yet.
///
/// # Errors
/// When the store refuses.
pub async fn verify_ledger(
    read: &mut Read,
    exported: Vec<Head>,
    mut progress: impl FnMut(i64, i64),
) -> Result<Verdict> {
    let head = read.ledger_head().await?;
    let end = read.last_entry(head.as_ref().map_or(i64::MAX, |head| head.entry)).await?;
    let (pages, mut to_reckon) = mpsc::channel::<Vec<Link>>(AHEAD);
    let walking = tokio::task::spawn_blocking(move || {
        let mut walk = Walk::new(exported);
        while let Some(page) = to_reckon.blocking_recv() {
            for link in &page {
                walk.take(link);
            }
        }
        walk
    });
    let mut last = 0;
    while last < end {
        let next = last.saturating_add(PAGE).min(end);
        let page = read.ledger_links(last, next).await?;
        last = next;
        if pages.send(page).await.is_err() {
            break;
        }
        progress(last, end);
    }
    drop(pages);
    let walk = match walking.await {
        Ok(walk) => walk,
        Err(died) => std::panic::resume_unwind(died.into_panic()),
    };
    let witnessed = read.witnessed_batches().await?;
    let mut verdict = walk.finish(head.as_ref(), &witnessed);
    verdict.findings.extend(read.foreign_rows(end).await?);
    Ok(verdict)
}
