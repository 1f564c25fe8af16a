//! The sample municipality: three sites, eight areas. Names only; no PC is made here.

/// A building and the network its PCs share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Site {
    /// As people call it.
    pub name: &'static str,
    /// Third byte of its network 10.20.x.0/24.
    pub network: u8,
}

/// An office.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// As people call it.
    pub name: &'static str,
    /// What its PCs' names begin with.
    pub prefix: &'static str,
    /// Where it is.
    pub site: Site,
}

const PALACE: Site = Site { name: "Palacio Municipal", network: 10 };
const SERVICES: Site = Site { name: "Unidad de Servicios Públicos", network: 20 };
const DIF: Site = Site { name: "Sistema Municipal DIF", network: 30 };

/// The eight areas.
pub const AREAS: [Area; 8] = [
    Area { name: "Presidencia Municipal", prefix: "PRES", site: PALACE },
    Area { name: "Tesorería", prefix: "TESO", site: PALACE },
    Area { name: "Secretaría del Ayuntamiento", prefix: "SECR", site: PALACE },
    Area { name: "Registro Civil", prefix: "RCIV", site: PALACE },
    Area { name: "Catastro", prefix: "CATA", site: SERVICES },
    Area { name: "Obras Públicas", prefix: "OBRA", site: SERVICES },
    Area { name: "Atención a la Niñez", prefix: "NINE", site: DIF },
    Area { name: "Unidad Médica", prefix: "MEDI", site: DIF },
];

/// The area of the PC of that number: areas fill evenly.
pub fn area_of(number: u32) -> Area {
    AREAS[number as usize % AREAS.len()]
}
