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
        let mut known = Known::new();
        for (path, target) in self.iter() {
            let mut walk = Walk { links: &self.0, known: &mut known, at: PathBuf::new(), depth: 0 };
            walk.along(path.parent().unwrap_or(Path::new("")), 0)
                .and_then(|()| walk.along(target, 0))
                .map_err(|problem| Error::refused(path, format!("is a link that {problem} ({})", target.display())))?;
        }
        Ok(())
    }
}

/// Where links end, and how many are followed on the way there: each is followed once, however many lead to it.
type Known = BTreeMap<PathBuf, (PathBuf, usize)>;

struct Walk<'a> {
    links: &'a BTreeMap<PathBuf, PathBuf>,
    known: &'a mut Known,
    /// A place that no link leads to.
    at: PathBuf,
    depth: usize,
}

impl Walk<'_> {
    fn along(&mut self, path: &Path, level: usize) -> Result<(), &'static str> {
        for component in path.components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => {
                    if !self.at.pop() {
                        return Err("leads out of the configuration");
                    }
                }
                Component::RootDir | Component::Prefix(_) => return Err("is absolute"),
                Component::Normal(name) => {
                    self.at.push(name);
                    if let Some(target) = self.links.get(&self.at) {
                        self.follow(target, level)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn follow(&mut self, target: &Path, level: usize) -> Result<(), &'static str> {
        if let Some((end, followed)) = self.known.get(&self.at) {
            self.depth += followed;
            self.at.clone_from(end);
        } else {
            let (link, before) = (self.at.clone(), self.depth);
            self.depth += 1;
            self.at.pop();
            if level < DEPTH {
                self.along(target, level + 1)?;
            }
            self.known.insert(link, (self.at.clone(), self.depth - before));
        }
        // One that leads to itself is never known, and followed until here.
        if level >= DEPTH || self.depth > DEPTH { Err("leads to itself") } else { Ok(()) }
    }
}
