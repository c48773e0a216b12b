//! Commands of the site and of the organization around the engine: behind the same wall, with the same environment, in the same log.

use crate::supervise::spec::{Output, Step};
use protocol::{Hook, Job, Moment, Phase};
use secrecy::ExposeSecret;
use std::path::PathBuf;

/// What executes a hook.
pub(crate) const SHELL: &str = "/bin/sh";

/// What the engine's own step is called where it tests.
pub(crate) const TEST: &str = "test";

/// Puts the hooks of a job around the engine's own steps, and says what each step of them all is called.
pub(crate) fn surround(steps: &mut Vec<Step>, job: &Job) -> Vec<String> {
    let engine = job.engine.program();
    let verb = match job.phase {
        Phase::Plan => "plan",
        Phase::Apply => "apply",
        Phase::Test => TEST,
    };
    let Some(model) = steps.last().cloned() else { return Vec::new() };
    let mut names = vec![format!("{engine} init"); steps.len() - 1];
    names.push(format!("{engine} {verb}"));
    let mut before = 0;
    for hook in &job.hooks {
        let step = Step {
            program: PathBuf::from(SHELL),
            arguments: arguments(hook),
            output: Output::Log,
            keep: None,
            ..model.clone()
        };
        let place = match hook.moment {
            Moment::Before => before,
            Moment::After => steps.len(),
        };
        before += usize::from(hook.moment == Moment::Before);
        names.insert(place, format!("the {}", hook.name));
        steps.insert(place, step);
    }
    names
}

/// A script travels as an argument, never as a file: what a configuration executes could change a file before a later hook reads it.
fn arguments(hook: &Hook) -> Vec<String> {
    // The heading is an argument of its own, so that no name of a hook is ever read as a command.
    let script = format!("printf '\\n== %s ==\\n\\n' \"$0\"\n{}\n", hook.script.expose_secret());
    vec!["-c".to_owned(), script, hook.name.clone()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_has_its_heading() {
        let name = "a'; exit 1; '".to_owned();
        let hook = Hook { moment: Moment::Before, name, script: "echo \"$1\"; exit 3".into() };
        let output = std::process::Command::new("/bin/sh").args(arguments(&hook)).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "\n== a'; exit 1; ' ==\n\n\n");
        assert_eq!(output.status.code(), Some(3));
    }
}
