//! TOML to types. The format of procedure files is here and nowhere else.

use serde::Deserialize;

use super::check;
use crate::domain::person::Role;
use crate::domain::procedure::{
    About, Auto, Check, Cursor, Document, Field, FieldKind, FourEyes, Need, Procedure, Question,
    Responsibility, Step, StepId, StepKind, Wait,
};
use crate::domain::run::Outcome;

/// Why a procedure file is refused.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    /// It is not TOML, or has a key that procedure files do not have.
    #[error("{file}: {error}")]
    Syntax {
        /// Name of the file.
        file: String,
        /// Where and what.
        error: toml::de::Error,
    },
    /// A step says something nobody understands.
    #[error("{file}: step {step}: {why}")]
    Step {
        /// Name of the file.
        file: String,
        /// Number of the step.
        step: String,
        /// What is wrong.
        why: String,
    },
    /// It reads, but leads nowhere.
    #[error("{file}: {}", .faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Nonsense {
        /// Name of the file.
        file: String,
        /// What is wrong.
        faults: Vec<check::Fault>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProcedureFile {
    code: String,
    title: String,
    edition: String,
    series: String,
    source: String,
    #[serde(default)]
    page: String,
    objective: String,
    scope: String,
    about: About,
    #[serde(default)]
    supplies: Vec<String>,
    #[serde(default)]
    results: Vec<String>,
    #[serde(default)]
    policies: Vec<String>,
    #[serde(default)]
    references: Vec<String>,
    limit_hours: Option<u32>,
    #[serde(default)]
    responsibility: Vec<ResponsibilityFile>,
    #[serde(default)]
    four_eyes: Vec<FourEyesFile>,
    #[serde(default)]
    check: Vec<CheckFile>,
    step: Vec<StepFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResponsibilityFile {
    role: String,
    duties: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FourEyesFile {
    step: StepId,
    not_by: StepId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckFile {
    code: String,
    text: String,
    answered_by: Option<Question>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepFile {
    number: u32,
    #[serde(default)]
    letter: String,
    role: String,
    text: String,
    note: Option<String>,
    next: Option<StepId>,
    yes: Option<StepId>,
    no: Option<StepId>,
    yes_label: Option<String>,
    no_label: Option<String>,
    restart: Option<StepId>,
    #[serde(default)]
    end: bool,
    outcome: Option<Outcome>,
    answered_by: Option<Question>,
    decided_by: Option<Auto>,
    takes: Option<Auto>,
    #[serde(default)]
    plans: bool,
    completes: Option<Cursor>,
    #[serde(default)]
    checklist: bool,
    #[serde(default)]
    needs: Vec<Need>,
    #[serde(default)]
    field: Vec<FieldFile>,
    waits_for: Option<Wait>,
    document: Option<Document>,
    limit_hours: Option<u32>,
    #[serde(default)]
    notify: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldFile {
    name: String,
    label: String,
    kind: FieldKind,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    choices: Vec<String>,
    max: Option<u32>,
}

/// Most characters of a field whose file does not say.
const FIELD_CHARACTERS: u32 = 500;

/// Reads a procedure file and checks it.
///
/// # Errors
/// Names the file and what is wrong with it.
pub fn parse(file: &str, text: &str) -> Result<Procedure, BadFile> {
    let syntax = |error| BadFile::Syntax { file: file.to_owned(), error };
    let read: ProcedureFile = toml::from_str(text).map_err(syntax)?;
    let of_step = |step: &str, why| BadFile::Step { file: file.to_owned(), step: step.into(), why };
    let step = |step: StepFile| {
        let id = format!("{}{}", step.number, step.letter);
        read_step(&id, step).map_err(|why| of_step(&id, why))
    };
    let responsibility = |read: ResponsibilityFile| {
        let role = role(&read.role).map_err(|why| of_step("responsibility", why))?;
        Ok::<_, BadFile>(Responsibility { role, duties: read.duties })
    };
    let four_eyes = |read: FourEyesFile| FourEyes { step: read.step, not_by: read.not_by };
    let check =
        |read: CheckFile| Check { code: read.code, text: read.text, answered_by: read.answered_by };
    let procedure = Procedure {
        steps: read.step.into_iter().map(step).collect::<Result<_, _>>()?,
        responsibilities: read
            .responsibility
            .into_iter()
            .map(responsibility)
            .collect::<Result<_, _>>()?,
        four_eyes: read.four_eyes.into_iter().map(four_eyes).collect(),
        checks: read.check.into_iter().map(check).collect(),
        code: read.code,
        title: read.title,
        edition: read.edition,
        series: read.series,
        source: read.source,
        page: read.page,
        objective: read.objective,
        scope: read.scope,
        about: read.about,
        supplies: read.supplies,
        results: read.results,
        policies: read.policies,
        references: read.references,
        limit_hours: read.limit_hours,
    };
    let faults = check::check(&procedure);
    if faults.is_empty() {
        Ok(procedure)
    } else {
        Err(BadFile::Nonsense { file: file.to_owned(), faults })
    }
}

fn role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| format!("unknown role «{word}»"))
}

fn read_step(id: &str, step: StepFile) -> Result<Step, String> {
    let ways = (step.next, step.yes, step.no, step.restart, step.end);
    let kind = match ways {
        (Some(next), None, None, None, false) => StepKind::Action { next },
        (None, Some(yes), Some(no), None, false) => {
            let (yes_label, no_label) = (step.yes_label, step.no_label);
            StepKind::Question { yes, no, yes_label, no_label }
        }
        (None, None, None, Some(to), false) => StepKind::Restart { to },
        (None, None, None, None, true) => {
            StepKind::End { outcome: step.outcome.unwrap_or(Outcome::Completed) }
        }
        _ => {
            let ways = "needs either `next`, or `yes` and `no`, or `restart`, or `end = true`";
            return Err(ways.to_owned());
        }
    };
    let field = |read: FieldFile| Field {
        name: read.name,
        label: read.label,
        kind: read.kind,
        required: read.required,
        choices: read.choices,
        max: read.max.unwrap_or(FIELD_CHARACTERS),
    };
    Ok(Step {
        number: step.number,
        letter: step.letter,
        id: StepId::new(id),
        role: role(&step.role)?,
        kind,
        text: step.text,
        note: step.note,
        answered_by: step.answered_by,
        auto: step.decided_by.or(step.takes),
        plans: step.plans,
        completes: step.completes,
        has_checklist: step.checklist,
        needs: step.needs,
        fields: step.field.into_iter().map(field).collect(),
        waits_for: step.waits_for,
        document: step.document,
        limit_hours: step.limit_hours,
        notify: step.notify,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "code='x'\ntitle='x'\nedition='1'\nseries='X'\nsource='x'\nobjective='x'\nscope='x'\nabout='device'\n";

    #[test]
    fn each_kind_of_nonsense_gets_its_message() {
        let end = "[[step]]\nnumber=2\nrole='head'\ntext='f'\nend=true\n";
        let cases = [
            (
                "[[step]]\nnumber=1\nrole='head'\ntext='t'\nnext='9'\n",
                "step 1 leads to step 9, which does not exist",
            ),
            ("[[step]]\nnumber=1\nrole='king'\ntext='t'\nnext='2'\n", "unknown role «king»"),
            ("[[step]]\nnumber=1\nrole='head'\ntext='t'\n", "needs either `next`"),
            ("[[step]]\nnumber=1\nrole='head'\ntext='t'\nyes='2'\n", "needs either `next`"),
            ("[[step]]\nnumber=1\nrole='head'\ntext='t'\nnext='1'\n", "step 2 cannot be reached"),
            (
                "[[step]]\nnumber=1\nrole='head'\ntext='t'\nnext='1'\n",
                "step 1 has no way to the end",
            ),
            ("[[step]]\nnumber=2\nrole='head'\ntext='t'\nnext='2'\n", "step 2 stands twice"),
            ("[[step]]\nnumber=1\nrole='head'\ntext=' '\nnext='2'\n", "step 1 says nothing"),
            (
                "[[step]]\nnumber=1\nrole='head'\ntext='t'\nnext='2'\nanswered_by='stars'\n",
                "unknown variant `stars`",
            ),
            (
                "[[step]]\nnumber=1\nrole='head'\ntext='t'\nnext='2'\ncolour='red'\n",
                "unknown field `colour`",
            ),
        ];
        for (step, expected) in cases {
            let error = parse("x.toml", &format!("{HEAD}{step}{end}")).unwrap_err().to_string();
            assert!(error.contains(expected), "{step}\ngave: {error}");
            assert!(error.starts_with("x.toml"), "{error}");
        }
    }
}
