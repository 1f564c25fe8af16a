//! What a drive's report means: a verdict and, for every rule that speaks, the attribute and the rule by name.
//! Judges one report; what changed since the last one is the collector's to see.

use atalaya_reading::DriveHealth;

use super::attribute::Attribute;
use super::report::{NvmeLog, Report, ScsiErrors};

/// Counters of damage that should stand at zero.
const DAMAGE: [u8; 4] = [5, 187, 197, 198];
/// Commands that timed out: a loose cable makes some, so only many count.
const COMMAND_TIMEOUT: u8 = 188;
const MANY_TIMEOUTS: u64 = 100;
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
    /// Whether anything at all was said that could have been bad.
    heard: bool,
}

/// Verdict and reasons, the worst first. A drive that says nothing is unknown.
pub fn judge(report: &Report) -> (DriveHealth, Vec<String>) {
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
    scsi(report, &mut findings);
    let health = match &findings {
        Findings { failing, .. } if !failing.is_empty() => DriveHealth::Failing,
        Findings { warning, .. } if !warning.is_empty() => DriveHealth::Warning,
        Findings { heard: true, .. } => DriveHealth::Ok,
        _ => return (DriveHealth::Unknown, vec!["el disco no informa de su salud".into()]),
    };
    findings.failing.extend(findings.warning);
    (health, findings.failing)
}

fn overall(report: &Report, findings: &mut Findings) {
    let passed = report.smart_status.as_ref().and_then(|status| status.passed);
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
        ("past", _) => findings.warning.push(format!("{label}: estuvo en su límite ({})", limit())),
        _ => {}
    }
    let count = attribute.count();
    if DAMAGE.contains(&attribute.id) && count > 0 {
        findings.warning.push(format!("{label}: {count} (debe ser 0)"));
    }
    if attribute.id == COMMAND_TIMEOUT && count & 0xffff > MANY_TIMEOUTS {
        findings.warning.push(format!("{label}: {} (más de {MANY_TIMEOUTS})", count & 0xffff));
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
    if let Some(errors) = log.media_errors.filter(|errors| *errors > 0) {
        findings.warning.push(format!("media_errors: {errors} (debe ser 0)"));
    }
}

fn scsi(report: &Report, findings: &mut Findings) {
    if let Some(defects) = report.scsi_grown_defect_list.filter(|defects| *defects > 0) {
        findings.warning.push(format!("scsi_grown_defect_list: {defects} (debe ser 0)"));
    }
    if let Some(ScsiErrors { read, write, verify }) = &report.scsi_error_counter_log {
        for (name, counter) in [("read", read), ("write", write), ("verify", verify)] {
            let lost = counter.total_uncorrected_errors;
            if lost > 0 {
                let what = format!("scsi_error_counter_log {name}: {lost} sin corregir");
                findings.warning.push(format!("{what} (debe ser 0)"));
            }
        }
    }
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
