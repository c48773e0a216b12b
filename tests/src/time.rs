//! The time of day as one process sees it, set at will while the process runs: see tests/tools/clock.c.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::settings;

/// A clock on the wall of some processes.
pub struct Wall {
    library: PathBuf,
    offset: PathBuf,
}

impl Wall {
    /// Hangs it, showing the right time. Its files are `path` and one beside it.
    ///
    /// # Panics
    /// When the library cannot be built.
    #[must_use]
    pub fn hang(path: &Path) -> Self {
        let wall = Self { library: path.with_extension("so"), offset: path.to_owned() };
        let source = settings::checkout().join("tests/tools/clock.c");
        let mut compiler = Command::new("cc");
        let built = compiler.args(["-O2", "-Wall", "-shared", "-fPIC", "-o"]).arg(&wall.library).arg(source).status();
        assert!(built.expect("run cc").success(), "the clock was not built");
        wall.set(0);
        wall
    }

    /// Sets it so many seconds before or after the right time.
    ///
    /// # Panics
    /// When its file cannot be written.
    pub fn set(&self, seconds: i64) {
        let new = self.offset.with_extension("new");
        fs::write(&new, seconds.to_string()).expect("write an offset");
        fs::rename(&new, &self.offset).expect("set the time");
    }

    /// What a process needs in its environment to look at it.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.display().to_string();
        vec![("LD_PRELOAD".into(), text(&self.library)), ("TERRANE_TEST_CLOCK".into(), text(&self.offset))]
    }
}
