//! One file per subcommand.

pub mod check;
pub mod enroll;
pub mod probe;
pub mod run;
pub mod status;
