//! One file per subcommand.

#[cfg(target_os = "linux")]
pub mod act;
#[cfg(target_os = "linux")]
pub mod answer;
pub mod check;
pub mod enroll;
pub mod forget;
pub mod probe;
pub mod run;
pub mod seal;
#[cfg(windows)]
pub mod service;
pub mod status;
#[cfg(target_os = "linux")]
pub mod unit;
pub mod update;

/// The command line itself is wrong: the program ends with code 2, as for any other wrong argument.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Misuse(pub String);

/// Prints the settings as shipped.
///
/// # Errors
/// When nobody reads what is printed.
pub fn default_config() -> anyhow::Result<()> {
    Ok(print(crate::config::DEFAULT)?)
}

/// Prints; a reader that has seen enough and closed the pipe is no error.
fn print(text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// What a reading cost, in milliseconds.
fn cost(cost: atalaya_reading::Cost) -> String {
    let ms = |micros: u64| format!("{:.1} ms", micros as f64 / 1000.0);
    let cpu = cost.cpu_us.map(|micros| format!(", {} de procesador", ms(micros)));
    ms(cost.took_us) + &cpu.unwrap_or_default()
}

/// An instant as people here write it, in the PC's own zone.
fn local_time(at: jiff::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::system()).strftime("%d/%m/%Y %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_zone_of_the_pc_can_be_read() {
        let zone = jiff::tz::TimeZone::get("America/Mexico_City").unwrap();
        let noon: jiff::Timestamp = "2026-05-01T18:00:00Z".parse().unwrap();
        assert_eq!(noon.to_zoned(zone).strftime("%H:%M").to_string(), "12:00");
    }
}
