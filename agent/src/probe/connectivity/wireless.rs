//! Signal of radio interfaces out of the table of wireless statistics of Linux. Pure.

/// Interfaces and their signal, dBm. A driver that gives a share instead of dBm is left out.
pub fn signals(table: &str) -> Vec<(&str, i32)> {
    let signal = |line: &str| -> Option<i32> {
        let level = line.split_whitespace().nth(2)?.trim_end_matches('.');
        level.parse().ok().filter(|dbm| (-120..0).contains(dbm))
    };
    let lines = table.lines().filter_map(|line| line.split_once(':'));
    lines.filter_map(|(name, rest)| Some((name.trim(), signal(rest)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_the_signal_and_a_share_is_none() {
        // In the form the kernel's documentation gives; composed by hand.
        let table = "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n \
            face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n\
            wlp3s0: 0000   54.  -56.  -256        0      0      0      0    177        0\n \
            wlan1: 0000   70   60   0        0      0      0      0    0        0\n";
        assert_eq!(signals(table), [("wlp3s0", -56)]);
        assert_eq!(signals(""), []);
        assert_eq!(signals("wlan0: 0000"), []);
    }
}
