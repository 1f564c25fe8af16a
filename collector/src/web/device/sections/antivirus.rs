//! Antivirus products on the sheet.

use crate::domain::reading::{Antivirus, AntivirusProduct};
use crate::web::markup::Look;
use crate::web::words;

/// Antivirus products as shown.
pub struct AntivirusView {
    /// Each product.
    pub products: Vec<ProductView>,
}

/// One product.
pub struct ProductView {
    /// What was read.
    pub product: AntivirusProduct,
    /// Whether its service runs.
    pub running: Look,
    /// Whether files are checked as they are opened.
    pub real_time: Look,
    /// Whether what fetches its signatures runs.
    pub updater: Look,
    /// Whether its licence holds; `None`: it says nothing of one.
    pub licence: Option<Look>,
}

impl AntivirusView {
    pub(super) fn new(value: Antivirus) -> Self {
        let product = |product: AntivirusProduct| ProductView {
            running: words::good(product.running, "En marcha", "Detenido"),
            real_time: words::protection(product.real_time),
            updater: words::good(product.updater_running, "En marcha", "Detenido"),
            licence: product.expired.map(words::licence),
            product,
        };
        AntivirusView { products: value.products.into_iter().map(product).collect() }
    }
}
