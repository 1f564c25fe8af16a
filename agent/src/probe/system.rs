//! The machine and its operating system.

pub use super::unsupported::Reader;
