//! Microsoft Defender on Windows, by the program it brings, in the folder Windows gives it.

use std::time::Duration;

use atalaya_reading::{ActionOutcome, Evidence, ScanEvidence};

use super::NONE;
use crate::action::{Answer, said};
use crate::probe::program::{Programs, run};

const PROGRAM: &str = "MpCmdRun";
const UPDATE: Duration = Duration::from_secs(200);

/// Has the signatures fetched.
pub async fn update(_: &Programs) -> Answer {
    ended(&["-SignatureUpdate"], UPDATE).await
}

/// Has the usual places looked through, at most for `limit`. What is found the antivirus section tells.
pub async fn scan(_: &Programs, limit: Duration) -> Answer {
    let answer = ended(&["-Scan", "-ScanType", "1"], limit).await;
    if answer.outcome == ActionOutcome::Unsupported {
        return answer;
    }
    let evidence = ScanEvidence {
        product: "Microsoft Defender".into(),
        complete: answer.outcome == ActionOutcome::Done,
        ..ScanEvidence::default()
    };
    answer.with(Evidence::Scan(evidence))
}

async fn ended(arguments: &[&str], limit: Duration) -> Answer {
    let folder = std::env::var("ProgramFiles").unwrap_or_else(|_| r"C:\Program Files".into());
    let programs = Programs::new(&format!(r"{folder}\Windows Defender"));
    if programs.find(PROGRAM).is_none() {
        return Answer::unsupported(NONE);
    }
    match run(&programs, PROGRAM, arguments, limit).await {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout);
            let detail = format!("Microsoft Defender: {}", said(&text));
            // 2 after a scan: something was found and not yet dealt with, or it could not look; its own words tell.
            if output.status.success() { Answer::done(detail) } else { Answer::failed(detail) }
        }
        Err(unread) => Answer::failed(unread.to_string()),
    }
}
