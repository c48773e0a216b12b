//! Archives on disk, by their check sums: what is used least goes first when there are too many.

use crate::{
    address::is_sum,
    error::{Error, Result},
};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, utimensat};
use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};
use tokio::sync::Mutex;

/// The beginning of the name of what is not whole yet.
const NEW: &str = ".new-";

/// A file to hand on.
#[derive(Debug)]
pub struct Archive {
    /// Open, at its beginning.
    pub file: tokio::fs::File,
    /// How long it is.
    pub bytes: u64,
}

impl Archive {
    /// Opens a file that may be missing.
    pub(crate) async fn open(path: &Path) -> Result<Option<Self>> {
        let failed = |error: io::Error| Error::io("reading", path, &error);
        match tokio::fs::File::open(path).await {
            Ok(file) => {
                let metadata = file.metadata().await.map_err(failed)?;
                Ok(metadata.is_file().then(|| Self { bytes: metadata.len(), file }))
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }
}

/// The directory of archives.
#[derive(Debug)]
pub(crate) struct Kept {
    directory: PathBuf,
    bytes: u64,
    next: AtomicU64,
    sweeping: Mutex<()>,
}

impl Kept {
    /// Opens it, with at most so many bytes in it, and takes away what an earlier process left unfinished.
    pub(crate) fn open(directory: PathBuf, bytes: u64) -> Result<Self> {
        let prepare = || {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
            for entry in fs::read_dir(&directory)? {
                let entry = entry?;
                if entry.file_name().to_string_lossy().starts_with(NEW) {
                    fs::remove_file(entry.path())?;
                }
            }
            Ok(())
        };
        prepare().map_err(|error: io::Error| Error::io("preparing", &directory, &error))?;
        Ok(Self { directory, bytes, next: AtomicU64::new(0), sweeping: Mutex::default() })
    }

    /// The most bytes that are kept.
    pub(crate) fn most(&self) -> u64 {
        self.bytes
    }

    fn path(&self, sum: &str) -> PathBuf {
        self.directory.join(format!("{sum}.zip"))
    }

    fn note(&self, sum: &str) -> PathBuf {
        self.directory.join(format!("{sum}.h1"))
    }

    /// The archive with this check sum, if it is here; that it is used now is noted.
    pub(crate) async fn find(&self, sum: &str) -> Result<Option<Archive>> {
        let path = self.path(sum);
        let found = Archive::open(&path).await?;
        if found.is_some() {
            let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
            let times = Timestamps { last_access: now, last_modification: now };
            utimensat(CWD, &path, &times, AtFlags::empty()).ok(); // swept meanwhile: it is open, and that is enough
        }
        Ok(found)
    }

    /// `h1:…` of what is here, if it is known.
    pub(crate) async fn h1(&self, sum: &str) -> Option<String> {
        tokio::fs::read_to_string(self.note(sum)).await.ok()
    }

    /// An empty file for what is to be kept.
    pub(crate) fn begin(&self) -> Result<New> {
        let name = format!("{NEW}{}", self.next.fetch_add(1, Ordering::Relaxed));
        let path = self.directory.join(name);
        let file = fs::OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|error| Error::io("writing", &path, &error))?;
        Ok(New { path, file })
    }

    /// Keeps what is whole and verified now, and makes room for it.
    pub(crate) async fn keep(&self, new: New, sum: &str, h1: Option<String>) -> Result<()> {
        debug_assert!(is_sum(sum), "{sum}");
        let (path, note) = (self.path(sum), self.note(sum));
        let (directory, bytes) = (self.directory.clone(), self.bytes);
        let _one_at_a_time = self.sweeping.lock().await;
        let kept = tokio::task::spawn_blocking(move || {
            new.file.sync_all()?;
            if let Some(h1) = h1 {
                fs::write(&note, h1)?;
            }
            fs::rename(&new.path, &path)?;
            sweep(&directory, bytes, &path)
        });
        let failed = |error: io::Error| Error::io("keeping an archive in", &self.directory, &error);
        kept.await.map_err(io::Error::other).flatten().map_err(failed)
    }
}

/// A file that is not kept yet; dropped before that, it goes away.
pub(crate) struct New {
    path: PathBuf,
    /// What is to be filled.
    pub(crate) file: fs::File,
}

impl New {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for New {
    fn drop(&mut self) {
        fs::remove_file(&self.path).ok(); // it was renamed if all went well
    }
}

/// Takes the least used away until the rest fits; never what came just now.
fn sweep(directory: &Path, most: u64, but: &Path) -> io::Result<()> {
    let mut all: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "zip") {
            let metadata = fs::metadata(&path)?;
            all.push((metadata.modified()?, metadata.len(), path));
        }
    }
    all.sort();
    let mut total: u64 = all.iter().map(|(_, bytes, _)| bytes).sum();
    for (_, bytes, path) in all {
        if total <= most {
            break;
        }
        if path != but {
            fs::remove_file(&path)?;
            fs::remove_file(path.with_extension("h1")).ok(); // only providers have one
            total -= bytes;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn sum(digit: char) -> String {
        digit.to_string().repeat(64)
    }

    async fn keep(kept: &Kept, digit: char) {
        let mut new = kept.begin().unwrap();
        new.file.write_all(&[0; 100]).unwrap();
        kept.keep(new, &sum(digit), Some(format!("h1:{digit}"))).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_used_least_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::open(folder.path().join("a"), 300).unwrap();
        for (age, digit) in ['a', 'b', 'c'].into_iter().enumerate() {
            keep(&kept, digit).await;
            // Long ago, one after another.
            let file = fs::File::options().write(true).open(kept.path(&sum(digit))).unwrap();
            let second = std::time::Duration::from_secs(1 + age as u64);
            file.set_modified(SystemTime::UNIX_EPOCH + second).unwrap();
        }
        assert_eq!(kept.find(&sum('a')).await.unwrap().unwrap().bytes, 100);
        keep(&kept, 'd').await;
        assert!(kept.find(&sum('b')).await.unwrap().is_none());
        assert_eq!(kept.h1(&sum('b')).await, None);
        for digit in ['a', 'c', 'd'] {
            assert!(kept.find(&sum(digit)).await.unwrap().is_some(), "{digit}");
            assert_eq!(kept.h1(&sum(digit)).await.unwrap(), format!("h1:{digit}"));
        }
    }

    #[tokio::test]
    async fn what_is_not_whole_is_never_kept() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::open(folder.path().join("a"), 300).unwrap();
        drop(kept.begin().unwrap());
        assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 0);
        std::mem::forget(kept.begin().unwrap());
        Kept::open(folder.path().join("a"), 300).unwrap();
        assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 0);
    }
}
