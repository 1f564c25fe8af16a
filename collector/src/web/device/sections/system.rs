//! The machine and its system on the sheet.

use crate::domain::reading::System;

/// The system as shown.
pub struct SystemView {
    /// What was read.
    pub system: System,
    /// Memory in use, thousandths.
    pub memory_permille: Option<u32>,
    /// Not at the time of central Mexico.
    pub odd_offset: Option<String>,
}

impl SystemView {
    pub(super) fn new(system: System) -> Self {
        let memory_permille =
            system.memory_used_bytes.zip(system.memory_total_bytes).and_then(|(used, total)| {
                let permille =
                    (u128::from(used.min(total)) * 1000).checked_div(u128::from(total))?;
                u32::try_from(permille).ok()
            });
        let odd_offset =
            system.utc_offset_minutes.filter(|minutes| *minutes != -360).map(|minutes| {
                let sign = if minutes < 0 { '−' } else { '+' };
                format!(
                    "UTC{sign}{}:{:02}",
                    minutes.unsigned_abs() / 60,
                    minutes.unsigned_abs() % 60
                )
            });
        SystemView { memory_permille, odd_offset, system }
    }
}
