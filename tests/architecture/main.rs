//! Who may import whom, and the habits a reader relies on, checked on the sources themselves.
//! It reads tokens, not behaviour: a rule here names paths, files and crates, never what they do.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test program: a broken checkout is a failure"
)]

mod habits;
mod layers;
mod rights;
mod source;

use source::Source;

/// A place where the sources leave the rules, and what to do instead.
#[derive(Debug, PartialEq, Eq)]
pub struct Violation {
    file: String,
    line: usize,
    found: String,
    remedy: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}\n    {}", self.file, self.line, self.found, self.remedy)
    }
}

fn assert_none(found: Vec<Violation>) {
    let list: Vec<String> = found.iter().map(Violation::to_string).collect();
    assert!(list.is_empty(), "{} violation(s):\n{}", list.len(), list.join("\n"));
}

fn everything() -> Vec<Source> {
    let sources = Source::all();
    assert!(
        sources.len() > 20,
        "only {} sources were found: is the walk looking there?",
        sources.len()
    );
    sources
}

#[test]
fn modules_import_only_what_their_layer_may() {
    assert_none(everything().iter().flat_map(layers::check).collect());
}

#[test]
fn files_are_short_documented_and_named_after_their_subject() {
    assert_none(everything().iter().flat_map(habits::check).collect());
}

#[test]
fn every_route_asks_for_the_right_it_needs() {
    let sources = everything();
    assert_none(sources.iter().flat_map(|source| rights::check(source, &sources)).collect());
}

#[test]
fn the_agent_and_the_collector_do_not_depend_on_each_other() {
    let manifest = |package: &str| source::read(&format!("{package}/Cargo.toml"));
    assert!(!manifest("agent").contains("atalaya-collector"), "agent must not know the collector");
    assert!(!manifest("collector").contains("atalaya-agent"), "collector must not know the agent");
    for package in ["proto", "proto/reading"] {
        assert!(!manifest(package).contains("atalaya-agent"), "{package} is below the agent");
        assert!(
            !manifest(package).contains("atalaya-collector"),
            "{package} is below the collector"
        );
    }
}

#[test]
fn no_second_tls_library_is_built() {
    assert_none(habits::banned_crates(&source::read("Cargo.lock")));
}
