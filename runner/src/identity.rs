//! Who a runner is, from one start to the next. A copy of its directory is another runner: of two that were the same one to the server, each
//! would prove by its hello that the applies of the other are dead.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// What a runner's directory says of its runner.
#[derive(Debug)]
pub(crate) struct Identity {
    /// As whom the server knows it, if it does.
    pub(crate) agent: Option<String>,
    /// Whether the directory was made by copying that of another runner.
    pub(crate) copied: bool,
    note: PathBuf,
    place: String,
}

impl Identity {
    /// Reads it. `directory` is that of the phases.
    pub(crate) fn read(directory: &Path) -> Self {
        let (note, place) = (directory.join("known").join("agent"), place(directory));
        let text = fs::read_to_string(&note).unwrap_or_default();
        let mut lines = text.lines().map(str::trim);
        let agent = lines.next().filter(|agent| !agent.is_empty()).map(str::to_owned);
        // A note from before this was written down names no place.
        let copied = lines.next().is_some_and(|noted| noted != place);
        Self { agent: agent.filter(|_| !copied), copied, note, place }
    }

    /// Keeps whom the server takes it for.
    pub(crate) fn keep(&self, agent: &str) -> io::Result<()> {
        fs::write(&self.note, format!("{agent}\n{}\n", self.place))
    }
}

/// What a copy of the directory does not share with it.
fn place(directory: &Path) -> String {
    let machine = fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let inode = fs::metadata(directory).map_or(0, |metadata| metadata.ino());
    format!("{} {inode}", machine.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_another_runner() {
        let folder = tempfile::tempdir().unwrap();
        let directory = |name: &str| {
            let directory = folder.path().join(name);
            fs::create_dir_all(directory.join("known")).unwrap();
            directory
        };
        let (one, copy) = (directory("one"), directory("copy"));
        let said = |directory: &Path| {
            let identity = Identity::read(directory);
            (identity.agent, identity.copied)
        };
        assert_eq!(said(&one), (None, false));
        Identity::read(&one).keep("agent-1").unwrap();
        assert_eq!(said(&one), (Some("agent-1".into()), false));
        fs::copy(one.join("known/agent"), copy.join("known/agent")).unwrap();
        assert_eq!(said(&copy), (None, true));
        fs::write(one.join("known/agent"), "agent-1").unwrap();
        assert_eq!(said(&one), (Some("agent-1".into()), false), "as it was noted once");
    }
}
