//! Bytes of a log become lines, in bounded memory: a line that is too long is cut, however long it is.

use super::line::{Part, render};

/// The most bytes of a line that are kept.
const LONGEST: usize = 64 * 1024;

/// Takes bytes, gives whole lines.
#[derive(Debug)]
pub(crate) struct Lines {
    /// The beginning of the line that has not ended.
    held: Vec<u8>,
    /// How many of its bytes were not kept.
    dropped: u64,
    /// Where it begins.
    start: u64,
    /// Whether its beginning is not known.
    partial: bool,
}

impl Lines {
    /// From the beginning of a line at this offset.
    pub(crate) fn from(offset: u64) -> Self {
        Self { held: Vec::new(), dropped: 0, start: offset, partial: false }
    }
    /// From this offset, maybe inside of a line: that line is left out.
    pub(crate) fn inside_of_a_line(offset: u64) -> Self {
        Self { partial: true, ..Self::from(offset) }
    }
    /// Where the first line begins that was not given yet.
    pub(crate) fn offset(&self) -> u64 {
        self.start
    }
    /// Takes bytes and gives the lines that they end.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Vec<Vec<Part>> {
        let mut shown = Vec::new();
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.keep(&bytes[..end]);
            bytes = &bytes[end + 1..];
            self.take(1, &mut shown);
        }
        self.keep(bytes);
        shown
    }
    /// The log has ended: what is held is its last line.
    pub(crate) fn end(&mut self) -> Vec<Vec<Part>> {
        let mut shown = Vec::new();
        if !self.held.is_empty() {
            self.take(0, &mut shown);
        }
        shown
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LONGEST - self.held.len();
        let kept = bytes.len().min(room);
        self.held.extend_from_slice(&bytes[..kept]);
        self.dropped += (bytes.len() - kept) as u64;
    }
    fn take(&mut self, ending: u64, shown: &mut Vec<Vec<Part>>) {
        if !self.partial {
            shown.extend(render(&self.held, self.dropped));
        }
        self.start += self.held.len() as u64 + self.dropped + ending;
        self.partial = false;
        self.held.clear();
        self.dropped = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: &[Vec<Part>]) -> Vec<String> {
        lines.iter().map(|line| line.iter().map(|part| part.1.as_str()).collect()).collect()
    }

    #[test]
    fn lines_come_whole_wherever_the_bytes_are_cut_and_offsets_are_after_them() {
        let bytes = "one\ntwö\r\n\nthree".as_bytes();
        for cut in 0..bytes.len() {
            let mut lines = Lines::from(0);
            let mut shown = lines.push(&bytes[..cut]);
            let resumed = lines.offset() as usize;
            shown.extend(Lines::from(resumed as u64).push(&bytes[resumed..]));
            assert_eq!(text(&shown), ["one", "twö", ""], "cut at {cut}");
            lines.push(&bytes[cut..]);
            assert_eq!(text(&lines.end()), ["three"]);
            assert_eq!(lines.offset(), bytes.len() as u64);
        }
    }

    #[test]
    fn a_line_of_100_mb_is_cut_and_counted() {
        let mut lines = Lines::from(7);
        let piece = vec![b'a'; 1 << 20];
        for _ in 0..100 {
            assert!(lines.push(&piece).is_empty());
        }
        assert!(lines.held.capacity() <= 2 * LONGEST);
        let shown = text(&lines.push(b"\nnext\n"));
        assert_eq!(shown.len(), 2);
        assert!(shown[0].len() < 20_000 && shown[0].ends_with("more bytes in the full log"), "{}", shown[0].len());
        assert_eq!(lines.offset(), 7 + (100 << 20) + 1 + 5);
    }

    #[test]
    fn what_begins_inside_of_a_line_begins_with_the_next() {
        let mut lines = Lines::inside_of_a_line(10);
        assert_eq!(text(&lines.push(b"rest\nwhole\n")), ["whole"]);
        assert_eq!(lines.offset(), 21);
    }
}
