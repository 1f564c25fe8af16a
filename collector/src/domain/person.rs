//! People who sign in, and programs that hold a token.

use jiff::Timestamp;

use super::id::{PersonId, TokenId};

/// Who carries a step out; the roles of both manuals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Head of the IT unit.
    Head,
    /// Technician; does the head's steps by delegation.
    Technician,
    /// Reception desk.
    FrontDesk,
    /// Reviews and hands over.
    AccessAnalyst,
    /// Carries account movements out.
    SystemsOfficer,
    /// Verifies and signs account movements.
    SystemsAdministrator,
    /// Head of a unit that asks.
    UnitHead,
    /// Public servant who asks for help.
    Requester,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 8] = [
        Role::Head,
        Role::Technician,
        Role::FrontDesk,
        Role::AccessAnalyst,
        Role::SystemsOfficer,
        Role::SystemsAdministrator,
        Role::UnitHead,
        Role::Requester,
    ];

    /// The word in procedure files, SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Head => "head",
            Role::Technician => "technician",
            Role::FrontDesk => "front_desk",
            Role::AccessAnalyst => "access_analyst",
            Role::SystemsOfficer => "systems_officer",
            Role::SystemsAdministrator => "systems_administrator",
            Role::UnitHead => "unit_head",
            Role::Requester => "requester",
        }
    }

    /// As people read it.
    pub fn title(self) -> &'static str {
        match self {
            Role::Head => "Titular de TIC",
            Role::Technician => "Técnica o técnico",
            Role::FrontDesk => "Ventanilla",
            Role::AccessAnalyst => "Analista de acceso",
            Role::SystemsOfficer => "Responsable de los sistemas",
            Role::SystemsAdministrator => "Administración de los sistemas",
            Role::UnitHead => "Titular de la unidad",
            Role::Requester => "Persona solicitante",
        }
    }

    /// The role of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Role::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether someone of this role may record a step that the manual gives to `step`.
    ///
    /// The unit is small: its head and technicians stand in for each other and record what a requester did in
    /// front of them; whoever did it is in the event.
    pub fn may_act_as(self, step: Role) -> bool {
        match self {
            Role::Head | Role::Technician => {
                matches!(step, Role::Head | Role::Technician | Role::Requester | Role::UnitHead)
            }
            other => other == step,
        }
    }
}

/// Someone who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Identity.
    pub id: PersonId,
    /// What they type to sign in; lower case, unique.
    pub login: String,
    /// Full name.
    pub name: String,
    /// What they do.
    pub role: Role,
    /// May administer the collector.
    pub administrator: bool,
    /// When they were shut out.
    pub disabled_at: Option<Timestamp>,
}

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Look.
    Read,
    /// Look and act.
    Write,
}

impl Scope {
    /// The word in SQL and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Write => "write",
        }
    }

    /// The scope of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Scope::Read, Scope::Write].into_iter().find(|scope| scope.as_str() == word)
    }
}

/// An API token as the store knows it: without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Identity.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// When it was shut out.
    pub revoked_at: Option<Timestamp>,
}
