//! The figures of a drive's report that are judged and shown, each with the rule it falls under. Knows where a report
//! keeps them and how makers pack them; what they mean is `judge`'s.

use atalaya_reading::{DriveAttribute, bounds};

use super::attribute::Attribute;
use super::memory::Past;
use super::report::{NvmeLog, Report, ScsiErrors};

/// A figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// As it is shown.
    pub attribute: DriveAttribute,
    /// What it is judged by.
    pub rule: Rule,
    /// How it fared; `None`: nobody remembers.
    pub past: Option<Past>,
}

/// What a figure is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Counts damage: should stand at zero, and must not grow.
    Damage,
    /// Counts commands that timed out: a few are usual.
    Timeouts,
    /// Counts errors on the way to the drive: what is past is past, growth means a bad cable.
    Cable,
    /// Shown, or judged by the drive's own scale alone.
    Shown,
}

/// ATA attributes of interest: damage 5, 187, 197, 198; hours 9; spin retries 10; wear 177, 202, 231, 233; end-to-end
/// errors 184; timeouts 188; reallocation events 196; errors of the cable 199.
const ATA: [(u8, Rule); 14] = [
    (5, Rule::Damage),
    (9, Rule::Shown),
    (10, Rule::Shown),
    (177, Rule::Shown),
    (184, Rule::Shown),
    (187, Rule::Damage),
    (188, Rule::Timeouts),
    (196, Rule::Shown),
    (197, Rule::Damage),
    (198, Rule::Damage),
    (199, Rule::Cable),
    (202, Rule::Shown),
    (231, Rule::Shown),
    (233, Rule::Shown),
];

/// Hours of work: they grow by themselves, so that nobody remembers them.
pub const POWER_ON_HOURS: u32 = 9;

/// The figures of a report.
pub fn figures(report: &Report) -> Vec<Figure> {
    let table = report.ata_smart_attributes.iter().flat_map(|table| &table.table);
    let mut figures: Vec<Figure> = table.filter_map(ata).collect();
    if let Some(log) = &report.nvme_smart_health_information_log {
        figures.extend(nvme(log));
    }
    figures.extend(scsi(report));
    figures.truncate(bounds::ATTRIBUTES);
    figures
}

fn ata(attribute: &Attribute) -> Option<Figure> {
    let (_, rule) = ATA.into_iter().find(|(id, _)| *id == attribute.id)?;
    let count = attribute.count();
    Some(Figure {
        attribute: DriveAttribute {
            name: bounds::text(&attribute.name, 64),
            id: Some(attribute.id.into()),
            // Seagate counts slow commands in the words above.
            raw: if rule == Rule::Timeouts { count & 0xffff } else { count },
            normalized: attribute.value,
            worst: attribute.worst,
            threshold: attribute.thresh,
            ..DriveAttribute::default()
        },
        rule,
        past: None,
    })
}

fn nvme(log: &NvmeLog) -> impl Iterator<Item = Figure> {
    let spare = log.available_spare.map(u64::from);
    [
        figure("critical_warning", log.critical_warning.map(u64::from), Rule::Shown, None),
        figure("available_spare", spare, Rule::Shown, log.available_spare_threshold),
        figure("percentage_used", log.percentage_used.map(u64::from), Rule::Shown, None),
        figure("media_errors", log.media_errors, Rule::Damage, None),
    ]
    .into_iter()
    .flatten()
}

fn scsi(report: &Report) -> impl Iterator<Item = Figure> {
    let none = ScsiErrors::default();
    let known = report.scsi_error_counter_log.is_some();
    let errors = report.scsi_error_counter_log.as_ref().unwrap_or(&none);
    let lost =
        |counter: &super::report::ScsiCounter| known.then_some(counter.total_uncorrected_errors);
    let used = report.scsi_percentage_used_endurance_indicator.map(u64::from);
    [
        figure("scsi_grown_defect_list", report.scsi_grown_defect_list, Rule::Damage, None),
        figure("read.total_uncorrected_errors", lost(&errors.read), Rule::Damage, None),
        figure("write.total_uncorrected_errors", lost(&errors.write), Rule::Damage, None),
        figure("verify.total_uncorrected_errors", lost(&errors.verify), Rule::Damage, None),
        figure("scsi_percentage_used", used, Rule::Shown, None),
    ]
    .into_iter()
    .flatten()
}

fn figure(name: &str, raw: Option<u64>, rule: Rule, threshold: Option<u32>) -> Option<Figure> {
    let attribute =
        DriveAttribute { name: name.into(), raw: raw?, threshold, ..DriveAttribute::default() };
    Some(Figure { attribute, rule, past: None })
}

impl Figure {
    /// Number and name, as every tool prints them.
    pub fn label(&self) -> String {
        let name = &self.attribute.name;
        self.attribute.id.map_or_else(|| name.clone(), |id| format!("{id} {name}"))
    }
}
