//! One file per subcommand.

pub mod check;
pub mod enroll;
pub mod probe;
pub mod run;
pub mod status;

/// The command line itself is wrong: the program ends with code 2, as for any other wrong argument.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Misuse(pub String);
