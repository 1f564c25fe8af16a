//! The engine: the corrective procedure on every branch, plans over areas with their PCs, and what is taken back.

mod corrective;
mod course;
mod house;
mod replayed;
mod waits;

use super::*;
