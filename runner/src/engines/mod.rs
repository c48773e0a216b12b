//! Finds the engine of a wanted version: in the engines directory, on the search path, or in the release mirror.

mod mirror;
mod version;

use crate::Options;
use mirror::Releases;
pub(crate) use mirror::architecture;
use protocol::Engine;
use semver::Version;
use serde::Deserialize;
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Mutex,
    time::SystemTime,
};
pub(crate) use version::Wanted;

/// An engine that can be executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Executable {
    pub(crate) version: Version,
    pub(crate) path: PathBuf,
    /// The image that holds it, where it does not lie on this machine.
    pub(crate) image: Option<crate::docker::Image>,
    /// The site's own image of the same version, where the workspace chose `image`.
    pub(crate) judge: Option<crate::docker::Image>,
}

impl Executable {
    /// One that lies on this machine.
    pub(crate) fn at(version: Version, path: PathBuf) -> Self {
        Self { version, path, image: None, judge: None }
    }
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(
        "a plan that was made in {chosen}, which the workspace chose, is read in the site's own image of that version, and that cannot be had: {failure}; let the site have one, or choose a version of which it has one"
    )]
    Judge { chosen: String, failure: Box<Failure> },
    #[error("{0:?} is no version: give one like 1.11.4, a constraint like \"~> 1.11\" or latest")]
    Wanted(String),
    #[error(
        "no {program} {wanted} can be had: {had}; put one into {engines}/VERSION/{program}, name a release mirror (--release-mirror https://releases.hashicorp.com has every terraform), or choose another version"
    )]
    Missing { program: &'static str, wanted: String, had: String, engines: String },
    #[error(
        "no image for version {wanted} is here: of {template} there is {}; give the exact version, so that its image can be pulled",
        if had.is_empty() { "none" } else { had }
    )]
    NoImage { wanted: String, template: String, had: String },
    #[error(
        "the image {reference} cannot be used: {reason}; correct its name or the version, or let the engine have it"
    )]
    Image { reference: String, reason: String },
    #[error("the container engine {engine} does not answer: {reason}; see that it runs, then start the run again")]
    Engine { engine: String, reason: String },
    #[error("the image {image} holds {program} {found} and not {wanted}: correct the name of the image or the version")]
    OtherVersion { image: String, program: &'static str, found: String, wanted: String },
    #[error(transparent)]
    Mirror(#[from] mirror::Failure),
}

/// What can be executed on this machine.
pub(crate) struct Engines {
    directory: PathBuf,
    search: Vec<PathBuf>,
    releases: Option<Releases>,
    /// What a program on the search path said about itself, by path, for as long as the file is the same.
    asked: Mutex<HashMap<PathBuf, Answer>>,
}

/// What a program said about itself, and which file it was then.
struct Answer {
    modified: SystemTime,
    length: u64,
    version: Option<Version>,
}

impl Engines {
    /// Fails when there can be no client for the mirror.
    pub(crate) fn new(options: &Options) -> Result<Self, reqwest::Error> {
        let releases = options.mirror.as_ref().map(|mirror| Releases::new(mirror, options)).transpose()?;
        let (directory, search) = (options.engines.clone(), options.search.clone());
        Ok(Self { directory, search, releases, asked: Mutex::default() })
    }

    /// The newest engine that is as wanted: of those that are here, or of the mirror's where none here will do. Who wants the latest one means the
    /// mirror's, while that can be reached.
    pub(crate) async fn resolve(&self, engine: Engine, wanted: &str) -> Result<Executable, Failure> {
        let parsed = Wanted::parse(wanted).ok_or_else(|| Failure::Wanted(wanted.to_owned()))?;
        // Of two that are the same version the later wins: what the operator put into the engines directory.
        let mut here = self.found(engine).await;
        here.extend(self.kept(engine));
        here.sort_by(|one, other| one.version.cmp(&other.version));
        if let (Wanted::Latest, Some(releases)) = (&parsed, &self.releases) {
            match releases.get(engine, &parsed).await {
                Ok(Some(executable)) => return Ok(executable),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "the latest engine that is here is used"),
            }
        }
        if let Some(best) = here.iter().rev().find(|executable| parsed.accepts(&executable.version)) {
            return Ok(best.clone());
        }
        if let Some(releases) = &self.releases {
            if let Some(executable) = releases.get(engine, &parsed).await? {
                return Ok(executable);
            }
            let version = |version| Executable::at(version, PathBuf::new());
            here.extend(releases.versions(engine).await?.into_iter().map(version));
            here.sort_by(|one, other| one.version.cmp(&other.version));
        }
        let mut had: Vec<_> = here.iter().map(|executable| executable.version.to_string()).collect();
        had.dedup();
        Err(Failure::Missing {
            program: engine.program(),
            wanted: wanted.to_owned(),
            had: if had.is_empty() { "there is none".to_owned() } else { format!("there is {}", had.join(", ")) },
            engines: self.directory.display().to_string(),
        })
    }

    /// Those of the engines directory; the directory's name is the version.
    fn kept(&self, engine: Engine) -> Vec<Executable> {
        let Ok(entries) = fs::read_dir(&self.directory) else { return Vec::new() };
        let executable = |entry: fs::DirEntry| {
            let version = Version::parse(entry.file_name().to_str()?).ok()?;
            let path = entry.path().join(engine.program());
            path.is_file().then_some(Executable::at(version, path))
        };
        entries.flatten().filter_map(executable).collect()
    }

    /// Those on the search path, which must be asked for their version; once.
    async fn found(&self, engine: Engine) -> Vec<Executable> {
        let mut found = Vec::new();
        for directory in &self.search {
            let Ok(path) = fs::canonicalize(directory.join(engine.program())) else { continue };
            let Ok((modified, length)) = fs::metadata(&path).and_then(|meta| Ok((meta.modified()?, meta.len()))) else {
                continue;
            };
            let same = |answer: &&Answer| (answer.modified, answer.length) == (modified, length);
            let known = self.lock().get(&path).filter(same).map(|answer| answer.version.clone());
            let version = match known {
                Some(version) => version,
                None => {
                    let version = ask(&path).await;
                    self.lock().insert(path.clone(), Answer { modified, length, version: version.clone() });
                    version
                }
            };
            found.extend(version.map(|version| Executable::at(version, path)));
        }
        found
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Answer>> {
        self.asked.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

async fn ask(program: &Path) -> Option<Version> {
    #[derive(Deserialize)]
    struct Told {
        terraform_version: Version,
    }
    let mut command = tokio::process::Command::new(program);
    command
        .args(["version", "-json"])
        .env_clear()
        .env("CHECKPOINT_DISABLE", "1")
        .env("HOME", "/nonexistent")
        .current_dir("/");
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).output().await.ok()?;
    Some(serde_json::from_slice::<Told>(&output.stdout).ok()?.terraform_version)
}
