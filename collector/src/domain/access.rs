//! Who is acting: a person, a program with a token, somebody without an account, the collector itself, or whoever
//! holds its machine.

use super::id::{AreaId, PersonId, TokenId};
use super::person::{Areas, Person, Role, Roles};

/// Who must have a second factor to sign in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TotpRule {
    /// Nobody; whoever wants one has one.
    #[default]
    Nobody,
    /// Whoever administers.
    Administrators,
    /// Everybody.
    Everybody,
}

impl TotpRule {
    /// Whether this person must.
    pub fn holds_for(self, person: &Person) -> bool {
        match self {
            TotpRule::Nobody => false,
            TotpRule::Administrators => person.administrator,
            TotpRule::Everybody => true,
        }
    }
}

/// Who does something. Kept with every event and audit entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Someone signed in.
    Person {
        /// Who.
        id: PersonId,
        /// Name at the time.
        name: String,
        /// Roles at the time; of a step that was carried out, the one it was done in.
        roles: Roles,
        /// Areas at the time.
        areas: Areas,
    },
    /// A program with a write token.
    Token {
        /// Which.
        id: TokenId,
        /// Its name at the time.
        name: String,
    },
    /// Somebody without an account: by the public portal, or by a link to sign.
    Guest {
        /// Name as they gave it.
        name: String,
        /// The one role they act in.
        role: Role,
    },
    /// The collector, from readings and the clock.
    Machine,
    /// Whoever runs commands on the collector's machine.
    Console,
}

impl Actor {
    /// Somebody who may act in all their roles and areas.
    pub fn of(person: &Person) -> Actor {
        Actor::Person {
            id: person.id.clone(),
            name: person.name.clone(),
            roles: person.roles,
            areas: person.areas.clone(),
        }
    }

    /// Name shown beside what they did.
    pub fn name(&self) -> &str {
        match self {
            Actor::Person { name, .. } | Actor::Token { name, .. } | Actor::Guest { name, .. } => {
                name
            }
            Actor::Machine => "Atalaya",
            Actor::Console => "Consola",
        }
    }

    /// The person, if it is one.
    pub fn person(&self) -> Option<&PersonId> {
        match self {
            Actor::Person { id, .. } => Some(id),
            Actor::Token { .. } | Actor::Guest { .. } | Actor::Machine | Actor::Console => None,
        }
    }

    /// Whether a human decided it; a token acts for one.
    pub fn is_human(&self) -> bool {
        !matches!(self, Actor::Machine)
    }

    /// Whether they may record a step that the manual gives to `role`.
    pub fn may_act_as(&self, role: Role) -> bool {
        match self {
            Actor::Person { roles, .. } => roles.may_act_as(role),
            Actor::Guest { role: own, .. } => *own == role,
            Actor::Token { .. } | Actor::Machine | Actor::Console => true,
        }
    }

    /// The same with that one role only in which a step of `role` is carried out: so it is recorded. Whoever may not
    /// carry it out stays as they are.
    #[must_use]
    pub fn acting_as(&self, role: Role) -> Actor {
        match self {
            Actor::Person { id, name, roles, areas } => Actor::Person {
                id: id.clone(),
                name: name.clone(),
                roles: roles.acting_as(role).map_or(*roles, Roles::of),
                areas: areas.clone(),
            },
            other => other.clone(),
        }
    }

    /// Whether what belongs to `area` is theirs; `None`: it belongs to no area.
    pub fn covers(&self, area: Option<&AreaId>) -> bool {
        match self {
            Actor::Person { areas, .. } => areas.cover(area),
            // What they hold, a code or a link, is for one run.
            Actor::Token { .. } | Actor::Guest { .. } | Actor::Machine | Actor::Console => true,
        }
    }

    /// The word of the role in which their act is recorded: the first of their roles, `none` without one, or what they
    /// are if they are no person.
    pub fn role_word(&self) -> &'static str {
        match self {
            Actor::Person { roles, .. } => roles.first().map_or("none", Role::as_str),
            Actor::Guest { role, .. } => role.as_str(),
            Actor::Token { .. } => "token",
            Actor::Machine => "machine",
            Actor::Console => "console",
        }
    }
}
