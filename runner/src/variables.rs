//! Gives a run its variables in a form that any string survives.
//!
//! Text goes to one JSON file, where nothing is interpolated; HCL goes to files of its own, one for each variable, so that a value with a mistake in
//! it spoils no other and shows no other in a message. The names sort last: what the workspace says is stronger than any `*.auto.tfvars` of the
//! configuration. Nothing of it is in an argument vector.

use protocol::{Category, Variable};
use secrecy::ExposeSecret;
use std::collections::BTreeMap;

/// What sorts after every file that a configuration is likely to hold.
const PREFIX: &str = "zzzzzz_terrane";

/// Names of the environment that a run cannot set: those that the runner's own arrangement stands on, and those that load foreign code into the
/// programs of the system. `TF_CLI_ARGS` and its relatives may be set, as elsewhere: they reach `init`, `plan` and `apply`, never what is judged.
const RESERVED: &[&str] = &[
    "CHECKPOINT_DISABLE",
    "HOME",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TF_CLI_CONFIG_FILE",
    "TF_DATA_DIR",
    "TF_FORCE_LOCAL_BACKEND",
    "TF_INPUT",
    "TF_IN_AUTOMATION",
    "TF_LOG_PATH",
    "TF_PLUGIN_CACHE_DIR",
    "TF_REATTACH_PROVIDERS",
    "TF_TEMP_LOG_PATH",
    "TF_WORKSPACE",
    "TMPDIR",
];
const RESERVED_PREFIXES: &[&str] = &["LD_", "TERRANE_"];

/// Variables, sorted out.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    /// Files to write beside the root module: name and contents.
    pub(crate) files: Vec<(String, String)>,
    /// For the environment of the engine.
    pub(crate) environment: Vec<(String, String)>,
    /// What was left out and why.
    pub(crate) warnings: Vec<String>,
}

impl Variables {
    /// Sorts them out; of two with the same key and category the later one stays.
    pub(crate) fn new(variables: &[Variable]) -> Self {
        let mut last: BTreeMap<(bool, &str), &Variable> = BTreeMap::new();
        for variable in variables {
            last.insert((variable.category == Category::Env, &variable.key), variable);
        }
        let mut sorted = Self::default();
        let mut text = Vec::new();
        for ((environment, key), variable) in last {
            let value = variable.value.expose_secret();
            if environment {
                match refusal(key, value) {
                    None => sorted.environment.push((key.to_owned(), value.to_owned())),
                    Some(reason) => {
                        sorted.warnings.push(format!("the environment variable {key:?} was not set: {reason}"));
                    }
                }
            } else if !is_identifier(key) {
                sorted.warnings.push(format!("the variable {key:?} was not set: its name cannot be declared"));
            } else if variable.hcl {
                let name = format!("{PREFIX}_{}.auto.tfvars", sorted.files.len());
                sorted.files.push((name, format!("{key} = {value}\n")));
            } else {
                text.push(format!("{}: {}", json(key), json(value)));
            }
        }
        if !text.is_empty() {
            // A line each: a message about one shows its line.
            let file = format!("{{\n{}\n}}\n", text.join(",\n"));
            sorted.files.push((format!("{PREFIX}.auto.tfvars.json"), file));
        }
        sorted
    }
}

/// The name of the file that puts a local backend in the place of whatever the configuration names.
pub(crate) fn override_name() -> String {
    format!("{PREFIX}_override.tf")
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn is_identifier(key: &str) -> bool {
    let mut characters = key.chars();
    characters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|character| character.is_alphanumeric() || "_-".contains(character))
}

/// Options that would take the state, or the word on where it is, out of the runner's sight.
const STEERING: &[&str] = &["backend", "backend-config", "backup", "migrate-state", "state", "state-out"];

/// Whether the arguments of a `TF_CLI_ARGS…` hold one of those. The engine takes what stands there before what the runner says, and of an option
/// that is said twice the last word: `-out` and `-input` are safe, these are not. Quotes may stand in the middle of a word, and join what they
/// surround, so they do not count; what is said inside of a value is refused too.
fn steers(arguments: &str) -> bool {
    arguments.replace(['\'', '"', '\\'], "").split_whitespace().any(|word| {
        let name = word.trim_start_matches('-').split('=').next().unwrap_or_default();
        word.starts_with('-') && STEERING.contains(&name)
    })
}

fn refusal(key: &str, value: &str) -> Option<&'static str> {
    if key.is_empty() || key.contains(['=', '\0']) {
        Some("that is no name of an environment variable")
    } else if value.contains('\0') {
        Some("its value holds a zero byte")
    } else if RESERVED.contains(&key) || RESERVED_PREFIXES.iter().any(|prefix| key.starts_with(prefix)) {
        Some("the runner sets it itself")
    } else if key.starts_with("TF_CLI_ARGS") && steers(value) {
        Some("it holds an option that decides where the state is, which the runner does")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(key: &str, value: &str, category: Category, hcl: bool) -> Variable {
        Variable { key: key.to_owned(), value: value.to_owned().into(), category, hcl }
    }

    #[test]
    fn later_ones_replace_earlier_ones_of_the_same_category_only() {
        let variables = Variables::new(&[
            variable("a", "weak", Category::Terraform, false),
            variable("a", "[1]", Category::Terraform, true),
            variable("a", "env", Category::Env, false),
        ]);
        assert_eq!(variables.files, [("zzzzzz_terrane_0.auto.tfvars".to_owned(), "a = [1]\n".to_owned())]);
        assert_eq!(variables.environment, [("a".to_owned(), "env".to_owned())]);
    }

    #[test]
    fn what_the_runner_stands_on_cannot_be_set() {
        for key in ["LD_PRELOAD", "TERRANE_MASTER_KEY", "TF_WORKSPACE", "TF_DATA_DIR", "A=B", ""] {
            let variables = Variables::new(&[variable(key, "x", Category::Env, false)]);
            assert!(variables.environment.is_empty(), "{key}");
            assert_eq!(variables.warnings.len(), 1, "{key}");
        }
    }

    #[test]
    fn arguments_may_do_everything_but_lead_the_state_away() {
        for (value, good) in [
            ("-parallelism=3 -lock-timeout=5s", true),
            ("-out=elsewhere", true),
            ("-var 'a=-state'", true),
            ("-refresh=false -state=other", false),
            ("--state-out other", false),
            ("\"-backup=x\"", false),
            ("-st'ate-out'=x", false),
            ("-\\state=x", false),
            ("-backend-config=a=b", false),
        ] {
            let variables = Variables::new(&[variable("TF_CLI_ARGS_plan", value, Category::Env, false)]);
            assert_eq!(variables.environment.len(), usize::from(good), "{value}");
        }
    }

    #[test]
    fn a_value_is_in_no_warning() {
        let variables = Variables::new(&[
            variable("bad name", "hunter2", Category::Terraform, false),
            variable("LD_PRELOAD", "hunter2", Category::Env, false),
        ]);
        assert!(!variables.warnings.concat().contains("hunter2"));
    }
}
