//! The file of the master key: made once, whole or not at all, and refused when others can read it.

use crate::{Error, KeyFileProblem, MasterKey, Result, master_key::TEXT_LEN};
use std::{
    fs::{File, OpenOptions, hard_link, remove_file},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

pub(crate) fn load(path: &Path) -> Result<MasterKey> {
    let file = File::open(path).map_err(|error| io_problem(path, "opening it", error))?;
    read(path, file)
}

pub(crate) fn load_or_create(path: &Path) -> Result<MasterKey> {
    match File::open(path) {
        Ok(file) => read(path, file),
        Err(error) if error.kind() == ErrorKind::NotFound => create(path),
        Err(error) => Err(io_problem(path, "opening it", error)),
    }
}

fn read(path: &Path, file: File) -> Result<MasterKey> {
    let metadata = file.metadata().map_err(|error| io_problem(path, "looking at it", error))?;
    if !metadata.is_file() {
        return Err(problem(path, KeyFileProblem::NotAFile));
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(problem(path, KeyFileProblem::Exposed { mode }));
    }
    let mut text = Zeroizing::new(String::with_capacity(2 * TEXT_LEN));
    match file.take(2 * TEXT_LEN as u64).read_to_string(&mut text) {
        Ok(_) => MasterKey::parse(&text).ok_or_else(|| problem(path, KeyFileProblem::Content)),
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(problem(path, KeyFileProblem::Content)),
        Err(error) => Err(io_problem(path, "reading it", error)),
    }
}

/// Writes a whole file beside and links it to its name: unlike a rename, a link never replaces a key that another process made meanwhile.
fn create(path: &Path) -> Result<MasterKey> {
    let key = MasterKey::generate()?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let draft =
        Draft::write(folder, &key).map_err(|error| io_problem(path, "writing it (does its folder exist?)", error))?;
    let linked = hard_link(&draft.0, path);
    points::pass("key.linked");
    drop(draft);
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return load(path),
        Err(error) => return Err(io_problem(path, "giving it its name", error)),
    }
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| io_problem(path, "syncing its folder", error))?;
    points::pass("key.named");
    Ok(key)
}

/// A written key file without its name; it goes when this is dropped.
struct Draft(PathBuf);

impl Draft {
    fn write(folder: &Path, key: &MasterKey) -> io::Result<Self> {
        let path = folder.join(format!(".master-key-{}.tmp", key.id()));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let draft = Self(path);
        let mut text = key.to_text();
        text.push('\n');
        file.write_all(text.as_bytes())?;
        points::pass("key.written");
        file.sync_all()?;
        points::pass("key.synced");
        Ok(draft)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What stays behind after a failure is a key that nothing was sealed with, readable by its owner only.
        let _ = remove_file(&self.0);
    }
}

fn io_problem(path: &Path, doing: &'static str, error: io::Error) -> Error {
    problem(path, KeyFileProblem::Io { doing, error })
}

fn problem(path: &Path, problem: KeyFileProblem) -> Error {
    Error::KeyFile { path: path.into(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs::{Permissions, read_dir, read_to_string, set_permissions, write},
        thread,
    };

    #[test]
    fn made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let made = MasterKey::load_or_create(&path).unwrap();
        assert_eq!(MasterKey::load_or_create(&path).unwrap().id(), made.id());
        assert_eq!(MasterKey::load(&path).unwrap().id(), made.id());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(read_dir(folder.path()).unwrap().count(), 1, "no draft stays behind");
    }

    #[test]
    fn many_that_create_get_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let ids: Vec<String> = thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| MasterKey::load_or_create(&path).unwrap().id().to_owned())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn refused_when_others_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        MasterKey::load_or_create(&path).unwrap();
        for mode in [0o640, 0o604, 0o622] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = MasterKey::load_or_create(&path).unwrap_err().to_string();
            assert!(error.contains(&format!("{mode:04o}")) && error.contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn never_replaced_when_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let key = MasterKey::generate().unwrap();
        for content in
            [vec![], b"trnk_short\n".to_vec(), vec![0xff; 48], [key.to_text().as_bytes(), b"\nmore"].concat()]
        {
            write(&path, &content).unwrap();
            set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            let error = MasterKey::load_or_create(&path).unwrap_err();
            assert!(matches!(error, Error::KeyFile { problem: KeyFileProblem::Content, .. }), "{error}");
            assert_eq!(std::fs::read(&path).unwrap(), content);
        }
    }

    #[test]
    fn errors_name_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("absent").join("master.key");
        for error in [MasterKey::load_or_create(&path).unwrap_err(), MasterKey::load(&path).unwrap_err()] {
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        }
        let error = MasterKey::load(folder.path()).unwrap_err();
        assert!(matches!(error, Error::KeyFile { problem: KeyFileProblem::NotAFile, .. }), "{error}");
    }

    #[test]
    fn the_file_is_one_line_of_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        MasterKey::load_or_create(&path).unwrap();
        let text = read_to_string(&path).unwrap();
        assert!(text.starts_with("trnk_") && text.ends_with('\n') && text.lines().count() == 1);
    }
}
