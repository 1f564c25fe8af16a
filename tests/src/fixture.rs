//! What end-to-end tests start: a real collector, real agents, a network that can be cut, a person with a browser's
//! cookies. Everything listens on loopback and ends with its owner.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "only tests use it, and a test that cannot go on fails"
)]

mod agent;
mod clock;
mod collector;
mod link;
pub mod namespace;
mod programs;
mod release;
mod supervisor;
mod wait;
mod web;

pub use agent::Agent;
pub use clock::Clock;
pub use collector::Collector;
pub use link::Link;
pub use programs::program;
pub use release::{Signer, TARGET};
pub use supervisor::Supervisor;
pub use wait::{assert_eventually, eventually};
pub use web::Person;

/// A port nobody listens on at this moment.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
