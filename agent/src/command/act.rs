//! `atalaya-agent act NAME`: carries out one action that asks for more privilege than the service has. The service
//! manager starts it behind a socket of that name; it checks action and settings by itself.

use std::path::Path;

use crate::action::privileged::answer_errand;
use crate::config::Config;

/// Takes the action from standard input and answers on standard output.
///
/// # Errors
/// When settings or action cannot be read: nothing is answered then.
pub fn run(config: Option<&Path>, name: &str) -> anyhow::Result<()> {
    super::run::log_to_console();
    answer_errand(&Config::load(config)?, name)
}
