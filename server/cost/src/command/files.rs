//! Reading and writing files, with what was being done in every error.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::Error;
use crate::catalogue::{self, Catalogue};

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::File { doing: "reading", path: path.display().to_string(), error })
}

pub(super) fn read_text(path: &Path) -> Result<String, Error> {
    let text = if path == Path::new("-") { io::read_to_string(io::stdin()) } else { fs::read_to_string(path) };
    text.map_err(|error| Error::File { doing: "reading", path: path.display().to_string(), error })
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(path, bytes).map_err(|error| Error::File { doing: "writing", path: path.display().to_string(), error })
}

pub(super) fn load(path: Option<&Path>) -> Result<Catalogue, Error> {
    match path {
        Some(path) => Ok(Catalogue::unpack(&read(path)?)?),
        None => Ok(catalogue::embedded().clone()),
    }
}

/// The files of a folder with an ending, in order.
pub(super) fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(|error| Error::File {
        doing: "reading",
        path: folder.display().to_string(),
        error,
    })?;
    let mut files: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == ending));
    files.sort();
    Ok(files)
}
