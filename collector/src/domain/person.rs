//! People who sign in, their roles and areas, and programs that hold a token.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::id::{AreaId, PersonId, TokenId};

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

/// The roles one person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Roles(u8);

impl Roles {
    /// No role at all.
    pub const NONE: Roles = Roles(0);

    /// One role.
    pub fn of(role: Role) -> Roles {
        Roles(1 << role as u8)
    }

    /// With another role.
    pub fn with(self, role: Role) -> Roles {
        Roles(self.0 | Roles::of(role).0)
    }

    /// Without a role.
    pub fn without(self, role: Role) -> Roles {
        Roles(self.0 & !Roles::of(role).0)
    }

    /// Whether it is one of them.
    pub fn has(self, role: Role) -> bool {
        self.0 & Roles::of(role).0 != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, in the order of [`Role::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }

    /// The one named first where a single one is shown; `None`: there is none.
    pub fn first(self) -> Option<Role> {
        self.iter().next()
    }

    /// In which of them a step of `step` is recorded: that very role, else one that stands in for it; `None`: in none.
    pub fn acting_as(self, step: Role) -> Option<Role> {
        let own = self.has(step).then_some(step);
        own.or_else(|| self.iter().find(|role| role.may_act_as(step)))
    }

    /// Whether someone with these roles may record a step that the manual gives to `step`.
    pub fn may_act_as(self, step: Role) -> bool {
        self.acting_as(step).is_some()
    }

    /// As people read them, e.g. `Titular de TIC, Ventanilla`; empty for none.
    pub fn titles(self) -> String {
        self.iter().map(Role::title).collect::<Vec<_>>().join(", ")
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Roles {
        roles.into_iter().fold(Roles::NONE, Roles::with)
    }
}

/// Of which areas somebody sees and moves the runs and devices.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Areas {
    /// Of all, and of what belongs to none.
    #[default]
    All,
    /// Of these only; of nothing when the last of them was taken away.
    Only(BTreeSet<AreaId>),
}

impl Areas {
    /// These; none means all.
    pub fn only(areas: impl IntoIterator<Item = AreaId>) -> Areas {
        let areas: BTreeSet<AreaId> = areas.into_iter().collect();
        if areas.is_empty() { Areas::All } else { Areas::Only(areas) }
    }

    /// Whether what belongs to `area` is theirs; `None`: it belongs to no area.
    pub fn cover(&self, area: Option<&AreaId>) -> bool {
        match self {
            Areas::All => true,
            Areas::Only(areas) => area.is_some_and(|area| areas.contains(area)),
        }
    }

    /// Each of them; nothing where it is all.
    pub fn iter(&self) -> impl Iterator<Item = &AreaId> {
        let only = match self {
            Areas::All => None,
            Areas::Only(areas) => Some(areas),
        };
        only.into_iter().flatten()
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
    pub roles: Roles,
    /// Where they do it.
    pub areas: Areas,
    /// Where notices go; `None`: not known.
    pub email: Option<String>,
    /// Digits as people dial them, with an extension perhaps; `None`: not known.
    pub phone: Option<String>,
    /// Unit they belong to, as letters name it; `None`: not known.
    pub unit: Option<String>,
    /// Their post, as letters name it; `None`: not known.
    pub post: Option<String>,
    /// May administer the collector.
    pub administrator: bool,
    /// When they were shut out.
    pub disabled_at: Option<Timestamp>,
}

impl Person {
    /// Somebody of whom only this is known, in all areas.
    pub fn new(
        id: PersonId,
        login: impl Into<String>,
        name: impl Into<String>,
        roles: Roles,
    ) -> Person {
        Person {
            id,
            login: login.into(),
            name: name.into(),
            roles,
            areas: Areas::All,
            email: None,
            phone: None,
            unit: None,
            post: None,
            administrator: false,
            disabled_at: None,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_recorded_in_its_own_role_before_one_that_stands_in() {
        let roles: Roles = [Role::Technician, Role::FrontDesk, Role::Head].into_iter().collect();
        assert_eq!(roles.acting_as(Role::Technician), Some(Role::Technician));
        assert_eq!(roles.acting_as(Role::FrontDesk), Some(Role::FrontDesk));
        assert_eq!(roles.acting_as(Role::Requester), Some(Role::Head), "stands in");
        assert_eq!(roles.acting_as(Role::SystemsOfficer), None);
        assert!(!Roles::NONE.may_act_as(Role::Requester));
        assert_eq!(roles.without(Role::Head).first(), Some(Role::Technician));
        assert_eq!(Role::ALL.into_iter().collect::<Roles>().iter().count(), Role::ALL.len());
    }

    #[test]
    fn whoever_has_no_areas_has_them_all_and_others_only_theirs() {
        let (own, other) = (AreaId::new("a"), AreaId::new("b"));
        assert_eq!(Areas::only([]), Areas::All);
        assert!(Areas::All.cover(None) && Areas::All.cover(Some(&own)));
        let only = Areas::only([own.clone()]);
        assert!(only.cover(Some(&own)) && !only.cover(Some(&other)) && !only.cover(None));
    }
}
