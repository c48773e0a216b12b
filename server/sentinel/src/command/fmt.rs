//! `policy fmt`.

use std::io::Write;
use std::path::PathBuf;

use super::write;
use crate::case;

/// What `policy fmt` is asked.
#[derive(Debug, Clone, Default)]
pub struct Fmt {
    /// Policies and directories.
    pub paths: Vec<PathBuf>,
    /// Only name the files that are laid out differently; the exit code is 1 if there are any.
    pub check: bool,
}

impl Fmt {
    /// Lays the files out; names those that change. The result is the exit code.
    ///
    /// # Errors
    /// When a file cannot be read, parsed or written.
    pub fn execute(&self, out: &mut dyn Write) -> Result<u8, String> {
        let mut changed = false;
        for path in &self.paths {
            for file in case::policies(path)? {
                let shown = file.display().to_string();
                let text = std::fs::read_to_string(&file).map_err(|e| format!("{shown}: {e}"))?;
                let made = crate::format::format(&shown, &text).map_err(|e| e.to_string())?;
                if made != text {
                    changed = true;
                    write(out, &format!("{shown}\n"))?;
                    if !self.check {
                        std::fs::write(&file, made).map_err(|e| format!("{shown}: {e}"))?;
                    }
                }
            }
        }
        Ok(u8::from(changed && self.check))
    }
}
