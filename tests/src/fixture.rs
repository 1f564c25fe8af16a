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
mod smtp;
mod supervisor;
mod wait;
mod web;

pub use agent::Agent;
pub use clock::Clock;
pub use collector::Collector;
pub use link::Link;
pub use programs::program;
pub use release::{Signer, TARGET};
pub use smtp::{Script, Smtp};
pub use supervisor::Supervisor;
pub use wait::{assert_eventually, eventually};
pub use web::Person;

/// A port nobody listens on at this moment, below those the system gives to connections that go out: one of those could
/// be gone again before it is listened on.
pub fn free_port() -> u16 {
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| fastrand::u16(10_240..32_000)).find(free).expect("a free port")
}
