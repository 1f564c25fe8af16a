//! What watching costs the PC: duration and processor of each reading.

use std::collections::HashMap;

use crate::domain::reading::{Section, SectionKind};
use crate::store::SectionRow;
use crate::web::{units, words};

/// What taking one reading cost.
pub struct CostView {
    /// Name of the section.
    pub name: &'static str,
    /// From the question to the answer.
    pub took: String,
    /// Processor time, its programs included.
    pub cpu: String,
}

/// The cost of every section that tells it, in the order they are shown.
pub fn of(stored: &HashMap<SectionKind, SectionRow>) -> Vec<CostView> {
    let told = SectionKind::ALL.iter().filter_map(|kind| {
        let cost = stored.get(kind).map(|row| &row.section).and_then(Section::cost)?;
        let ms = |us: u64| units::ms(&Some(us as f64 / 1_000.0));
        Some(CostView {
            name: words::section(*kind).0,
            took: ms(cost.took_us),
            cpu: cost.cpu_us.map_or_else(|| "desconocido".into(), ms),
        })
    });
    told.collect()
}
