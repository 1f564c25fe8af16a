//! Installed software on the sheet: how much there is of it. The list has a page of its own.

use std::collections::BTreeMap;

use crate::domain::reading::Software;
use crate::web::words;

/// Installed software as shown.
pub struct SoftwareView {
    /// Programs listed.
    pub listed: usize,
    /// Programs beyond the list.
    pub left_out: u32,
    /// How many each list names.
    pub sources: Vec<(&'static str, usize)>,
}

impl SoftwareView {
    pub(super) fn new(software: Software) -> Self {
        let mut counts = BTreeMap::new();
        for program in &software.programs {
            *counts.entry(program.source).or_insert(0) += 1;
        }
        SoftwareView {
            listed: software.programs.len(),
            left_out: software.left_out,
            sources: counts
                .into_iter()
                .map(|(source, count)| (words::program_source(source), count))
                .collect(),
        }
    }
}
