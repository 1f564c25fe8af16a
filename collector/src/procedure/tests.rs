//! The nine procedures against the manuals they come from, and walked on every branch.

mod editions;
mod manuals;
mod walks;
