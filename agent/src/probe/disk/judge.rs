//! What a drive's report means: a verdict and, for every rule that speaks, the attribute and the rule by name.
//!
//! The drive's own word and its own thresholds count for themselves. A counter of damage is judged by its change: one
//! that grows is a warning, one that grows fast a failure, and one that stood still for 30 days is accepted until it
//! changes, which is said beside a good verdict. Pure: the clock is an argument.

use atalaya_reading::DriveHealth;
use jiff::Timestamp;

use super::attribute::Attribute;
use super::figures::{Figure, Rule};
use super::memory::{Past, STEADY};
use super::report::{NvmeLog, Report};

/// A loose cable makes some commands time out, so only many count.
const MANY_TIMEOUTS: u64 = 100;
/// More than this within 30 days is a drive that fails, whatever it says of itself.
const FAST: u64 = 100;
/// Solid-state life left, normalised, by maker: 177 Samsung, 202 Crucial, 231 Kingston, 233 Intel.
const LIFE_LEFT: [u8; 4] = [177, 202, 231, 233];
const LITTLE_LIFE: u32 = 10;
const WORN_PERCENT: u32 = 90;

/// Bits of the NVMe critical warning: meaning, and whether it foretells failure.
const NVME_WARNINGS: [(u32, &str, bool); 6] = [
    (0, "bloques de reserva agotados", true),
    (1, "temperatura fuera de límites", false),
    (2, "fiabilidad degradada", true),
    (3, "quedó en solo lectura", true),
    (4, "falló el respaldo de la memoria volátil", true),
    (5, "memoria persistente en solo lectura", true),
];

/// Reasons gathered, and the worst of them.
#[derive(Default)]
struct Findings {
    failing: Vec<String>,
    warning: Vec<String>,
    /// What is known and accepted: no blemish on a good verdict.
    accepted: Vec<String>,
    /// Whether anything at all was said that could have been bad.
    heard: bool,
}

/// Verdict and reasons, the worst first; a good verdict may have remarks. A drive that says nothing is unknown.
pub fn judge(report: &Report, figures: &[Figure], now: Timestamp) -> (DriveHealth, Vec<String>) {
    if report.smart_support.as_ref().and_then(|support| support.available) == Some(false) {
        return (DriveHealth::Unknown, vec!["el disco no ofrece SMART".into()]);
    }
    let mut findings = Findings::default();
    overall(report, &mut findings);
    for attribute in report.ata_smart_attributes.iter().flat_map(|table| &table.table) {
        findings.heard = true;
        ata(attribute, &mut findings);
    }
    if let Some(log) = &report.nvme_smart_health_information_log {
        findings.heard = true;
        nvme(log, &mut findings);
    }
    for figure in figures {
        findings.heard = true;
        changed(figure, now, &mut findings);
    }
    endurance(report, &mut findings);
    let health = match &findings {
        Findings { failing, .. } if !failing.is_empty() => DriveHealth::Failing,
        Findings { warning, .. } if !warning.is_empty() => DriveHealth::Warning,
        Findings { heard: true, .. } => DriveHealth::Ok,
        _ => return (DriveHealth::Unknown, vec!["el disco no informa de su salud".into()]),
    };
    findings.failing.extend(findings.warning);
    findings.failing.extend(findings.accepted);
    (health, findings.failing)
}

fn overall(report: &Report, findings: &mut Findings) {
    let passed = report.smart_status.as_ref().and_then(|status| status.passed);
    // Behind some bridges only the exit code says it.
    let passed = passed.or_else(|| report.says_failing().then_some(false));
    findings.heard |= passed.is_some();
    if passed == Some(false) {
        findings.failing.push("SMART: el propio disco predice su falla".into());
    }
    let self_test = report.ata_smart_data.as_ref().and_then(|data| data.self_test.as_ref());
    let outcome = self_test.and_then(|test| test.status.as_ref()).and_then(|status| status.passed);
    if outcome == Some(false) {
        findings.warning.push("self_test: la última autoprueba encontró errores".into());
    }
}

fn ata(attribute: &Attribute, findings: &mut Findings) {
    let label = attribute.label();
    let limit = || {
        let number = |n: Option<u32>| n.map_or("?".into(), |n| n.to_string());
        let (value, thresh) = (number(attribute.value), number(attribute.thresh));
        format!("valor {value}, umbral del fabricante {thresh}")
    };
    match (attribute.when_failed.as_str(), attribute.flags.prefailure) {
        ("now", true) => findings.failing.push(format!("{label}: en su límite ({})", limit())),
        ("now", false) => findings.warning.push(format!("{label}: en su límite ({})", limit())),
        ("past", true) => {
            findings.warning.push(format!("{label}: estuvo en su límite ({})", limit()))
        }
        // A hot summer long ago, in most drives: it will say so for ever.
        ("past", false) => {
            findings.accepted.push(format!("{label}: estuvo en su límite ({})", limit()))
        }
        _ => {}
    }
    let life = attribute.value.filter(|_| LIFE_LEFT.contains(&attribute.id));
    if let Some(left) = life.filter(|left| *left <= LITTLE_LIFE) {
        findings.warning.push(format!("{label}: queda {left} % de vida útil"));
    }
}

fn nvme(log: &NvmeLog, findings: &mut Findings) {
    let bits = log.critical_warning.unwrap_or(0);
    for (bit, meaning, fails) in NVME_WARNINGS {
        if bits & (1 << bit) != 0 {
            let list = if fails { &mut findings.failing } else { &mut findings.warning };
            list.push(format!("critical_warning: {meaning}"));
        }
    }
    if let (Some(spare), Some(limit)) = (log.available_spare, log.available_spare_threshold)
        && spare < limit
    {
        findings.failing.push(format!("available_spare: {spare} % (umbral {limit} %)"));
    }
    worn("percentage_used", log.percentage_used, findings);
}

/// A counter by what became of it.
fn changed(figure: &Figure, now: Timestamp, findings: &mut Findings) {
    let raw = figure.attribute.raw;
    match figure.rule {
        Rule::Damage if raw > 0 => counted(figure, "debe ser 0", now, findings),
        Rule::Timeouts if raw > MANY_TIMEOUTS => {
            counted(figure, &format!("más de {MANY_TIMEOUTS}"), now, findings);
        }
        Rule::Cable => {
            if let Some((from, at)) = grew(figure, now) {
                let (label, day) = (figure.label(), day(at));
                findings.warning.push(format!(
                    "{label}: subió de {from} a {raw} el {day} (revise el cable o la bahía del disco)"
                ));
            }
        }
        Rule::Damage | Rule::Timeouts | Rule::Shown => {}
    }
}

/// A counter that is not as it should be.
fn counted(figure: &Figure, should: &str, now: Timestamp, findings: &mut Findings) {
    let (label, raw) = (figure.label(), figure.attribute.raw);
    let Some(Past { since, base_raw, .. }) = figure.past else {
        findings.warning.push(format!("{label}: {raw} ({should})"));
        return;
    };
    let moved_at = figure.attribute.changed_at.unwrap_or(since);
    if is_steady(moved_at, now) {
        let day = day(moved_at);
        findings.accepted.push(format!(
            "{label}: estable en {raw} desde el {day}; se acepta mientras no cambie"
        ));
    } else if let Some((from, at)) = grew(figure, now) {
        let day = day(at);
        if raw.saturating_sub(base_raw) >= FAST {
            findings.failing.push(format!(
                "{label}: subió de {base_raw} a {raw}, la última vez el {day} ({FAST} o más en 30 días)"
            ));
        } else {
            findings.warning.push(format!(
                "{label}: subió de {from} a {raw} el {day} ({should}; no debe crecer)"
            ));
        }
    } else {
        let day = day(moved_at);
        findings.warning.push(format!(
            "{label}: {raw} ({should}; se acepta si no cambia en 30 días desde el {day})"
        ));
    }
}

/// What it was before it grew, and when, if that was of late.
fn grew(figure: &Figure, now: Timestamp) -> Option<(u64, Timestamp)> {
    let (from, at) = (figure.attribute.previous_raw?, figure.attribute.changed_at?);
    (from < figure.attribute.raw && !is_steady(at, now)).then_some((from, at))
}

fn is_steady(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since) >= STEADY
}

fn day(at: Timestamp) -> String {
    at.strftime("%d/%m/%Y").to_string()
}

fn endurance(report: &Report, findings: &mut Findings) {
    worn("percentage_used", report.scsi_percentage_used_endurance_indicator, findings);
    // NVMe says the same figure in its own log.
    if report.nvme_smart_health_information_log.is_none() {
        let used = report.endurance_used.as_ref().and_then(|endurance| endurance.current_percent);
        worn("endurance_used", used, findings);
    }
}

fn worn(name: &str, percent: Option<u32>, findings: &mut Findings) {
    if let Some(used) = percent.filter(|used| *used >= WORN_PERCENT) {
        findings
            .warning
            .push(format!("{name}: {used} % de la vida útil (aviso desde {WORN_PERCENT} %)"));
    }
}

#[cfg(test)]
mod tests {
    use atalaya_reading::Drive;

    use super::super::memory::Memory;
    use super::*;

    macro_rules! fixture {
        ($name:literal) => {
            include_str!(concat!("../../../fixtures/smartctl/", $name))
        };
    }

    fn on(day: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + day * 86_400).unwrap()
    }

    /// The verdict on the last of several reports of one drive, each taken on its day.
    fn judged(reports: &[(i64, String)]) -> Drive {
        let mut memory = Memory::default();
        let mut drives = reports.iter().map(|(day, text)| {
            let report = Report::parse(text.as_bytes()).unwrap();
            report.drive_with("/dev/sda", None, Some(&mut memory), on(*day)).unwrap()
        });
        let first = drives.next().unwrap();
        drives.last().unwrap_or(first)
    }

    fn nvme(media_errors: u64) -> String {
        fixture!("nvme-ageing.json")
            .replace("\"media_errors\": 7", &format!("\"media_errors\": {media_errors}"))
    }

    fn cable(errors: u64) -> String {
        fixture!("ata-cable.json").replace("108", &errors.to_string())
    }

    #[test]
    fn a_counter_of_damage_is_watched_then_accepted_and_never_once_it_grows() {
        use DriveHealth::{Failing, Ok, Warning};
        type Readings = &'static [(i64, u64)];
        let cases: [(Readings, DriveHealth, &str); 7] = [
            (&[(0, 7)], Warning, "media_errors: 7 (debe ser 0; se acepta si no cambia en 30 días"),
            (&[(0, 7), (29, 7)], Warning, "media_errors: 7"),
            (&[(0, 7), (30, 7)], Ok, "media_errors: estable en 7 desde el"),
            (&[(0, 7), (31, 8)], Warning, "media_errors: subió de 7 a 8 el"),
            (&[(0, 7), (31, 8), (61, 8)], Ok, "media_errors: estable en 8 desde el"),
            (
                &[(0, 7), (3, 60), (9, 107)],
                Failing,
                "media_errors: subió de 7 a 107, la última vez el",
            ),
            (&[(0, 0), (1, 7)], Warning, "media_errors: subió de 0 a 7 el"),
        ];
        for (readings, health, said) in cases {
            let reports: Vec<_> = readings.iter().map(|(day, raw)| (*day, nvme(*raw))).collect();
            let drive = judged(&reports);
            assert_eq!(drive.health, health, "{readings:?} {:?}", drive.reasons);
            assert!(drive.reasons[0].starts_with(said), "{readings:?} {:?}", drive.reasons);
        }
    }

    #[test]
    fn a_counter_that_went_back_to_nothing_has_no_say() {
        let drive = judged(&[(0, nvme(7)), (1, nvme(0))]);
        assert_eq!(
            (drive.health, drive.reasons.len()),
            (DriveHealth::Ok, 0),
            "{:?}",
            drive.reasons
        );
    }

    #[test]
    fn errors_of_the_cable_count_only_while_they_grow() {
        assert_eq!(judged(&[(0, cable(108))]).health, DriveHealth::Ok);
        let growing = judged(&[(0, cable(108)), (2, cable(112))]);
        assert_eq!(growing.health, DriveHealth::Warning);
        assert!(
            growing.reasons[0].contains("199 CRC_Error_Count: subió de 108 a 112"),
            "{growing:?}"
        );
        assert!(growing.reasons[0].contains("revise el cable"));
        let mended = judged(&[(0, cable(108)), (2, cable(112)), (40, cable(112))]);
        assert_eq!((mended.health, mended.reasons.len()), (DriveHealth::Ok, 0));
    }

    #[test]
    fn a_threshold_that_is_crossed_is_never_accepted() {
        let failing = fixture!("ata-failing.json").to_string();
        let drive = judged(&[(0, failing.clone()), (400, failing)]);
        assert_eq!(drive.health, DriveHealth::Failing);
        let reasons = drive.reasons.join("\n");
        assert!(
            reasons.contains(
                "5 Reallocated_Sector_Ct: en su límite (valor 1, umbral del fabricante 5)"
            ),
            "{reasons}"
        );
    }

    #[test]
    fn a_clock_that_is_set_back_accepts_nothing_early() {
        let drive = judged(&[(100, nvme(7)), (0, nvme(7))]);
        assert_eq!(drive.health, DriveHealth::Warning);
    }

    #[test]
    fn every_bit_of_the_critical_warning_has_a_name() {
        for (bit, meaning, fails) in NVME_WARNINGS {
            let text = nvme(0)
                .replace("\"critical_warning\": 0", &format!("\"critical_warning\": {}", 1 << bit));
            let drive = judged(&[(0, text)]);
            let expected = if fails { DriveHealth::Failing } else { DriveHealth::Warning };
            assert_eq!(drive.health, expected, "bit {bit}");
            assert!(drive.reasons.join("\n").contains(meaning), "bit {bit}");
        }
    }

    #[test]
    fn the_exit_code_alone_can_say_that_a_drive_fails() {
        let text = r#"{"smartctl":{"exit_status":8},"device":{"protocol":"ATA"}}"#.to_string();
        assert_eq!(judged(&[(0, text)]).health, DriveHealth::Failing);
    }
}
