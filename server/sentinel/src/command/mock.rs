//! `policy mock`.

use std::io::Write;
use std::path::PathBuf;

use super::{read_json, write};

/// What `policy mock` is asked.
#[derive(Debug, Clone, Default)]
pub struct Mock {
    /// `terraform show -json` of a plan.
    pub plan: PathBuf,
    /// Where the files go.
    pub directory: PathBuf,
}

impl Mock {
    /// Writes the files of a mock bundle and names them. The result is the exit code.
    ///
    /// # Errors
    /// When the plan cannot be read or a file cannot be written.
    pub fn execute(&self, out: &mut dyn Write) -> Result<u8, String> {
        let plan = read_json(&self.plan)?;
        std::fs::create_dir_all(&self.directory).map_err(|e| format!("{}: {e}", self.directory.display()))?;
        for (name, text) in crate::mock::bundle(&plan, None) {
            let file = self.directory.join(name);
            std::fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
            write(out, &format!("{}\n", file.display()))?;
        }
        Ok(0)
    }
}
