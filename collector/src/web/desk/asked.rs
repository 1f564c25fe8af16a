//! What the address of the Mesa de Ayuda asks for, and the address of anything that can be asked for: the one is the
//! other. A word that is not known filters nothing.

use serde::Deserialize;

use crate::domain::id::{AreaId, PersonId};
use crate::domain::person::Role;
use crate::domain::procedure::{StepId, Wait};
use crate::domain::run::Priority;
use crate::store::{Assigned, DeskFilter, DeskOrder, Timing, Which};
use crate::web::access::Viewer;
use crate::web::layout;

/// Runs of one page.
pub(in crate::web) const ROWS: u32 = 50;
/// Last page that can be asked for.
const PAGES: u32 = 200;

/// The words of the address, as they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Asked {
    /// A word of [`View::ALL`]; anything else: what is in progress.
    #[serde(rename = "ver")]
    pub view: String,
    /// Code of a procedure.
    #[serde(rename = "procedimiento")]
    pub procedure: String,
    /// Id of an area, or `-` for none.
    pub area: String,
    /// Id of a step; with a procedure only.
    #[serde(rename = "paso")]
    pub step: String,
    /// A role: whose step is waited for.
    #[serde(rename = "rol")]
    pub role: String,
    /// A priority.
    #[serde(rename = "prioridad")]
    pub priority: String,
    /// Id of a person, or `-` for nobody.
    #[serde(rename = "asignado")]
    pub assignee: String,
    /// What is waited for, a word of `Wait`; on the list of those that wait only.
    #[serde(rename = "espera")]
    pub waiting: String,
    /// Words to look for.
    #[serde(rename = "q")]
    pub text: String,
    /// `vence`, `actividad` or `antiguedad`; anything else: by urgency.
    #[serde(rename = "orden")]
    pub order: String,
    /// 1 for the first page.
    #[serde(rename = "pagina")]
    pub page: String,
}

/// The lists one can choose between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum View {
    /// Everything that is not over.
    Open,
    /// In my hands.
    Mine,
    /// In the hands of others.
    Others,
    /// In nobody's hands.
    Unassigned,
    /// Beyond a deadline.
    Overdue,
    /// Before it.
    OnTime,
    /// Without one.
    Unlimited,
    /// Waiting for somebody else.
    Paused,
    /// Over.
    Closed,
    /// Over or not.
    All,
}

impl View {
    const ALL: [(View, &'static str); 10] = [
        (View::Open, ""),
        (View::Mine, "mios"),
        (View::Others, "otros"),
        (View::Unassigned, "sin-asignar"),
        (View::Overdue, "vencidos"),
        (View::OnTime, "en-plazo"),
        (View::Unlimited, "sin-plazo"),
        (View::Paused, "esperando"),
        (View::Closed, "terminados"),
        (View::All, "todos"),
    ];

    /// The word in the address.
    pub fn word(self) -> &'static str {
        View::ALL.iter().find(|(view, _)| *view == self).map_or("", |(_, word)| word)
    }
}

impl Asked {
    /// The list it asks for.
    pub fn view(&self) -> View {
        let found = View::ALL.iter().find(|(_, word)| *word == self.view);
        found.map_or(View::Open, |(view, _)| *view)
    }

    /// The page it asks for, 1 being the first.
    pub fn page(&self) -> u32 {
        self.page.parse().unwrap_or(1).clamp(1, PAGES)
    }

    /// Whether it lets everything of its list through.
    pub fn is_unfiltered(&self) -> bool {
        *self == Asked { view: self.view.clone(), page: self.page.clone(), ..Asked::default() }
    }

    /// Its address.
    pub fn address(&self) -> String {
        self.address_of("/mesa")
    }

    /// The same for another path.
    pub fn address_of(&self, path: &str) -> String {
        let page = if self.page() > 1 { self.page.as_str() } else { "" };
        let parameters = [
            ("ver", self.view.as_str()),
            ("procedimiento", &self.procedure),
            ("area", &self.area),
            ("paso", &self.step),
            ("rol", &self.role),
            ("prioridad", &self.priority),
            ("asignado", &self.assignee),
            ("espera", &self.waiting),
            ("q", &self.text),
            ("orden", &self.order),
            ("pagina", page),
        ];
        layout::address(path, &parameters)
    }

    /// The same filter on another list, from its first page.
    pub fn on(&self, view: View) -> Asked {
        let waiting = if view == View::Paused { self.waiting.clone() } else { String::new() };
        Asked { view: view.word().into(), page: String::new(), waiting, ..self.clone() }
    }

    /// What the store is asked for whoever looks.
    pub fn filter(&self, viewer: &Viewer) -> DeskFilter {
        let me = &viewer.person.id;
        let view = self.view();
        let timing = match view {
            View::Overdue => Some(Timing::Overdue),
            View::OnTime => Some(Timing::OnTime),
            View::Unlimited => Some(Timing::Unlimited),
            View::Paused => Some(Timing::Paused),
            _ => None,
        };
        let mut filter = self.without_view(viewer);
        filter.assigned.extend(match view {
            View::Mine => Some(Assigned::To(me.clone())),
            View::Others => Some(Assigned::ToOthers(me.clone())),
            View::Unassigned => Some(Assigned::ToNobody),
            _ => None,
        });
        DeskFilter {
            which: match view {
                View::Closed => Which::Closed,
                View::All => Which::All,
                _ => Which::Open,
            },
            timing,
            waiting: Wait::parse(&self.waiting).filter(|_| view == View::Paused),
            ..filter
        }
    }

    /// The same for all lists: what the counters count by.
    pub fn without_view(&self, viewer: &Viewer) -> DeskFilter {
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        let procedure = some(&self.procedure);
        DeskFilter {
            sight: viewer.sight.clone(),
            area: some(&self.area).map(|id| (id != "-").then(|| AreaId::new(id))),
            step: some(&self.step).filter(|_| procedure.is_some()).map(StepId::new),
            procedure,
            role: Role::parse(&self.role),
            priority: Priority::parse(&self.priority),
            assigned: match self.assignee.as_str() {
                "" => Vec::new(),
                "-" => vec![Assigned::ToNobody],
                id => vec![Assigned::To(PersonId::new(id))],
            },
            words: DeskFilter::words_of(&self.text),
            order: match self.order.as_str() {
                "vence" => DeskOrder::Due,
                "actividad" => DeskOrder::Activity,
                "antiguedad" => DeskOrder::Age,
                _ => DeskOrder::Urgency,
            },
            offset: (self.page() - 1) * ROWS,
            limit: ROWS,
            ..DeskFilter::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::person::{Person, Roles};
    use crate::store::Sight;

    fn me() -> Viewer {
        let roles = Roles::of(Role::Technician);
        let person = Person::new(PersonId::new("yo"), "yo", "Yo", roles);
        Viewer { person, sight: Sight::All }
    }

    #[test]
    fn what_an_address_says_is_what_its_filter_asks_and_back() {
        let asked = Asked {
            view: "vencidos".into(),
            procedure: "corrective".into(),
            step: "5a".into(),
            area: "-".into(),
            text: "Tesorería & más".into(),
            page: "3".into(),
            ..Asked::default()
        };
        let expected = "/mesa?ver=vencidos&procedimiento=corrective&area=-&paso=5a\
                        &q=Tesorer%C3%ADa+%26+m%C3%A1s&pagina=3";
        assert_eq!(asked.address(), expected);
        let filter = asked.filter(&me());
        assert_eq!((filter.timing, filter.area.clone()), (Some(Timing::Overdue), Some(None)));
        assert_eq!((filter.offset, filter.words.len()), (100, 3));
        assert_eq!(asked.on(View::Mine).address().find("pagina"), None);
    }

    #[test]
    fn rubbish_in_an_address_filters_nothing() {
        let asked = Asked {
            view: "'; DROP TABLE run".into(),
            role: "jefe".into(),
            priority: "11".into(),
            waiting: "x".into(),
            step: "3".into(),
            page: "-4".into(),
            ..Asked::default()
        };
        let expected = DeskFilter { limit: ROWS, ..DeskFilter::default() };
        assert_eq!(asked.filter(&me()), expected);
        assert_eq!(Asked { page: "99999999999".into(), ..Asked::default() }.page(), 1);
        assert_eq!(Asked { page: "5000".into(), ..Asked::default() }.page(), PAGES);
    }

    #[test]
    fn a_list_and_a_filter_both_hold() {
        let asked = Asked { view: "mios".into(), assignee: "otra".into(), ..Asked::default() };
        let filter = asked.filter(&me());
        let (yo, otra) = (PersonId::new("yo"), PersonId::new("otra"));
        assert_eq!(filter.assigned, [Assigned::To(otra), Assigned::To(yo)]);
        let asked = Asked { view: "mios".into(), waiting: "provider".into(), ..Asked::default() };
        assert_eq!(asked.filter(&me()).waiting, None);
    }
}
