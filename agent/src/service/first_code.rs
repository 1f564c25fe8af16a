//! A PC without an identity waits for its code: a file that whoever prepares PCs leaves there, by group policy, an answer
//! file or a script at first boot. So a sealed disk image enrols by itself, each PC with a code of its own.

use std::path::Path;
use std::time::Duration;

use crate::config::Config;
use crate::identity::enrolment::{EnrolError, enrol};
use crate::identity::{Identity, Store};
use crate::machine;
use crate::probe::Probes;
use crate::state::foreign_writer;

/// How often the file is looked for, and a collector that cannot be reached is tried again.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// A code is a few hundred bytes.
const MOST: usize = 4096;

/// Waits for a code in `file`, spends it and brings the identity. A code that was refused is not tried again.
pub async fn enrolled(config: &Config, store: &Store, file: &Path) -> Identity {
    tracing::info!(file = %file.display(), "without an identity: waiting for a code");
    let (mut refused, mut told) = (None, String::new());
    loop {
        let trouble = match code_in(file) {
            Ok(None) => None,
            Ok(Some(code)) if refused.as_ref() == Some(&code) => None,
            Ok(Some(code)) => match spend(config, store, &code).await {
                Ok(identity) => {
                    forget(file);
                    return identity;
                }
                Err(error) => {
                    if matches!(error, EnrolError::Code(_) | EnrolError::Spent(_)) {
                        refused = Some(code);
                    }
                    Some(error.to_string())
                }
            },
            Err(problem) => Some(problem),
        };
        if let Some(trouble) = trouble.filter(|trouble| *trouble != told) {
            tracing::warn!(reason = trouble, "not enrolled");
            told = trouble;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn spend(config: &Config, store: &Store, code: &str) -> Result<Identity, EnrolError> {
    let hints = machine::hints(&mut Probes::new(config, None)).await;
    Ok(enrol(store, code, hints, false).await?.identity)
}

/// The code, if one is there. Whoever writes it chooses the collector this PC belongs to.
fn code_in(file: &Path) -> Result<Option<String>, String> {
    let text = match std::fs::read_to_string(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("no se puede leer {}: {error}", file.display())),
        Ok(text) => text,
    };
    if let Ok(Some(problem)) = foreign_writer(file) {
        return Err(format!("otra cuenta podría cambiar el código: {problem}"));
    }
    if text.len() > MOST {
        return Err(format!("{} es demasiado grande para un código", file.display()));
    }
    let code = text.trim();
    Ok((!code.is_empty()).then(|| code.to_owned()))
}

/// It is spent: that it may lie there costs nothing.
fn forget(file: &Path) {
    if let Err(error) = std::fs::remove_file(file) {
        tracing::info!(%error, file = %file.display(), "the spent code stays there");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_without_what_surrounds_it_and_an_empty_or_huge_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("code");
        assert_eq!(code_in(&file), Ok(None));
        std::fs::write(&file, " atl1.abc \r\n").unwrap();
        assert_eq!(code_in(&file), Ok(Some("atl1.abc".into())));
        std::fs::write(&file, "\n").unwrap();
        assert_eq!(code_in(&file), Ok(None));
        std::fs::write(&file, "a".repeat(MOST + 1)).unwrap();
        assert!(code_in(&file).unwrap_err().contains("demasiado grande"));
    }
}
