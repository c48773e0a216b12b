//! The data directory belongs to one process at a time. A lock held by the kernel says to whom: it ends with the process, however that
//! ends, so there is nothing to clean up and no race about it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

/// How often it is looked again whether the lock of a process that is gone is free, and the pause between: five seconds in all.
const LOOKS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// Why the data directory could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process has it.
    #[error("the data directory {path} is in use by another terrane{holder}; stop that one first or choose another directory with --data", path = .path.display())]
    Taken {
        /// The data directory.
        path: PathBuf,
        /// ` (process 1234)`, or nothing where that is not known.
        holder: String,
    },
    /// There is none.
    #[error("there is no data directory {path}; name the server's with --data, or start terrane serve once to make it", path = .path.display())]
    Missing {
        /// The data directory.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot use {path} as data directory: {source}", path = .path.display())]
    Io {
        /// The data directory or a file in it.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The right to use the data directory. It ends when this is dropped.
#[derive(Debug)]
pub struct Lock {
    data: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the data directory, and makes it (for its owner alone) if there is none.
    pub fn create(data: &Path) -> Result<Self, Error> {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data);
        made.map_err(|source| Error::Io { path: data.to_owned(), source })?;
        Self::take(data)
    }

    /// Takes the data directory, which has to exist.
    pub fn take(data: &Path) -> Result<Self, Error> {
        if !data.is_dir() {
            return Err(Error::Missing { path: data.to_owned() });
        }
        let path = data.join("lock");
        let io = |source| Error::Io { path: path.clone(), source };
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = options.map_err(io)?;
        let mut looks = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    let holder = holder(&mut file);
                    let gone = holder.as_ref().is_some_and(|process| !Path::new("/proc").join(process).exists());
                    // A process that is killed while it starts another leaves the lock to that one until it is what it was started for.
                    if !gone || looks == LOOKS {
                        let holder = holder.map(|process| format!(" (process {process})")).unwrap_or_default();
                        return Err(Error::Taken { path: data.to_owned(), holder });
                    }
                    looks += 1;
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::Error(source)) => return Err(io(source)),
            }
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(io)?;
        writeln!(file, "{}", std::process::id()).map_err(io)?;
        Ok(Self { data: data.to_owned(), _file: file })
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }
}

/// Whose number stands in the file. It is a courtesy, and may not be written yet.
fn holder(file: &mut File) -> Option<String> {
    let mut text = String::new();
    let _ = file.rewind().and_then(|()| file.take(20).read_to_string(&mut text));
    let process = text.trim();
    (!process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit())).then(|| process.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_data_directory_is_taken_once() {
        let parent = tempfile::tempdir().unwrap();
        let data = parent.path().join("a/b");
        assert!(matches!(Lock::take(&data), Err(Error::Missing { .. })));
        let lock = Lock::create(&data).unwrap();
        assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
        let refused = Lock::create(&data).unwrap_err().to_string().replace(data.to_str().unwrap(), "DIR");
        let expected = format!(
            "the data directory DIR is in use by another terrane (process {}); stop that one first or choose another directory with --data",
            std::process::id()
        );
        assert_eq!(refused, expected);
        drop(lock);
        Lock::take(&data).unwrap();
    }

    #[test]
    fn what_a_dead_process_left_locked_is_waited_for() {
        let data = tempfile::tempdir().unwrap();
        let left = File::create(data.path().join("lock")).unwrap();
        left.lock().unwrap();
        // No process of Linux has such a number.
        writeln!(&left, "99999999").unwrap();
        let other = std::thread::spawn(move || {
            std::thread::sleep(PAUSE * 3);
            drop(left);
        });
        Lock::take(data.path()).unwrap();
        other.join().unwrap();
    }
}
