//! `atalaya-agent update guard|answer`: what the service manager starts around a program that updates itself.

use std::path::Path;

use crate::config::Config;
use crate::state::StateDir;
use crate::update::home::Home;
use crate::update::install;

/// Before each start: brings the version before back when the one on trial does not get to its welcome.
///
/// # Errors
/// When the settings are wrong, or the version before cannot be brought back.
pub fn guard(config_file: Option<&Path>) -> anyhow::Result<()> {
    super::run::log_to_console();
    let config = Config::load(config_file)?;
    let Some(home) = Home::of_this_program() else { return Ok(()) };
    install::guard(&home, &StateDir::new(&config.state_dir))?;
    Ok(())
}

/// Takes `install` or `restore` from standard input, does it with everything looked at again, and answers on standard
/// output.
///
/// # Errors
/// When the settings are wrong or somebody else could change them: nothing is answered then.
#[cfg(target_os = "linux")]
pub fn answer(config_file: Option<&Path>) -> anyhow::Result<()> {
    use std::io::{Read, Write};

    use crate::update::linux::Answer;

    super::run::log_to_console();
    let config = Config::load(config_file)?;
    super::run::refuse_foreign_settings(config_file)?;
    let mut question = String::new();
    std::io::stdin().lock().take(64).read_to_string(&mut question)?;
    let answer = match install::answer(question.trim(), &config) {
        Ok(version) => Answer::Done(version.to_string()),
        Err(error) => Answer::Not(error.to_string()),
    };
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, &answer)?;
    Ok(out.flush()?)
}
