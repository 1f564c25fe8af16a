//! What taking a reading cost the PC.

use serde::{Deserialize, Serialize};

/// Time a reading took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Microseconds from the question to the answer.
    pub took_us: u64,
    /// Microseconds of processor, of the probe and the programs it ran. `None`: the system does not tell.
    #[serde(default)]
    pub cpu_us: Option<u64>,
}
