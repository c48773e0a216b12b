//! What every run of the site is given, whoever executes it: commands around its phases, and whom git may trust.

use super::{
    key::{Key, Problem},
    sources::Sources,
    value::Value,
};
use domain::hook::{self, Point};
use secrecy::SecretString;
use std::path::{Path, PathBuf};

const PRE_PLAN: Key = Key::secret(
    "hook-pre-plan",
    "hook-pre-plan-file",
    "COMMAND",
    "A shell command that runs before each plan, behind its wall; if it fails, so does the plan [default: none]",
);
const POST_PLAN: Key = Key::secret(
    "hook-post-plan",
    "hook-post-plan-file",
    "COMMAND",
    "The same after each plan that succeeded [default: none]",
);
const PRE_APPLY: Key =
    Key::secret("hook-pre-apply", "hook-pre-apply-file", "COMMAND", "The same before each apply [default: none]");
const POST_APPLY: Key = Key::secret(
    "hook-post-apply",
    "hook-post-apply-file",
    "COMMAND",
    "The same after each apply that succeeded [default: none]",
);
const KNOWN_HOSTS: Key = Key::new(
    "ssh-known-hosts",
    "FILE",
    "The SSH host keys that runs accept when they fetch modules [default: none, and then every host's is accepted]",
);

/// All settings of this section.
pub(super) const KEYS: [Key; 5] = [PRE_PLAN, POST_PLAN, PRE_APPLY, POST_APPLY, KNOWN_HOSTS];

/// The section.
#[derive(Debug, Clone)]
pub struct Runs {
    /// Commands around the phases of every run.
    pub hooks: Vec<(Point, SecretString)>,
    /// A `known_hosts` file.
    pub known_hosts: Option<PathBuf>,
}

impl Runs {
    /// Reads the section.
    pub(super) fn read(sources: &mut Sources) -> Result<Self, Problem> {
        let points = [
            (Point::PrePlan, &PRE_PLAN),
            (Point::PostPlan, &POST_PLAN),
            (Point::PreApply, &PRE_APPLY),
            (Point::PostApply, &POST_APPLY),
        ];
        let mut hooks = Vec::new();
        for (point, key) in points {
            if let Some(Script(script)) = sources.find(key)? {
                hooks.push((point, script));
            }
        }
        Ok(Self { hooks, known_hosts: sources.find(&KNOWN_HOSTS)? })
    }
}

struct Script(SecretString);

impl Value for Script {
    const ACCEPTED: &'static str = "a command for /bin/sh, or a file with a script in the setting that ends in -file";

    // No message repeats the text: it may hold a secret.
    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        match hook::check(text) {
            Ok(()) => Ok(Self(text.into())),
            Err(_) => Err("the command is empty, longer than 64 KiB or holds a NUL character".to_owned()),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String("***".to_owned())
    }
}
