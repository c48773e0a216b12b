//! Judges the links of an archive together, because one link can lead another out of the root: `p/q/d -> ../..` and then `e -> p/q/d/..`.

use super::Error;
use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

/// As deep as systems follow links.
const DEPTH: usize = 40;

/// Relative links by where they lie.
#[derive(Debug, Default)]
pub(super) struct Links(BTreeMap<PathBuf, PathBuf>);

impl Links {
    pub(super) fn add(&mut self, path: PathBuf, target: PathBuf) {
        self.0.insert(path, target);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Path, &Path)> {
        self.0.iter().map(|(path, target)| (path.as_path(), target.as_path()))
    }

    /// Whether each one ends beneath the root (what it names need not exist).
    pub(super) fn check(&self) -> Result<(), Error> {
        for (path, target) in self.iter() {
            let mut at = PathBuf::new();
            let mut depth = 0;
            let from = path.parent().unwrap_or(Path::new(""));
            self.walk(&mut at, from, &mut depth)
                .and_then(|()| self.walk(&mut at, target, &mut depth))
                .map_err(|problem| Error::refused(path, format!("is a link that {problem} ({})", target.display())))?;
        }
        Ok(())
    }

    fn walk(&self, at: &mut PathBuf, path: &Path, depth: &mut usize) -> Result<(), &'static str> {
        for component in path.components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => {
                    if !at.pop() {
                        return Err("leads out of the configuration");
                    }
                }
                Component::RootDir | Component::Prefix(_) => return Err("is absolute"),
                Component::Normal(name) => {
                    at.push(name);
                    if let Some(target) = self.0.get(at.as_path()) {
                        *depth += 1;
                        if *depth > DEPTH {
                            return Err("leads to itself");
                        }
                        at.pop();
                        self.walk(at, target, depth)?;
                    }
                }
            }
        }
        Ok(())
    }
}
