//! The collector: remembers, judges, plans and carries every task through its written procedure.

pub mod actions;
pub mod collector;
pub mod command;
pub mod config;
pub mod domain;
pub mod flow;
pub mod intake;
pub mod live;
pub mod mail;
pub mod pki;
pub mod procedure;
pub mod rules;
pub mod store;
pub mod timers;
pub mod verify;
pub mod web;
