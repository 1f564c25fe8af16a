//! One ATA attribute and the figure hidden in its raw value, which makers pack each in their own way.

use serde::Deserialize;

/// A row of the attribute table.
#[derive(Debug, Deserialize)]
pub struct Attribute {
    /// 5 is Reallocated_Sector_Ct, and so on.
    pub id: u8,
    /// As smartctl's database calls it.
    #[serde(default)]
    pub name: String,
    /// Normalised by the maker; falls as it gets worse.
    pub value: Option<u32>,
    /// The worst `value` ever was.
    pub worst: Option<u32>,
    /// The maker's own limit for `value`.
    pub thresh: Option<u32>,
    /// `now`, `past` or empty: whether `value` was at its limit.
    #[serde(default)]
    pub when_failed: String,
    /// What kind of attribute it is.
    #[serde(default)]
    pub flags: Flags,
    /// The figure itself.
    #[serde(default)]
    pub raw: Raw,
}

/// Flags of an attribute.
#[derive(Debug, Default, Deserialize)]
pub struct Flags {
    /// At its limit it foretells a failure, not just age.
    #[serde(default)]
    pub prefailure: bool,
}

/// The raw value in both forms.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Raw {
    value: u64,
    string: String,
}

impl Attribute {
    /// The counter within the raw value: smartctl's database knows the maker's way and prints it first; what it
    /// prints without knowing is cut to the low words, as makers keep other counters in the high ones.
    pub fn count(&self) -> u64 {
        let digits: String = self.raw.string.chars().take_while(char::is_ascii_digit).collect();
        let printed: u64 = digits.parse().unwrap_or(self.raw.value);
        if printed > u64::from(u32::MAX) { printed & 0xffff } else { printed }
    }

    /// Number and name, as every tool prints them.
    pub fn label(&self) -> String {
        let name = atalaya_reading::bounds::text(&self.name, 64);
        format!("{} {name}", self.id)
    }
}
