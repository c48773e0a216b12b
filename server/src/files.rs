//! Small files that must be whole whenever somebody reads them.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// Writes a file whole or not at all, with this mode.
pub(crate) fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let new = path.with_extension("new");
    // The mode counts only where the file is made: what a crash left behind must not keep its own.
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
    file.write_all(text.as_bytes())?;
    points::pass("file.written");
    file.sync_all()?;
    points::pass("file.synced");
    std::fs::rename(&new, path)?;
    points::pass("file.renamed");
    let directory = path.parent().unwrap_or(path);
    File::open(directory).and_then(|directory| directory.sync_all())?;
    points::pass("file.named");
    Ok(())
}
