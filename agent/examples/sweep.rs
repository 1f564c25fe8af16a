//! A sweep over addresses as the connectivity probe makes it, for `tests/bench/icmp.sh`: addresses on the standard
//! input, `sweep SAMPLES BETWEEN_MS GAP_MS`; one line an address: sent, received, median in milliseconds.

use std::io::{Write, read_to_string, stdin, stdout};
use std::time::Duration;

use atalaya_agent::probe::connectivity::{Host, Pace, sweep};

fn main() -> anyhow::Result<()> {
    let numbers: Result<Vec<u32>, _> = std::env::args().skip(1).map(|word| word.parse()).collect();
    let [samples, between, gap] = numbers?[..] else {
        anyhow::bail!("usage: sweep SAMPLES BETWEEN_MS GAP_MS < addresses");
    };
    let text = read_to_string(stdin())?;
    let address = |line: &str| line.parse().map(|address| Host { address, scope: 0 });
    let hosts: Vec<Host> = text.lines().map(address).collect::<Result<_, _>>()?;
    let (between, gap) = (Duration::from_millis(between.into()), Duration::from_millis(gap.into()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measured = runtime.block_on(sweep(&hosts, Pace { samples, between, gap }));
    let mut out = stdout().lock();
    for (host, measurement) in hosts.iter().zip(measured) {
        let measured = measurement.unwrap_or_default();
        let median = measured.median_ms.map_or("-".into(), |ms| format!("{ms:.3}"));
        writeln!(out, "{} {} {} {median}", host.address, measured.sent, measured.received)?;
    }
    Ok(())
}
