//! Ports blocked by nftables.

use std::time::Duration;

use atalaya_reading::{BlockEvidence, Evidence, Protocol, bounds};

use super::{blocked, nft, unblocked};
use crate::action::{Answer, said};
use crate::probe::Unread;
use crate::probe::program::{Output, Programs, run};

const LIMIT: Duration = Duration::from_secs(5);

/// Blocks a port; one that is blocked gets the newer term.
pub async fn block(programs: &Programs, protocol: Protocol, port: u16, minutes: u32) -> Answer {
    let done = async {
        let before = table(programs).await?;
        change(programs, &nft::block(protocol, port, minutes)).await?;
        let after = table(programs).await?;
        if !nft::is_blocked(&after, protocol, port) {
            return Err(Answer::failed("nft no dio error, pero la regla no aparece"));
        }
        Ok(Answer::done(blocked(protocol, port, minutes)).with(evidence(&before, &after)))
    };
    done.await.unwrap_or_else(|answer| answer)
}

/// Unblocks a port; with the last one the whole table goes.
pub async fn unblock(programs: &Programs, protocol: Protocol, port: u16) -> Answer {
    let done = async {
        let before = table(programs).await?;
        let was_blocked = nft::is_blocked(&before, protocol, port);
        if was_blocked {
            change(programs, &nft::unblock(protocol, port)).await?;
        }
        let left = table(programs).await?;
        if !left.is_empty() && nft::is_empty(&left) {
            change(programs, "delete table inet atalaya").await?;
        }
        let after = table(programs).await?;
        let detail = unblocked(protocol, port, was_blocked);
        Ok(Answer::done(detail).with(evidence(&before, &after)))
    };
    done.await.unwrap_or_else(|answer: Answer| answer)
}

fn evidence(before: &str, after: &str) -> Evidence {
    // nft sets off by tabs, which are control characters.
    let lines = |text: &str| bounds::lines(&text.replace('\t', "  "), bounds::RULES);
    Evidence::Block(BlockEvidence { before: lines(before), after: lines(after) })
}

/// The agent's own table; empty when there is none.
async fn table(programs: &Programs) -> Result<String, Answer> {
    let output = nft(programs, &["list", "table", "inet", "atalaya"]).await?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else if output.stderr.contains("No such file or directory") {
        Ok(String::new())
    } else {
        Err(Answer::failed(format!("nft: {}", said(&output.stderr))))
    }
}

async fn change(programs: &Programs, script: &str) -> Result<(), Answer> {
    let output = nft(programs, &[script]).await?;
    if output.status.success() {
        return Ok(());
    }
    Err(Answer::failed(format!("nft no aceptó el cambio: {}", said(&output.stderr))))
}

async fn nft(programs: &Programs, arguments: &[&str]) -> Result<Output, Answer> {
    run(programs, "nft", arguments, LIMIT).await.map_err(|unread| match unread {
        Unread::NotApplicable(_) => {
            Answer::unsupported("no está el programa nft: instale el paquete nftables")
        }
        other => Answer::failed(other.to_string()),
    })
}
