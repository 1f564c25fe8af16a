//! A procedure as JSON: what `/api/v1/procedures` and `procedures export --json` give. Everything the file says.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::procedure::{Field, Procedure, Step, StepKind, WordList};

/// A procedure.
#[derive(Serialize, ToSchema)]
pub struct ProcedureJson {
    /// Short name.
    code: String,
    /// Name in the manual.
    title: String,
    /// Edition.
    edition: String,
    /// Series of its folios.
    series: String,
    /// What a run of it is about: `device`, `areas`, `networks` or `request`.
    about: &'static str,
    /// Manual it comes from.
    source: String,
    /// Place in that manual.
    page: String,
    /// What it is for.
    objective: String,
    /// What it applies to.
    scope: String,
    /// What each side is answerable for.
    responsibilities: Vec<ResponsibilityJson>,
    /// What is needed to carry it out.
    supplies: Vec<String>,
    /// What it leaves done.
    results: Vec<String>,
    /// Rules the manual gives beside the steps.
    policies: Vec<String>,
    /// Law and other documents the manual rests on.
    references: Vec<String>,
    /// Most working hours of a whole run; left out: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_hours: Option<u32>,
    /// Whoever carried out `not_by` may not carry out `step`.
    four_eyes: Vec<FourEyesJson>,
    /// The checklist of each PC.
    checks: Vec<CheckJson>,
    /// Its steps, in the manual's order.
    steps: Vec<StepJson>,
}

#[derive(Serialize, ToSchema)]
struct ResponsibilityJson {
    role: &'static str,
    duties: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct FourEyesJson {
    step: String,
    not_by: String,
}

#[derive(Serialize, ToSchema)]
struct CheckJson {
    code: String,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_by: Option<&'static str>,
}

/// A step. What is left out does not hold for it.
#[derive(Serialize, ToSchema)]
struct StepJson {
    /// Number in the manual.
    no: u32,
    /// Id: the number, with a letter where a step was added.
    id: String,
    /// Who carries it out.
    role: &'static str,
    /// `action`, `question`, `restart` or `end`.
    kind: &'static str,
    /// What is to be done or asked.
    text: String,
    /// What follows; left out at an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<NextJson>,
    /// What a yes and a no are called, where not «Sí» and «No».
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<BranchJson>,
    /// How a run ends here.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    /// What the manual leaves open, or why the step was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// The question readings answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_by: Option<&'static str>,
    /// What the collector does here by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    automatic: Option<&'static str>,
    /// It gives dates to areas or networks.
    #[serde(skip_serializing_if = "is_false")]
    plans: bool,
    /// It goes through the checklist of each PC.
    #[serde(skip_serializing_if = "is_false")]
    checklist: bool,
    /// What is done with it: `visit` or `device`.
    #[serde(skip_serializing_if = "Option::is_none")]
    completes: Option<&'static str>,
    /// Evidence it asks for: `note`, `attachment`, `signature`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    needs: Vec<&'static str>,
    /// Data it asks for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<FieldJson>,
    /// What the run waits for here.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<&'static str>,
    /// The document that comes out of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<&'static str>,
    /// Most working hours it should take.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_hours: Option<u32>,
}

/// What follows a step: its id, or one for each answer.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum NextJson {
    /// After an action.
    Step(String),
    /// After a question.
    Branch(BranchJson),
    /// The run ends as rejected, and a new one may begin there.
    Restart {
        /// Where the new run begins.
        restart: String,
    },
}

#[derive(Serialize, ToSchema)]
struct BranchJson {
    /// After a yes.
    yes: String,
    /// After a no.
    no: String,
}

#[derive(Serialize, ToSchema)]
struct FieldJson {
    name: String,
    label: String,
    /// `text`, `long_text`, `date`, `number`, `email`, `url`, `choice`, `system` or `clave`.
    kind: &'static str,
    required: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<String>,
    /// Most characters.
    max: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl ProcedureJson {
    /// Everything the file says.
    pub fn new(procedure: &Procedure) -> ProcedureJson {
        let Procedure { four_eyes, checks, responsibilities, .. } = procedure;
        ProcedureJson {
            code: procedure.code.clone(),
            title: procedure.title.clone(),
            edition: procedure.edition.clone(),
            series: procedure.series.clone(),
            about: procedure.about.as_str(),
            source: procedure.source.clone(),
            page: procedure.page.clone(),
            objective: procedure.objective.clone(),
            scope: procedure.scope.clone(),
            responsibilities: responsibilities
                .iter()
                .map(|one| ResponsibilityJson {
                    role: one.role.as_str(),
                    duties: one.duties.clone(),
                })
                .collect(),
            supplies: procedure.supplies.clone(),
            results: procedure.results.clone(),
            policies: procedure.policies.clone(),
            references: procedure.references.clone(),
            limit_hours: procedure.limit_hours,
            four_eyes: four_eyes
                .iter()
                .map(|one| FourEyesJson {
                    step: one.step.to_string(),
                    not_by: one.not_by.to_string(),
                })
                .collect(),
            checks: checks
                .iter()
                .map(|one| CheckJson {
                    code: one.code.clone(),
                    text: one.text.clone(),
                    answered_by: one.answered_by.map(WordList::word),
                })
                .collect(),
            steps: procedure.steps.iter().map(StepJson::new).collect(),
        }
    }
}

impl StepJson {
    fn new(step: &Step) -> StepJson {
        let (kind, next) = match &step.kind {
            StepKind::Action { next } => ("action", Some(NextJson::Step(next.to_string()))),
            StepKind::Question { yes, no, .. } => {
                let branch = BranchJson { yes: yes.to_string(), no: no.to_string() };
                ("question", Some(NextJson::Branch(branch)))
            }
            StepKind::Restart { to } => {
                ("restart", Some(NextJson::Restart { restart: to.to_string() }))
            }
            StepKind::End { .. } => ("end", None),
        };
        let labels = match &step.kind {
            StepKind::Question { yes_label, no_label, .. }
                if yes_label.is_some() || no_label.is_some() =>
            {
                let label = |label: &Option<String>, usual: &str| {
                    label.clone().unwrap_or_else(|| usual.to_owned())
                };
                Some(BranchJson { yes: label(yes_label, "Sí"), no: label(no_label, "No") })
            }
            _ => None,
        };
        let outcome = match &step.kind {
            StepKind::End { outcome } => Some(outcome.as_str()),
            _ => None,
        };
        StepJson {
            no: step.number,
            id: step.id.to_string(),
            role: step.role.as_str(),
            kind,
            text: step.text.clone(),
            next,
            labels,
            outcome,
            note: step.note.clone(),
            answered_by: step.answered_by.map(WordList::word),
            automatic: step.auto.map(WordList::word),
            plans: step.plans,
            checklist: step.has_checklist,
            completes: step.completes.map(WordList::word),
            needs: step.needs.iter().map(|need| need.as_str()).collect(),
            fields: step.fields.iter().map(FieldJson::new).collect(),
            waits_for: step.waits_for.map(WordList::word),
            document: step.document.map(WordList::word),
            limit_hours: step.limit_hours,
        }
    }
}

impl FieldJson {
    fn new(field: &Field) -> FieldJson {
        FieldJson {
            name: field.name.clone(),
            label: field.label.clone(),
            kind: field.kind.as_str(),
            required: field.required,
            choices: field.choices.clone(),
            max: field.max,
        }
    }
}
