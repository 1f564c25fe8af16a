//! Types and rules of the field: what a device, an alert, a procedure and a run are. No IO, no clock, no SQL.
//!
//! Imports std, time types and the reading vocabulary only. Types here do not derive `Serialize`: edges own
//! their formats.

pub mod access;
pub mod action;
pub mod address_check;
pub mod alert;
pub mod area;
pub mod attachment;
pub mod device;
pub mod edition;
pub mod enrolment;
pub mod firewall_policy;
pub mod id;
pub mod identity;
pub mod ledger;
pub mod likeness;
pub mod mail;
pub mod network;
pub mod network_device;
pub mod notice;
pub mod outage;
pub mod particulars;
pub mod person;
pub mod portal;
pub mod procedure;
pub mod proposal;
pub mod release;
pub mod run;
pub mod signature;
pub mod text;
pub mod working_time;

pub use atalaya_reading as reading;
