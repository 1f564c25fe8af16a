//! What the end-to-end tests and the benchmarks share. Nothing of this ships.

pub mod fixture;
pub mod simulator;
