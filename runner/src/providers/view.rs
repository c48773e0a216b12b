//! What a run sees of the packages: a directory laid out as a filesystem mirror, in which each package is a link. An engine that finds a
//! directory there links to it, and copies nothing.

use super::lock::Locked;
use mirror::{Platform, archive};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, utimensat};
use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::{DirBuilderExt, symlink},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The directory of links beside the work directory of a phase.
pub(crate) const LINKS: &str = "m";

/// A package that a phase may install by linking to it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Link {
    /// `HOST/NAMESPACE/TYPE/VERSION`
    pub(crate) name: String,
    /// What the package holds.
    pub(crate) h1: String,
}

impl Link {
    /// Whether it is the package that a lock file means.
    pub(crate) fn means(&self, locked: &Locked) -> bool {
        let same = self.name == format!("{}/{}", locked.provider, locked.version);
        same && (locked.hashes.is_empty() || locked.hashes.contains(&self.h1))
    }

    /// The name of the package's directory.
    pub(crate) fn key(&self) -> String {
        archive::key(&self.h1)
    }

    /// Its place in a filesystem mirror.
    pub(crate) fn place(&self) -> PathBuf {
        Path::new(&self.name).join(Platform::here().to_string())
    }
}

/// Makes the directory `view`, with these links to directories beneath `packages`, which need not be there for whoever makes them.
pub(crate) fn lay(view: &Path, links: &[Link], packages: &Path) -> io::Result<()> {
    let mut open = fs::DirBuilder::new();
    open.recursive(true).mode(0o755).create(view)?;
    for link in links {
        let place = view.join(link.place());
        if let Some(parent) = place.parent() {
            open.create(parent)?;
        }
        symlink(packages.join(link.key()), place)?;
    }
    Ok(())
}

/// Notes that a package is used now.
pub(super) fn touch(package: &Path) {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let times = Timestamps { last_access: now, last_modification: now };
    utimensat(CWD, package, &times, AtFlags::empty()).ok(); // only which one goes first depends on it
}

/// When a package was used.
pub(super) fn touched(package: &Path) -> SystemTime {
    fs::metadata(package).and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// The packages that phases in this directory are linked to.
pub(super) fn used(phases: &Path) -> io::Result<BTreeSet<String>> {
    let mut used = BTreeSet::new();
    for phase in fs::read_dir(phases)? {
        let mut open = vec![phase?.path().join(LINKS)];
        while let Some(directory) = open.pop() {
            // It may end while it is looked at.
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                match fs::read_link(entry.path()) {
                    Ok(target) => used.extend(target.file_name().map(|key| key.to_string_lossy().into_owned())),
                    Err(_) => open.push(entry.path()),
                }
            }
        }
    }
    Ok(used)
}
