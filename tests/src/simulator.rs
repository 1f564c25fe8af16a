//! A made-up municipality whose PCs speak the real protocol through the real intake.
//!
//! Everything a PC says follows from a seed, its number and the time. Nothing here knows the collector.

pub mod codes;
pub mod credentials;
pub mod fleet;
pub mod illness;
mod inventory;
pub mod load;
pub mod municipality;
pub mod pc;
mod reading;
pub mod spool;
pub mod uplink;
