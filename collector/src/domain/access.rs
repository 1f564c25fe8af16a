//! Who is acting: a person, a program with a token, the collector itself, or whoever holds its machine.

use super::id::{PersonId, TokenId};
use super::person::Role;

/// Who does something. Kept with every event and audit entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Someone signed in.
    Person {
        /// Who.
        id: PersonId,
        /// Name at the time.
        name: String,
        /// Role at the time.
        role: Role,
    },
    /// A program with a write token.
    Token {
        /// Which.
        id: TokenId,
        /// Its name at the time.
        name: String,
    },
    /// The collector, from readings and the clock.
    Machine,
    /// Whoever runs commands on the collector's machine.
    Console,
}

impl Actor {
    /// Name shown beside what they did.
    pub fn name(&self) -> &str {
        match self {
            Actor::Person { name, .. } | Actor::Token { name, .. } => name,
            Actor::Machine => "Atalaya",
            Actor::Console => "Consola",
        }
    }

    /// The person, if it is one.
    pub fn person(&self) -> Option<&PersonId> {
        match self {
            Actor::Person { id, .. } => Some(id),
            Actor::Token { .. } | Actor::Machine | Actor::Console => None,
        }
    }

    /// Whether a human decided it; a token acts for one.
    pub fn is_human(&self) -> bool {
        !matches!(self, Actor::Machine)
    }

    /// Whether they may record a step that the manual gives to `role`.
    pub fn may_act_as(&self, role: Role) -> bool {
        match self {
            Actor::Person { role: own, .. } => own.may_act_as(role),
            Actor::Token { .. } | Actor::Machine | Actor::Console => true,
        }
    }
}
