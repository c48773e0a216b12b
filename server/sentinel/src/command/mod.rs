//! The commands over policies, for a program to mount: `test`, `apply`, `fmt` and `mock`.

mod apply;
mod fmt;
mod mock;
mod test;

use std::io::Write;
use std::path::Path;

use serde_json::Value as Json;

pub use apply::Apply;
pub use fmt::Fmt;
pub use mock::Mock;
pub use test::Test;

fn write(out: &mut dyn Write, text: &str) -> Result<(), String> {
    out.write_all(text.as_bytes()).map_err(|e| format!("the output cannot be written: {e}"))
}

fn read_json(path: &Path) -> Result<Json, String> {
    let source = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_slice(&source).map_err(|e| format!("{}: {e}", path.display()))
}
