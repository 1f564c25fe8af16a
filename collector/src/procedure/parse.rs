//! TOML to types. The format of procedure files is here and nowhere else; what the parts mean together is judged by
//! `check`.

mod keys;
mod step;

use toml::Table;

use self::keys::{Keys, Names, shown};
use super::check::check;
use super::fault::{BadFile, Fault, Place};
use crate::domain::person::Role;
use crate::domain::procedure::{
    About, Check, FourEyes, Procedure, Question, Responsibility, Step, StepId, WordList,
};

/// Largest procedure file, bytes.
pub const FILE_BYTES: usize = 256 * 1024;
/// Most steps of a procedure.
const STEPS: usize = 200;
/// Most responsibilities, rules of four eyes and lines of a checklist each.
const PARTS: usize = 50;
/// Longest code, series and edition, characters.
const CODE: usize = 40;
const SERIES: usize = 4;
/// Longest working time of a run or a step, hours: about a working year.
pub(super) const LIMIT_HOURS: u32 = 2_000;

/// Reads a procedure file as it lies on a disk and checks it.
///
/// # Errors
/// Names the file and everything wrong with it.
pub fn read(file: &str, bytes: &[u8]) -> Result<Procedure, BadFile> {
    let refuse = |fault| BadFile { file: file.to_owned(), faults: vec![fault] };
    if bytes.len() > FILE_BYTES {
        let most = FILE_BYTES / 1024;
        let what = format!("es demasiado grande: un procedimiento mide a lo más {most} KiB");
        return Err(refuse(Fault::new(&Place::File, what)));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(file, text),
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            let what = "no es texto UTF-8; guarde el archivo como UTF-8";
            Err(refuse(Fault::new(&Place::Line(line), what)))
        }
    }
}

/// Reads the text of a procedure file and checks it.
///
/// # Errors
/// Names the file and everything wrong with it.
pub fn parse(file: &str, text: &str) -> Result<Procedure, BadFile> {
    let faults = match table(text) {
        Err(fault) => vec![fault],
        Ok(table) => {
            let mut faults = Vec::new();
            let read = procedure(table, &mut faults);
            match read {
                Some(procedure) if faults.is_empty() => {
                    let faults = check(&procedure);
                    if faults.is_empty() {
                        return Ok(procedure);
                    }
                    faults
                }
                _ => faults,
            }
        }
    };
    Err(BadFile { file: file.to_owned(), faults })
}

fn table(text: &str) -> Result<Table, Fault> {
    // An editor of Windows may put a byte order mark first.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.parse::<Table>().map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let place = Place::Line(before.matches('\n').count() + 1);
        let what = format!(
            "no es TOML ({}); revise comillas, corchetes y signos de igual",
            error.message().lines().next().unwrap_or_default()
        );
        Fault::new(&place, what)
    })
}

/// `None` only when nothing could be read at all; else what stands for a wrong value does not matter.
fn procedure(table: Table, faults: &mut Vec<Fault>) -> Option<Procedure> {
    let mut keys = Keys::new(table, Place::Head, faults);
    let (code, series) = (code(&mut keys), series(&mut keys));
    let edition = keys.text("edition");
    if edition.chars().count() > CODE {
        keys.fault(format!("«edition» tiene {} caracteres; caben {CODE}", edition.chars().count()));
    }
    let (title, source, page) = (keys.text("title"), keys.text("source"), keys.text("page"));
    let (objective, scope) = (keys.text("objective"), keys.text("scope"));
    let about = keys.word("about", &Names::of(About::ALL));
    let [supplies, results, policies, references] =
        ["supplies", "results", "policies", "references"].map(|key| keys.texts(key));
    let limit_hours = keys.some_number("limit_hours", 1, LIMIT_HOURS);
    let responsibilities = keys.tables("responsibility", PARTS, "responsabilidades");
    let four_eyes = keys.tables("four_eyes", PARTS, "reglas de cuatro ojos");
    let checks = keys.tables("check", PARTS, "comprobaciones");
    let steps = keys.tables("step", STEPS, "pasos");
    keys.finish();
    let responsibilities = numbered(responsibilities, faults, responsibility);
    let four_eyes = numbered(four_eyes, faults, rule);
    let checks = numbered(checks, faults, line);
    let steps: Vec<Step> = numbered(steps, faults, step::read);
    Some(Procedure {
        code,
        title,
        edition,
        series,
        source,
        page,
        objective,
        scope,
        about: about?,
        responsibilities,
        supplies,
        results,
        policies,
        references,
        limit_hours,
        four_eyes,
        checks,
        steps,
    })
}

fn numbered<T>(
    tables: Vec<Table>,
    faults: &mut Vec<Fault>,
    read: impl Fn(Table, usize, &mut Vec<Fault>) -> Option<T>,
) -> Vec<T> {
    (1..).zip(tables).filter_map(|(nth, table)| read(table, nth, faults)).collect()
}

fn code(keys: &mut Keys<'_>) -> String {
    let code = keys.text("code");
    if !code.is_empty() && !is_name(&code) {
        let value = shown(&code);
        keys.fault(format!(
            "«code» vale «{value}»; use letras minúsculas sin acento, números y «_», a lo más {CODE}"
        ));
    }
    code
}

fn series(keys: &mut Keys<'_>) -> String {
    let series = keys.text("series");
    let fits = series.len() <= SERIES && series.bytes().all(|byte| byte.is_ascii_uppercase());
    if !series.is_empty() && !fits {
        let value = shown(&series);
        keys.fault(format!("«series» vale «{value}»; use de 1 a {SERIES} letras mayúsculas"));
    }
    series
}

/// Whether a text can stand in an address, a form and a column.
fn is_name(text: &str) -> bool {
    text.len() <= CODE
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn responsibility(table: Table, nth: usize, faults: &mut Vec<Fault>) -> Option<Responsibility> {
    let mut keys = Keys::new(table, Place::Responsibility(nth), faults);
    let role = keys.word("role", &roles());
    let duties = keys.texts("duties");
    if duties.is_empty() {
        keys.fault("«duties» está vacía; escriba al menos un deber");
    }
    keys.finish();
    Some(Responsibility { role: role?, duties })
}

fn rule(table: Table, nth: usize, faults: &mut Vec<Fault>) -> Option<FourEyes> {
    let mut keys = Keys::new(table, Place::FourEyes(nth), faults);
    let (step, not_by) = (StepId::new(keys.text("step")), StepId::new(keys.text("not_by")));
    keys.finish();
    Some(FourEyes { step, not_by })
}

fn line(table: Table, nth: usize, faults: &mut Vec<Fault>) -> Option<Check> {
    let mut keys = Keys::new(table, Place::Check(nth.to_string()), faults);
    let code = keys.text("code");
    if !code.is_empty() && !is_name(&code) {
        keys.fault("use en «code» letras minúsculas sin acento, números y «_»");
    }
    let text = keys.text("text");
    let answered_by = keys.some_word("answered_by", &Names::of(Question::ALL));
    keys.finish();
    Some(Check { code, text, answered_by })
}

fn roles() -> Names<Role> {
    Names::new(Role::ALL.into_iter().map(|role| (role.as_str(), role)))
}
