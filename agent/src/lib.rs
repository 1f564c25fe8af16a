//! The Atalaya agent: observes one PC, keeps what it saw until the collector has it, and speaks only when it
//! has something to say.
//!
//! `probe` observes, `action` does what the collector orders and the settings allow, `spool` keeps, `uplink` delivers, `identity` proves who speaks. Only `report`, `uplink`
//! and `identity` know the wire; only files called `linux.rs` or `windows.rs` know an operating system.

pub mod action;
pub mod command;
pub mod config;
pub mod devices;
pub mod identity;
pub mod limits;
pub mod machine;
pub mod probe;
pub mod recent_log;
pub mod report;
pub mod schedule;
pub mod service;
pub mod spool;
pub mod state;
pub mod status;
pub mod table;
pub mod update;
pub mod uplink;
pub mod usage;
pub mod version;
