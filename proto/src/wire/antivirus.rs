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
        signatures_stale: product.signatures_stale,
        updater_running: product.updater_running,
        last_scan_at_us: product.last_scan_at.map(Timestamp::as_microsecond),
        expired: product.expired,
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
        signatures_stale: message.signatures_stale,
        updater_running: message.updater_running,
        last_scan_at: some_instant(message.last_scan_at_us),
        expired: message.expired,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_arrives_as_it_was_sent() {
        let at = |text: &str| text.parse::<Timestamp>().ok();
        let product = AntivirusProduct {
            name: "ESET".into(),
            running: Some(true),
            real_time: Some(false),
            signatures_at: at("2026-11-20T08:00:00Z"),
            signatures_age_days: Some(2),
            signatures_stale: Some(true),
            updater_running: Some(false),
            last_scan_at: at("2026-11-19T03:10:00Z"),
            expired: Some(true),
            ..AntivirusProduct::default()
        };
        let sent = Antivirus { products: vec![product] };
        let taken_at = at("2026-11-22T09:00:00Z").unwrap();
        assert_eq!(read((&sent).into(), taken_at), Ok(sent));
        let unknown = Antivirus { products: vec![AntivirusProduct::default()] };
        assert_eq!(read((&unknown).into(), taken_at), Ok(unknown), "unknown stays unknown");
    }
}
