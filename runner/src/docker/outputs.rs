//! What comes out of a container beside the log: tars on the output of a command that runs in it. Foreign code may have written any of it, so that
//! only what was asked for is laid down, beneath the phase's directory, and no more than so much.

use crate::supervise::{
    self,
    spec::{Output, Spec},
};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use std::{
    io::{self, Read},
    path::{Component, Path, PathBuf},
};
use tar::{Archive, Entry, EntryType};

/// How a phase in a container ended, as PID 1 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct End {
    pub(super) succeeded: usize,
    /// What the shell says of the last step: 128 and more is a signal.
    pub(super) code: i32,
    /// The work directory is full.
    pub(super) full: bool,
    pub(super) interrupted: bool,
    pub(super) killed: bool,
    pub(super) abandoned: bool,
}

/// What is expected, and where it goes. Kept beside the phase, for the next runner.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct Wanted {
    /// The phase's directory.
    pub(super) directory: PathBuf,
    /// The state file, beneath the work directory.
    pub(super) state: Option<PathBuf>,
    /// Files and directories, beneath the work directory.
    pub(super) fetch: Vec<PathBuf>,
    /// Names for the outputs of steps.
    pub(super) files: Vec<Option<String>>,
    /// The most bytes.
    pub(super) limit: u64,
}

impl Wanted {
    pub(super) fn of(spec: &Spec, limit: u64) -> Self {
        let file = |output: &Output| match output {
            Output::File(name) => Some(name.clone()),
            _ => None,
        };
        Self {
            directory: spec.directory.clone(),
            state: spec.state.clone(),
            fetch: spec.fetch.clone(),
            files: spec.steps.iter().map(|step| file(&step.output)).collect(),
            limit,
        }
    }

    /// Reads to the end of the phase. Fails when the stream ends before: it can be asked for again.
    pub(super) fn read(&self, stream: impl Read) -> io::Result<End> {
        let root = Dir::open_ambient_dir(&self.directory, cap_std::ambient_authority())?;
        let mut archive = Archive::new(stream.take(self.limit));
        archive.set_ignore_zeros(true);
        for entry in archive.entries()? {
            let mut entry = entry?;
            let name = entry.path()?.into_owned();
            if name == Path::new(".c/rc") {
                let mut text = String::new();
                entry.take(256).read_to_string(&mut text)?;
                return End::parse(&text).ok_or_else(|| io::Error::other("the end of the phase cannot be read"));
            }
            if name == Path::new(".c/snap") {
                self.state(&root, &mut entry)?;
            } else if let Some(file) = self.file(&name) {
                supervise_file(&root, Path::new(file), &mut entry, 0o600)?;
            } else if let Ok(beneath) = name.strip_prefix("w") {
                self.lay(&root, beneath, &mut entry)?;
            }
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    fn file(&self, name: &Path) -> Option<&String> {
        let number: usize = name.to_str()?.strip_prefix(".c/out")?.parse().ok()?;
        self.files.get(number)?.as_ref()
    }

    fn state(&self, root: &Dir, entry: &mut Entry<'_, impl Read>) -> io::Result<()> {
        let Some(state) = &self.state else { return Ok(()) };
        supervise_file(root, &Path::new("w").join(state), entry, 0o600)
    }

    fn lay(&self, root: &Dir, beneath: &Path, entry: &mut Entry<'_, impl Read>) -> io::Result<()> {
        if self.state.as_deref() == Some(beneath) {
            return self.state(root, entry);
        }
        let plain = beneath.components().all(|part| matches!(part, Component::Normal(_)));
        if !plain || !self.fetch.iter().any(|wanted| beneath.starts_with(wanted)) {
            return Ok(());
        }
        let path = Path::new("w").join(beneath);
        match entry.header().entry_type() {
            EntryType::Directory => root.create_dir_all(path),
            EntryType::Regular => {
                if let Some(parent) = path.parent() {
                    root.create_dir_all(parent)?;
                }
                let mode = if entry.header().mode()? & 0o100 == 0 { 0o600 } else { 0o700 };
                supervise_file(root, &path, entry, mode)
            }
            _ => Ok(()),
        }
    }
}

/// All of it or nothing, in the place of whatever has that name.
fn supervise_file(root: &Dir, path: &Path, content: &mut impl Read, mode: u32) -> io::Result<()> {
    let new = path.with_extension("new~");
    root.remove_file(&new).ok();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    io::copy(content, &mut root.open_with(&new, &options)?)?;
    root.rename(&new, root, path)
}

impl End {
    fn parse(text: &str) -> Option<Self> {
        let numbers: Vec<i32> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
        let [succeeded, code, full, interrupted, killed, abandoned] = numbers[..] else { return None };
        Some(Self {
            succeeded: usize::try_from(succeeded).ok()?,
            code,
            full: full != 0,
            interrupted: interrupted != 0,
            killed: killed != 0,
            abandoned: abandoned != 0,
        })
    }

    /// The same as a supervisor says it of a process.
    pub(super) fn exit(self, steps: usize) -> supervise::spec::Exit {
        let ended_well = self.succeeded >= steps;
        let signal = (self.code > 128 && self.code <= 128 + 64).then_some(self.code - 128);
        supervise::spec::Exit {
            succeeded: self.succeeded.min(steps),
            code: (!ended_well && signal.is_none()).then_some(self.code),
            signal: signal.filter(|_| !ended_well),
            interrupted: self.interrupted,
            killed: self.killed,
            abandoned: self.abandoned,
            ..supervise::spec::Exit::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tar(files: &[(&str, &str)]) -> Vec<u8> {
        let mut all = Vec::new();
        for (name, text) in files {
            // Each in a tar of its own: they come one after another.
            let mut tar = tar::Builder::new(Vec::new());
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o755);
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            tar.append(&header, text.as_bytes()).unwrap();
            all.extend(tar.into_inner().unwrap());
        }
        all
    }

    fn wanted(directory: &Path) -> Wanted {
        Wanted {
            directory: directory.to_owned(),
            state: Some("c/terraform.tfstate".into()),
            fetch: vec!["plan".into()],
            files: vec![None, Some("plan.json".to_owned())],
            limit: 1 << 20,
        }
    }

    #[test]
    fn only_what_was_asked_for_is_laid_down() {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(place.path().join("w/c")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", place.path().join("w/plan")).unwrap();
        let stream = tar(&[
            (".c/snap", "state 1"),
            ("../escaped", "x"),
            ("/tmp/escaped", "x"),
            ("w/../escaped", "x"),
            ("w/c/main.tf", "x"),
            (".c/out0", "x"),
            (".c/out1", "json"),
            ("w/plan", "plan"),
            (".c/snap", "state 2"),
            (".c/rc", "1 137 1 0 1 0\n"),
        ]);
        let end = wanted(place.path()).read(&stream[..]).unwrap();
        assert_eq!((end.succeeded, end.code, end.full, end.killed), (1, 137, true, true));
        let read = |name: &str| std::fs::read_to_string(place.path().join(name)).unwrap();
        assert_eq!(
            (read("w/plan"), read("plan.json"), read("w/c/terraform.tfstate")),
            ("plan".into(), "json".into(), "state 2".into())
        );
        let mut names: Vec<_> =
            std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["plan.json", "w"]);
        assert_eq!(end.exit(2).signal, Some(9));
    }

    #[test]
    fn a_stream_that_ends_early_is_no_end() {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(place.path().join("w/c")).unwrap();
        let stream = tar(&[(".c/snap", "state 1")]);
        assert!(wanted(place.path()).read(&stream[..]).is_err());
        assert!(wanted(place.path()).read(&stream[..300]).is_err());
        let limited = Wanted { limit: 600, ..wanted(place.path()) };
        assert!(limited.read(&tar(&[("w/plan", &"x".repeat(2000)), (".c/rc", "1 0 0 0 0 0")])[..]).is_err());
    }
}
