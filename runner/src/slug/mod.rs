//! The archive of a configuration, as clients upload it: judged entry by entry while it streams, so that the same rules refuse it at the upload
//! and at the unpacking, and nothing of it can be written outside the directory it is meant for.

mod archive;
mod links;

use archive::{Archive, Kind, Member};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt, PermissionsExt};
use links::Links;
use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

/// How large an archive may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes after decompression, headers included.
    pub bytes: u64,
    /// Files, directories and links together.
    pub entries: u64,
    /// Bytes after decompression for each byte before it, once more than 16 MiB have come out.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 2 << 30, entries: 200_000, ratio: 200 }
    }
}

/// Why an archive is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no gzipped tar, or it was cut off.
    #[error("the configuration archive cannot be read: {0}; upload it again")]
    Broken(String),
    /// It holds something that no configuration needs.
    #[error("the configuration archive is refused: {path:?} {problem}")]
    Refused {
        /// The member's name.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// It is larger than [`Limits`] allow.
    #[error("the configuration archive is too large: {0}; leave files out with .terraformignore")]
    TooLarge(String),
    /// The directory could not be written.
    #[error("cannot unpack the configuration archive: {path:?}: {source}")]
    Write {
        /// The member's name.
        path: String,
        /// What the file system said.
        source: io::Error,
    },
}

impl Error {
    fn refused(path: &Path, problem: impl Into<String>) -> Self {
        Self::Refused { path: path.display().to_string(), problem: problem.into() }
    }
}

/// What was found in an archive that is accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Members.
    pub entries: u64,
    /// Bytes after decompression.
    pub bytes: u64,
    /// Sentences for the person who uploaded it.
    pub warnings: Vec<String>,
}

/// Reads a whole archive and says whether [`unpack`] would accept it. Writes nothing; memory grows with the number of links only.
pub fn check(reader: impl Read, limits: Limits) -> Result<Report, Error> {
    walk(reader, limits, &mut |_, _| Ok(()), &mut |_, _| Ok(()))
}

/// Unpacks an archive into an existing empty directory. Modes are kept (without set-uid, set-gid and sticky bits), owners are not; links are made
/// last, so that nothing is written through them. Absolute links, which clients make of links inside the configuration, are left out with a warning.
pub fn unpack(reader: impl Read, directory: &Dir, limits: Limits) -> Result<Report, Error> {
    let mut modes = Vec::new();
    let report = walk(
        reader,
        limits,
        &mut |member, contents| {
            let failed = |source| Error::Write { path: member.path.display().to_string(), source };
            write(directory, member, contents).map_err(failed)?;
            if member.kind == Kind::Directory {
                modes.push((member.path.clone(), member.mode));
            }
            Ok(())
        },
        &mut |path, target| {
            let failed = |source| Error::Write { path: path.display().to_string(), source };
            parents(directory, path).map_err(failed)?;
            directory.symlink(target, path).map_err(failed)
        },
    )?;
    for (path, mode) in modes.into_iter().rev() {
        let permissions = cap_std::fs::Permissions::from_mode(mode & 0o777 | 0o700);
        let failed = |source| Error::Write { path: path.display().to_string(), source };
        if !path.as_os_str().is_empty() {
            directory.set_permissions(&path, permissions).map_err(failed)?;
        }
    }
    Ok(report)
}

type Accept<'a> = &'a mut dyn FnMut(&Member, &mut dyn Read) -> Result<(), Error>;
type Link<'a> = &'a mut dyn FnMut(&Path, &Path) -> Result<(), Error>;

fn walk(reader: impl Read, limits: Limits, accept: Accept<'_>, link: Link<'_>) -> Result<Report, Error> {
    let archive = Archive::new(reader, limits);
    let mut links = Links::default();
    let mut report = Report::default();
    let bytes = archive.each(|member, contents| {
        report.entries += 1;
        if report.entries > limits.entries {
            return Err(Error::TooLarge(format!("it holds more than {} files", limits.entries)));
        }
        match &member.kind {
            Kind::File | Kind::Directory => accept(member, contents),
            Kind::Link(target) if target.is_absolute() => {
                report.warnings.push(format!(
                    "the link {:?} was left out: it points to {:?}, which exists on the uploading machine only; make it relative",
                    member.path.display().to_string(),
                    target.display().to_string()
                ));
                Ok(())
            }
            Kind::Link(target) => {
                links.add(member.path.clone(), target.clone());
                Ok(())
            }
        }
    })?;
    links.check()?;
    for (path, target) in links.iter() {
        link(path, target)?;
    }
    report.bytes = bytes;
    Ok(report)
}

fn write(directory: &Dir, member: &Member, contents: &mut dyn Read) -> io::Result<()> {
    if member.kind == Kind::Directory {
        return if member.path.as_os_str().is_empty() { Ok(()) } else { directory.create_dir_all(&member.path) };
    }
    parents(directory, &member.path)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = match directory.open_with(&member.path, &options) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            directory.remove_file(&member.path)?; // a later member of the same name replaces the earlier one
            directory.open_with(&member.path, &options)?
        }
        other => other?,
    };
    io::copy(contents, &mut file)?;
    file.set_permissions(cap_std::fs::Permissions::from_mode(member.mode & 0o777 | 0o400))
}

fn parents(directory: &Dir, path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => directory.create_dir_all(parent),
        _ => Ok(()),
    }
}

/// A member's name as it may be written: beneath the root, no way up.
fn beneath(bytes: &[u8]) -> Result<PathBuf, Error> {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Component};
    let path = Path::new(OsStr::from_bytes(bytes));
    if bytes.len() > 4096 || bytes.contains(&0) {
        return Err(Error::refused(path, "has a name that no file system takes"));
    }
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            Component::ParentDir => return Err(Error::refused(path, "leads out of the configuration (..)")),
            Component::RootDir | Component::Prefix(_) => return Err(Error::refused(path, "has an absolute name")),
        }
    }
    Ok(clean)
}
