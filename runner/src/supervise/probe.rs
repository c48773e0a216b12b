//! What this machine can build a wall of, found out by building one.

use super::{
    spec::{Output, Spec, Step, Wall},
    watch,
};
use std::{fs, path::Path};

/// What a wall lacks here; nothing when it can be whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Probe {
    /// Why there are no namespaces.
    pub(crate) namespaces: Option<String>,
    /// Why there is no Landlock.
    pub(crate) landlock: Option<String>,
}

/// Prints a [`Probe`] as JSON.
pub(super) fn main() -> i32 {
    let probe = Probe { namespaces: attempt(true, false), landlock: attempt(false, true) };
    match serde_json::to_writer(std::io::stdout(), &probe) {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

fn attempt(namespaces: bool, landlock: bool) -> Option<String> {
    let directory = std::env::temp_dir().join(format!("terrane-probe-{}", std::process::id()));
    let reason = attempt_in(&directory, namespaces, landlock);
    fs::remove_dir_all(&directory).ok();
    reason
}

fn attempt_in(directory: &Path, namespaces: bool, landlock: bool) -> Option<String> {
    let work = directory.join("w");
    if let Err(error) = fs::create_dir_all(work.join("t")) {
        return Some(format!("cannot create {}: {error}", work.display()));
    }
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return Some(format!("cannot find this program: {error}")),
    };
    fs::write(directory.join(super::name::LEASE), u64::MAX.to_string()).ok();
    let spec = Spec {
        directory: directory.to_owned(),
        steps: vec![Step {
            program: program.clone(),
            arguments: vec!["supervise".to_owned(), "nothing".to_owned()],
            directory: "/".into(),
            environment: Vec::new(),
            output: Output::Quiet,
            keep: None,
        }],
        wall: Wall {
            work,
            hide: Vec::new(),
            read: vec![program],
            ports: Vec::new(),
            uid: 65_532,
            namespaces,
            landlock,
            container: None,
        },
        survive: true,
        grace_seconds: 0,
        abandoned_grace_seconds: 0,
        state: None,
        fetch: Vec::new(),
    };
    let exit = watch::run(&spec);
    if exit.succeeded == 1 {
        return None;
    }
    Some(exit.unstarted.clone().unwrap_or_else(|| format!("a process behind it ended with {exit:?}")))
}
