//! A disk that fails at will under one folder, as some processes see it: see tests/tools/faults.c.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::settings;

/// How a disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mood {
    /// Well.
    Good = b'g',
    /// Full: a write writes half of what it is given, and the next one fails with ENOSPC.
    Full = b'f',
    /// Writes fail with EIO.
    Broken = b'b',
    /// Syncs fail with EIO.
    Unsynced = b'u',
    /// Renames fail with EIO.
    Nameless = b'n',
    /// A write writes half of what it is given.
    Short = b's',
}

/// A disk under some processes.
pub struct Disk {
    library: PathBuf,
    page: PathBuf,
    below: PathBuf,
    file: File,
}

impl Disk {
    /// Makes one, well, of everything below a folder. Its own files are `path` and one beside it, which must not lie there.
    ///
    /// # Panics
    /// When the library cannot be built.
    #[must_use]
    pub fn lay(path: &Path, below: &Path) -> Self {
        let library = path.with_extension("so");
        let source = settings::checkout().join("tests/tools/faults.c");
        let mut compiler = Command::new("cc");
        let built = compiler.args(["-O2", "-Wall", "-shared", "-fPIC", "-o"]).arg(&library).arg(source).status();
        assert!(built.expect("run cc").success(), "the disk was not built");
        fs::write(path, vec![Mood::Good as u8; 4096]).expect("write the disk's page");
        let file = File::options().write(true).open(path).expect("open the disk's page");
        Self { library, page: path.to_owned(), below: below.to_owned(), file }
    }

    /// Makes it so, from the next call of any of its processes on.
    ///
    /// # Panics
    /// When its page cannot be written.
    pub fn set(&self, mood: Mood) {
        self.file.write_all_at(&[mood as u8], 0).expect("write the disk's page");
    }

    /// What a process needs in its environment to stand on it.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.display().to_string();
        vec![
            ("LD_PRELOAD".into(), text(&self.library)),
            ("TERRANE_TEST_DISK".into(), text(&self.page)),
            ("TERRANE_TEST_DISK_BELOW".into(), text(&self.below)),
        ]
    }
}
