//! What PID 1 of a container says: a few lines of ours, then the log.

use crate::supervise;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The longest line of ours.
const LINE: usize = 64;
/// The largest file that is kept of a step.
const KEPT: usize = 16 << 20;

/// Said in the log where a part of it is missing.
const MISSING: &str = "\n\n[A part of the log is missing here: the container engine keeps no more of it.]\n\n";

/// Why a stream cannot be read on.
#[derive(Debug)]
pub(super) enum Trouble {
    /// What it says cannot be written.
    Files(io::Error),
    /// It does not begin as one of ours.
    Headless,
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Files(error)
    }
}

/// Reads the stream and lays its parts down.
pub(super) struct Log {
    file: File,
    /// Bytes of the log that the file has already from an earlier reader of the same stream.
    skip: u64,
    directory: PathBuf,
    /// Where a kept file goes.
    keep: Option<String>,
    head: Option<Vec<u8>>,
    ready: bool,
}

impl Log {
    /// Appends to the log in `directory`, of which all but the first `before` bytes are from this stream.
    pub(super) fn open(directory: &Path, before: u64, keep: Option<String>) -> io::Result<Self> {
        let path = directory.join(supervise::spec::name::LOG);
        let file = fs::OpenOptions::new().create(true).append(true).open(path)?;
        let skip = file.metadata()?.len().saturating_sub(before);
        Ok(Self { file, skip, directory: directory.to_owned(), keep, head: Some(Vec::new()), ready: false })
    }

    /// Appends to the log in `directory` whatever comes of a stream that is heard from its middle.
    pub(super) fn from_now_on(directory: &Path) -> io::Result<Self> {
        let mut log = Self { head: None, ready: true, ..Self::open(directory, u64::MAX, None)? };
        log.file.write_all(MISSING.as_bytes())?;
        Ok(log)
    }

    /// Whether the container has its inputs.
    pub(super) fn is_ready(&self) -> bool {
        self.ready
    }

    /// The next bytes of the stream.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let Some(mut head) = self.head.take() else { return Ok(self.append(bytes)?) };
        head.extend_from_slice(bytes);
        loop {
            let Some(end) = head.iter().position(|byte| *byte == b'\n') else {
                if head.len() > LINE {
                    return Err(Trouble::Headless);
                }
                self.head = Some(head);
                return Ok(());
            };
            match &head[..end] {
                b"ready" => self.ready = true,
                b"log" => return Ok(self.append(&head[end + 1..])?),
                line => {
                    let length = line
                        .strip_prefix(b"keep ")
                        .and_then(|text| std::str::from_utf8(text).ok()?.trim().parse::<usize>().ok());
                    let length = length.filter(|length| *length <= KEPT);
                    let Some(length) = length else {
                        return Err(Trouble::Headless);
                    };
                    let all = end + 1 + length;
                    if head.len() < all {
                        self.head = Some(head);
                        return Ok(());
                    }
                    if let Some(name) = &self.keep {
                        supervise::write_bytes(&self.directory, name, &head[end + 1..all], false)?;
                    }
                    head.drain(..all);
                    continue;
                }
            }
            head.drain(..=end);
        }
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let known = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
        self.skip -= known as u64;
        self.file.write_all(&bytes[known..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_the_same_however_it_is_cut() {
        let stream = b"ready\nkeep 4\na\nb\nlog\nfirst\nlog\nkeep 9\nlast";
        for cut in 1..stream.len() {
            let place = tempfile::tempdir().unwrap();
            std::fs::write(place.path().join("log"), "before|first").unwrap();
            let mut log = Log::open(place.path(), 7, Some("lock".to_owned())).unwrap();
            for part in stream.chunks(cut) {
                log.push(part).unwrap();
            }
            assert!(log.is_ready());
            assert_eq!(std::fs::read(place.path().join("lock")).unwrap(), b"a\nb\n", "{cut}");
            let text = std::fs::read_to_string(place.path().join("log")).unwrap();
            assert_eq!(text, "before|first\nlog\nkeep 9\nlast", "{cut}");
        }
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let place = tempfile::tempdir().unwrap();
        for stream in [&b"keep 99999999999\n"[..], b"keep x\n", b"hello\n", &[b'x'; 100]] {
            assert!(matches!(Log::open(place.path(), 0, None).unwrap().push(stream), Err(Trouble::Headless)));
        }
    }

    #[test]
    fn a_log_goes_on_where_the_engine_keeps_no_more_of_it() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("log"), "first").unwrap();
        let mut log = Log::from_now_on(place.path()).unwrap();
        assert!(log.is_ready());
        log.push(b"la").unwrap();
        log.push(b"st").unwrap();
        let text = std::fs::read_to_string(place.path().join("log")).unwrap();
        assert_eq!(text, format!("first{MISSING}last"));
    }
}
