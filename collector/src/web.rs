//! The web side: pages in Spanish, the JSON API, health and metrics. It reads the store and acts only
//! through `actions`; it must not hold SQL, rules or anything an agent's certificate could open.

mod assets;
mod error;
mod markup;
mod protection;
mod router;
mod sign_in;
mod since;

pub use error::Error;
pub use router::router;
