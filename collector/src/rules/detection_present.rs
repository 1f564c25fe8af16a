//! Did the antivirus report unwanted software of late? None reported is not «clean».

use jiff::Timestamp;

use super::{Facts, Finding, Thresholds};

pub(super) fn ask(facts: &Facts, thresholds: &Thresholds, now: Timestamp) -> Finding {
    let Some(antivirus) = facts.antivirus().and_then(|reading| reading.known()) else {
        return Finding::unread(facts.antivirus());
    };
    if antivirus.products.is_empty() {
        return Finding::unknown("Sin antivirus no se sabe si hay software dañino.");
    }
    let horizon = now.as_second().saturating_sub(thresholds.detection_days * 86_400);
    let found = antivirus.products.iter().flat_map(|product| &product.detections);
    let recent: Vec<&str> = found
        .filter(|detection| detection.found_at.is_none_or(|at| at.as_second() >= horizon))
        .map(|detection| detection.name.as_str())
        .collect();
    match recent.as_slice() {
        [] => Finding::ok("El antivirus no ha reportado software dañino."),
        [one] => Finding::critical(format!("El antivirus reportó {one}.")),
        [first, rest @ ..] => {
            Finding::critical(format!("El antivirus reportó {first} y {} más.", rest.len()))
        }
    }
}
