//! What happens, one file per thing: load, decide (pure), save, in one transaction.
//!
//! Intake, timers and web call these; nothing here speaks a protocol, and only the store speaks SQL.

pub mod secret;
pub mod sign_in;
