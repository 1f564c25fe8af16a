//! A day of figures of one PC as small drawings: plain SVG made here, no script and no style. Pure.

use jiff::Timestamp;

use crate::domain::reading::Sample;
use crate::store::SampleRow;

/// Points across the drawing: a quarter of an hour each, over a day.
const BUCKETS: usize = 96;
/// Height of the drawing's own coordinates.
const HEIGHT: f64 = 28.0;

/// One figure over the last day.
pub struct Figure {
    /// What it is.
    pub name: &'static str,
    /// The newest value with its unit; `None`: not measured.
    pub latest: Option<String>,
    /// Lowest and highest of the day, for the description.
    pub range: Option<(String, String)>,
    /// Unbroken stretches as SVG points; a pause in the measurements is a gap in the line.
    pub lines: Vec<String>,
}

/// How a figure is read and written.
struct Kind {
    name: &'static str,
    read: fn(&Sample) -> Option<f64>,
    unit: &'static str,
    decimals: usize,
    /// The drawing's top is never lower than this, so that noise does not look like a mountain.
    top: f64,
}

const KINDS: [Kind; 8] = [
    Kind {
        name: "Procesador",
        read: |s| permille(s.cpu_permille),
        unit: " %",
        decimals: 0,
        top: 100.0,
    },
    Kind {
        name: "Memoria",
        read: |s| permille(s.memory_permille),
        unit: " %",
        decimals: 0,
        top: 100.0,
    },
    Kind {
        name: "Espacio libre",
        read: |s| permille(s.volume_free_permille),
        unit: " %",
        decimals: 0,
        top: 100.0,
    },
    Kind {
        name: "Temperatura del disco",
        read: |s| s.drive_temperature_c.map(f64::from),
        unit: " °C",
        decimals: 0,
        top: 60.0,
    },
    Kind {
        name: "Pérdida",
        read: |s| permille(s.loss_permille),
        unit: " %",
        decimals: 1,
        top: 10.0,
    },
    Kind {
        name: "Respuesta de internet",
        read: |s| millis(s.rtt_median_us),
        unit: " ms",
        decimals: 1,
        top: 50.0,
    },
    Kind { name: "Variación", read: |s| millis(s.jitter_us), unit: " ms", decimals: 1, top: 20.0 },
    Kind {
        name: "Puertos abiertos",
        read: |s| s.listening_ports.map(f64::from),
        unit: "",
        decimals: 0,
        top: 10.0,
    },
];

fn permille(value: Option<u32>) -> Option<f64> {
    value.map(|value| f64::from(value) / 10.0)
}

fn millis(value: Option<u32>) -> Option<f64> {
    value.map(|value| f64::from(value) / 1_000.0)
}

/// The figures between two instants; those that were never measured are left out.
pub fn of(rows: &[SampleRow], from: Timestamp, to: Timestamp) -> Vec<Figure> {
    KINDS.iter().filter_map(|kind| figure(kind, rows, from, to)).collect()
}

fn figure(kind: &Kind, rows: &[SampleRow], from: Timestamp, to: Timestamp) -> Option<Figure> {
    let means = means(kind.read, rows, from, to);
    let known = || means.iter().flatten().copied();
    let lowest = known().reduce(f64::min)?;
    let highest = known().reduce(f64::max)?;
    let show = |value: f64| format!("{value:.*}{}", kind.decimals, kind.unit);
    let latest = rows.last().and_then(|row| (kind.read)(&row.sample));
    Some(Figure {
        name: kind.name,
        latest: latest.map(show),
        range: Some((show(lowest), show(highest))),
        lines: lines(&means, highest.max(kind.top)),
    })
}

/// The mean of each bucket of time.
fn means(
    read: fn(&Sample) -> Option<f64>,
    rows: &[SampleRow],
    from: Timestamp,
    to: Timestamp,
) -> Vec<Option<f64>> {
    let span = (to.as_second() - from.as_second()).max(1);
    let mut sums = vec![(0.0, 0_u32); BUCKETS];
    for row in rows {
        let place = (row.taken_at.as_second() - from.as_second()) * BUCKETS as i64 / span;
        let bucket = usize::try_from(place).ok().and_then(|at| sums.get_mut(at.min(BUCKETS - 1)));
        if let (Some(bucket), Some(value)) = (bucket, read(&row.sample)) {
            *bucket = (bucket.0 + value, bucket.1 + 1);
        }
    }
    sums.into_iter().map(|(sum, count)| (count > 0).then(|| sum / f64::from(count))).collect()
}

/// Unbroken stretches, as points between 0,0 (top left) and [`BUCKETS`],[`HEIGHT`].
fn lines(means: &[Option<f64>], top: f64) -> Vec<String> {
    let point = |(at, mean): (usize, &Option<f64>)| {
        mean.map(|mean| format!("{at},{:.1}", HEIGHT - 1.0 - (mean / top) * (HEIGHT - 2.0)))
    };
    let points: Vec<Option<String>> = means.iter().enumerate().map(point).collect();
    points
        .split(Option::is_none)
        .filter(|stretch| !stretch.is_empty())
        .map(|stretch| {
            let mut stretch: Vec<String> = stretch.iter().flatten().cloned().collect();
            if let [only] = stretch.as_slice() {
                // One point draws nothing: make it a dash.
                let (at, height) = only.split_once(',').unwrap_or(("0", "0"));
                stretch.push(format!("{at}.9,{height}"));
            }
            stretch.join(" ")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(minute: i64, cpu: Option<u32>) -> SampleRow {
        let taken_at = Timestamp::from_second(minute * 60).unwrap();
        SampleRow {
            device_number: 1,
            taken_at,
            sample: Sample { cpu_permille: cpu, ..Sample::default() },
        }
    }

    #[test]
    fn a_pause_is_a_gap_and_what_was_never_measured_is_left_out() {
        let rows = [row(0, Some(100)), row(15, Some(300)), row(60, Some(500)), row(61, Some(700))];
        let day = Timestamp::from_second(86_400).unwrap();
        let figures = of(&rows, Timestamp::UNIX_EPOCH, day);
        assert_eq!(figures.len(), 1);
        assert_eq!(figures[0].latest.as_deref(), Some("70 %"));
        assert_eq!(figures[0].range, Some(("10 %".into(), "60 %".into())));
        assert_eq!(figures[0].lines, ["0,24.4 1,19.2", "4,11.4 4.9,11.4"]);
    }

    #[test]
    fn a_measurement_without_the_figure_is_not_a_zero() {
        let rows = [row(0, Some(100)), row(1, None)];
        let figures = of(&rows, Timestamp::UNIX_EPOCH, Timestamp::from_second(86_400).unwrap());
        assert_eq!(figures[0].latest, None);
        assert_eq!(figures[0].range, Some(("10 %".into(), "10 %".into())));
    }
}
