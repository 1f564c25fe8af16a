//! `atalaya-agent answer`: a reader. Takes one question from standard input, runs the program it names and answers on
//! standard output. The service manager starts it, with the privilege that program needs; it refuses all else.

use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::config::Config;
use crate::probe::program::reader::{Answer, Question};
use crate::probe::program::{Programs, run as run_program};

/// A question is one short line.
const MAX_QUESTION: u64 = 1024;
/// No probe waits longer.
const LIMIT: Duration = Duration::from_secs(20);

/// Answers it.
///
/// # Errors
/// When the settings or the question cannot be read, or the question is not permitted: nothing is answered then.
pub fn run(config: Option<&Path>) -> anyhow::Result<()> {
    let config = Config::load(config)?;
    let mut line = String::new();
    std::io::stdin().lock().take(MAX_QUESTION).read_to_string(&mut line)?;
    let question: Question = serde_json::from_str(&line).context("la petición no se entiende")?;
    ensure!(question.is_permitted(), "petición no permitida: {question:?}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(answer(&Programs::new(&config.programs.path), &question));
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, &answer)?;
    Ok(out.flush()?)
}

async fn answer(programs: &Programs, question: &Question) -> Answer {
    let arguments: Vec<&str> = question.arguments.iter().map(String::as_str).collect();
    match run_program(programs, &question.program, &arguments, LIMIT).await {
        Ok(output) => Answer::Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: output.stderr,
        },
        Err(unread) => Answer::Failed(unread.to_string()),
    }
}
