//! Lines of a file that may be long, odd or hostile: read as a stream, each cut at a bound, so that no file costs more
//! memory than one line. Knows nothing of what the lines mean.

use std::io::{self, BufRead};

/// Bytes kept of a line; the rest of it is read past.
const LINE: usize = 2_048;
/// Bytes read of one file; no list of a PC is as long.
const FILE: u64 = 64 * 1024 * 1024;

/// Hands each line over without its end, as text; what is not UTF-8 is replaced. A file past the bound is an error.
///
/// # Errors
/// When the file cannot be read to its end.
pub fn each_line(mut input: impl BufRead, mut take: impl FnMut(&str)) -> io::Result<()> {
    let mut line = Vec::with_capacity(256);
    let mut read = 0;
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            if !line.is_empty() {
                take(&String::from_utf8_lossy(&line));
            }
            return Ok(());
        }
        let (used, ended) = match chunk.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end, true),
            None => (chunk.len(), false),
        };
        let room = LINE.saturating_sub(line.len());
        line.extend_from_slice(&chunk[..used.min(room)]);
        let consumed = used + usize::from(ended);
        input.consume(consumed);
        read += consumed as u64;
        if read > FILE {
            return Err(io::Error::other(format!("más de {} MiB", FILE >> 20)));
        }
        if ended {
            take(&String::from_utf8_lossy(&line));
            line.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        each_line(io::BufReader::with_capacity(7, input), |line| lines.push(line.into())).unwrap();
        lines
    }

    #[test]
    fn lines_come_whole_whatever_the_buffer_and_a_last_one_needs_no_end() {
        assert_eq!(lines(b"uno\n\ndos y algo\ntres"), ["uno", "", "dos y algo", "tres"]);
        assert_eq!(lines(b""), Vec::<String>::new());
    }

    #[test]
    fn a_line_of_a_megabyte_is_cut_and_bytes_that_are_no_text_are_replaced() {
        let mut input = vec![b'x'; 1 << 20];
        input.extend_from_slice(b"\n\xff\xfe ok\n");
        let lines = lines(&input);
        assert_eq!((lines.len(), lines[0].len()), (2, LINE));
        assert_eq!(lines[1], "\u{fffd}\u{fffd} ok");
    }
}
