//! Every route of the web side on one screen, and the layers around all of them.

use axum::Router;

use super::{assets, protection};

/// The web side as a service.
pub fn router() -> Router {
    let pages = Router::new().merge(assets::router());
    protection::around(pages)
}
