//! Finds nonsense in a procedure that reads: jumps to nowhere, steps nobody reaches, no way to an end, and parts that
//! do not fit together. One file a subject: the way through the steps, what the system does by itself, what is asked.

mod asked;
mod automatic;
mod way;

use super::fault::{Fault, Place};
use crate::domain::procedure::{Procedure, Step};

/// Everything wrong with a procedure; nothing for a sound one.
pub fn check(procedure: &Procedure) -> Vec<Fault> {
    let mut faults = Vec::new();
    way::check(procedure, &mut faults);
    automatic::check(procedure, &mut faults);
    asked::check(procedure, &mut faults);
    faults
}

fn at(step: &Step) -> Place {
    Place::Step(step.id.clone())
}
