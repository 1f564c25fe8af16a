//! The web side: pages in Spanish, the JSON API, health and metrics. It reads the store and acts only
//! through `actions`; it must not hold SQL, rules or anything an agent's certificate could open.

mod access;
mod alerts;
mod api;
mod areas;
mod assets;
mod attachments;
mod audit;
mod desk;
mod device;
mod error;
mod fields;
mod fleet;
mod fleet_view;
mod flow;
mod health;
mod identity;
mod layout;
mod live;
mod mail;
mod markup;
mod networks;
mod new_run;
mod own_account;
mod people;
mod portal;
mod procedures;
mod protection;
mod router;
mod run;
mod serve;
mod sign_in;
mod signing;
mod since;
mod state;
mod today;
mod units;
mod upload;
mod words;

pub use api::ProcedureJson;
pub use error::Error;
pub use serve::serve;
pub use state::{Settings, Web};

#[cfg(test)]
mod tests;
