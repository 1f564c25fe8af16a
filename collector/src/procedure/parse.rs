//! TOML to types. The format of procedure files is here and nowhere else.

use serde::Deserialize;

use super::check;
use crate::domain::person::Role;
use crate::domain::procedure::{Procedure, Question, Step, StepId, StepKind};

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
    objective: String,
    scope: String,
    #[serde(default)]
    supplies: Vec<String>,
    #[serde(default)]
    results: Vec<String>,
    step: Vec<StepFile>,
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
    answered_by: Option<String>,
    next: Option<String>,
    yes: Option<String>,
    no: Option<String>,
    #[serde(default)]
    end: bool,
}

/// Reads and checks a procedure file.
///
/// # Errors
/// [`BadFile`] names the file, the step and what is wrong.
pub fn parse(file: &str, text: &str) -> Result<Procedure, BadFile> {
    let syntax = |error| BadFile::Syntax { file: file.to_owned(), error };
    let read: ProcedureFile = toml::from_str(text).map_err(syntax)?;
    let step = |step: StepFile| {
        let id = format!("{}{}", step.number, step.letter);
        read_step(&id, step).map_err(|why| BadFile::Step { file: file.to_owned(), step: id, why })
    };
    let procedure = Procedure {
        steps: read.step.into_iter().map(step).collect::<Result<_, _>>()?,
        code: read.code,
        title: read.title,
        edition: read.edition,
        series: read.series,
        source: read.source,
        objective: read.objective,
        scope: read.scope,
        supplies: read.supplies,
        results: read.results,
    };
    let faults = check::check(&procedure);
    if faults.is_empty() {
        Ok(procedure)
    } else {
        Err(BadFile::Nonsense { file: file.to_owned(), faults })
    }
}

fn read_step(id: &str, step: StepFile) -> Result<Step, String> {
    let kind = match (step.next, step.yes, step.no, step.end) {
        (Some(next), None, None, false) => StepKind::Action { next: StepId::new(next) },
        (None, Some(yes), Some(no), false) => {
            StepKind::Question { yes: StepId::new(yes), no: StepId::new(no) }
        }
        (None, None, None, true) => StepKind::End,
        _ => return Err("needs either `next`, or `yes` and `no`, or `end = true`".to_owned()),
    };
    let role = Role::parse(&step.role).ok_or_else(|| format!("unknown role «{}»", step.role))?;
    let question =
        |word: String| Question::parse(&word).ok_or_else(|| format!("no reading answers «{word}»"));
    Ok(Step {
        number: step.number,
        id: StepId::new(id),
        role,
        kind,
        text: step.text,
        note: step.note,
        answered_by: step.answered_by.map(question).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "code='x'\ntitle='x'\nedition='1'\nseries='X'\nsource='x'\nobjective='x'\nscope='x'\n";

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
                "no reading answers «stars»",
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
