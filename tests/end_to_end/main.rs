//! The whole product: real programs over TLS on loopback, each test with a collector and PCs of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod antivirus;
mod authority;
mod clocks;
mod copies;
mod delivery;
mod enrolment;
mod firewall;
mod front_ends;
mod hostile;
mod listening;
mod mail;
mod moved;
mod network;
mod orders;
mod reinstalled;
mod removal;
mod renewal;
mod revocation;
mod sealed;
mod update;
mod wire;
