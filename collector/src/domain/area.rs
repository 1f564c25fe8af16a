//! Offices and the places they are in.

use super::id::{AreaId, SiteId};

/// An administrative area: an office that has PCs and people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Identity.
    pub id: AreaId,
    /// Name, unique.
    pub name: String,
    /// Where it is.
    pub site: Option<SiteId>,
    /// Part of the removable sample municipality.
    pub sample: bool,
}
