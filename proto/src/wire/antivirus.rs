//! Antivirus: readings to messages and back.

use atalaya_reading::{Antivirus, AntivirusProduct, Detection, bounds};
use jiff::Timestamp;

use super::{Malformed, at_most, cut, some_instant, some_text};
use crate::v1;

impl From<&Antivirus> for v1::Antivirus {
    fn from(value: &Antivirus) -> Self {
        let products = value.products.iter().take(bounds::PRODUCTS).map(product).collect();
        v1::Antivirus { products }
    }
}

fn product(product: &AntivirusProduct) -> v1::AntivirusProduct {
    v1::AntivirusProduct {
        name: bounds::text(&product.name, bounds::TEXT),
        version: cut(&product.version),
        running: product.running,
        real_time: product.real_time,
        signatures_at_us: product.signatures_at.map(Timestamp::as_microsecond),
        detections: product.detections.iter().take(bounds::DETECTIONS).map(detection).collect(),
    }
}

fn detection(detection: &Detection) -> v1::Detection {
    v1::Detection {
        name: bounds::text(&detection.name, bounds::TEXT),
        path: cut(&detection.path),
        found_at_us: detection.found_at.map(Timestamp::as_microsecond),
        action: cut(&detection.action),
    }
}

/// The age of signatures is counted anew, from when the reading was taken.
pub(super) fn read(message: v1::Antivirus, taken_at: Timestamp) -> Result<Antivirus, Malformed> {
    let products = at_most("antivirus.products", message.products, bounds::PRODUCTS)?
        .into_iter()
        .map(|product| read_product(product, taken_at))
        .collect::<Result<_, _>>()?;
    Ok(Antivirus { products })
}

fn read_product(
    message: v1::AntivirusProduct,
    at: Timestamp,
) -> Result<AntivirusProduct, Malformed> {
    let detections = at_most("antivirus.detections", message.detections, bounds::DETECTIONS)?;
    let mut product = AntivirusProduct {
        name: bounds::text(&message.name, bounds::TEXT),
        version: some_text(&message.version),
        running: message.running,
        real_time: message.real_time,
        signatures_at: some_instant(message.signatures_at_us),
        signatures_age_days: None,
        detections: detections
            .into_iter()
            .map(|detection| Detection {
                name: bounds::text(&detection.name, bounds::TEXT),
                path: some_text(&detection.path),
                found_at: some_instant(detection.found_at_us),
                action: some_text(&detection.action),
            })
            .collect(),
    };
    product.set_signatures_age(at);
    Ok(product)
}
