//! Offices, the places they are in, and which ports their PCs may open.

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

/// A port the PCs of an area (or of all areas) may listen on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PermittedPort {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Port number.
    pub port: u16,
}
