//! `terrane policy …`: what people do with policies before a server judges by them. The language of a file is told by its
//! extension; each language has a file here that hands the wish to its engine.

mod http;
mod sentinel;

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, anyhow};

/// The exit code for what keeps a command from doing its work.
pub const BROKEN: u8 = 9;

/// `terrane policy …`
#[derive(Debug, clap::Subcommand)]
pub enum Policy {
    /// Run the test cases of policies
    ///
    /// For a policy DIR/NAME.sentinel every file DIR/test/NAME/*.hcl and *.json is a case: a configuration with mocks, modules,
    /// parameters and the expected values of rules. A case without expectations passes when the policy passes; a policy that
    /// does not run to its end is an error whatever the case expects.
    ///
    /// Exit codes: 0 all cases pass, 1 a case fails or is an error, 2 the command line is wrong, 9 something cannot be read or written.
    Test(Test),
    /// Evaluate a policy, or all policies of a configuration
    ///
    /// Of a configuration's policies a mandatory one that does not pass is the last one, unless the configuration has the feature
    /// `apply-all`. Exit codes, of the worst policy: 0 pass, 1 fail, 2 undefined (or a wrong command line), 3 the policy did not
    /// run to its end, 9 anything else.
    Apply(Apply),
    /// Lay out policy files in the canonical way
    ///
    /// Names the files that change. Exit codes: 0 done, 1 with --check when a file is laid out differently, 9 a file cannot be
    /// read, parsed or written.
    Fmt(Fmt),
    /// Write mocks for tests from a plan
    ///
    /// Makes the files of a mock bundle, with a sentinel.hcl that names them. Exit codes: 0 done, 9 something cannot be read or written.
    Mock(Mock),
}

/// What `policy test` is told.
#[derive(Debug, clap::Args)]
pub struct Test {
    /// Policies, and directories of policies; in a directory without policies those below it that have cases [default: .]
    pub paths: Vec<PathBuf>,
    /// Only policies whose name matches this regular expression; behind a `/` one for their cases
    #[arg(long, value_name = "PATTERN")]
    pub run: Option<String>,
    /// End a policy with an error where the documentation of the language leaves open what happens
    #[arg(long)]
    pub strict: bool,
    /// Write the report as JSON
    #[arg(long, conflicts_with = "coverage")]
    pub json: bool,
    /// Also write the report as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Also say which rules no case evaluated
    #[arg(long)]
    pub coverage: bool,
}

/// What `policy apply` is told.
#[derive(Debug, clap::Args)]
pub struct Apply {
    /// The policy; without one all policies of the configuration
    #[arg(required_unless_present = "config")]
    pub policy: Option<PathBuf>,
    /// Configuration with policies, modules, mocks, parameters and enforcement levels
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What the Terraform imports read: a plan as `terraform show -json` writes it
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// What `tfrun` has, as a JSON object
    #[arg(long, value_name = "FILE")]
    pub tfrun: Option<PathBuf>,
    /// A parameter; JSON numbers, lists and maps are understood, anything else is text. Stronger than the variable
    /// SENTINEL_PARAM_NAME, and that is stronger than the configuration
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// Let the `http` import reach this host; `*.example.com` means every host below example.com
    #[arg(long = "http-allow", value_name = "HOST")]
    pub hosts: Vec<String>,
    /// Let it reach private, link-local and loopback addresses of these hosts, too
    #[arg(long = "http-private", requires = "hosts")]
    pub private: bool,
    /// End a policy with an error where the documentation of the language leaves open what happens
    #[arg(long)]
    pub strict: bool,
    /// Write the result and the trace as JSON
    #[arg(long)]
    pub json: bool,
}

/// What `policy fmt` is told.
#[derive(Debug, clap::Args)]
pub struct Fmt {
    /// Policies, and directories of policies [default: .]
    pub paths: Vec<PathBuf>,
    /// Only name the files that would change
    #[arg(long)]
    pub check: bool,
}

/// What `policy mock` is told.
#[derive(Debug, clap::Args)]
pub struct Mock {
    /// A plan as `terraform show -json` writes it
    pub plan: PathBuf,
    /// Where the files go
    #[arg(long, value_name = "DIRECTORY", default_value = "testdata")]
    pub out: PathBuf,
}

impl Policy {
    /// Does it; the result is the exit code. `now` is the time policies see, in nanoseconds since 1970.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub fn run(self, now: i128, out: &mut dyn Write) -> Result<u8> {
        let done = match self {
            Self::Test(wanted) => sentinel::test(wanted).execute(now, out),
            Self::Apply(wanted) => sentinel::apply(wanted).execute(now, out),
            Self::Fmt(wanted) => sentinel::fmt(wanted).execute(out),
            Self::Mock(wanted) => sentinel::mock(wanted).execute(out),
        };
        done.map_err(|why| anyhow!(why))
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::{Cli, Command};
    use clap::Parser;
    use std::path::Path;

    fn run(line: &[&str]) -> (u8, String) {
        let words = ["terrane", "policy"].iter().chain(line);
        let Command::Policy(wanted) = Cli::try_parse_from(words).unwrap().command else { panic!("{line:?}") };
        let mut out = Vec::new();
        let code = wanted.run(0, &mut out).unwrap();
        (code, String::from_utf8(out).unwrap())
    }

    fn tree() -> tempfile::TempDir {
        let tree = tempfile::tempdir().unwrap();
        let cases = tree.path().join("below/test/size");
        std::fs::create_dir_all(&cases).unwrap();
        std::fs::write(tree.path().join("below/size.sentinel"), "param n\nmain = rule { n < 3 }\n").unwrap();
        std::fs::write(cases.join("small.hcl"), "param \"n\" {\n  value = 1\n}\n").unwrap();
        std::fs::write(cases.join("large.json"), r#"{"param": {"n": 5}, "test": {"main": false}}"#).unwrap();
        tree
    }

    fn path<'a>(tree: &'a tempfile::TempDir, name: &str, room: &'a mut String) -> &'a str {
        *room = tree.path().join(name).display().to_string();
        room
    }

    #[test]
    fn cases_are_found_below_a_directory_and_reported() {
        let (tree, mut room, mut file) = (tree(), String::new(), String::new());
        let junit = path(&tree, "junit.xml", &mut file);
        let (code, out) = run(&["test", "--junit", junit, "--coverage", path(&tree, "", &mut room)]);
        assert_eq!(code, 0, "{out}");
        assert!(out.contains("PASS - ") && out.contains("1 of 1 rules evaluated"), "{out}");
        assert!(std::fs::read_to_string(Path::new(junit)).unwrap().contains("<testcase name=\"small.hcl\""));
        let (code, out) = run(&["test", "--json", "--run", "size/small", path(&tree, "below", &mut room)]);
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        let policy = tree.path().join("below/size.sentinel").display().to_string();
        assert_eq!(code, 0);
        assert_eq!(report["policies"][&policy]["cases"]["small.hcl"]["status"], "PASS");
        assert!(report["policies"][&policy]["cases"].get("large.json").is_none());
    }

    #[test]
    fn the_exit_code_of_apply_tells_the_verdict() {
        let (tree, mut room) = (tree(), String::new());
        let policy = path(&tree, "below/size.sentinel", &mut room);
        for (value, code) in [("n=1", 0), ("n=9", 1), ("n=[1]", 2), ("m=1", 3)] {
            assert_eq!(run(&["apply", "--param", value, policy]).0, code, "{value}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let Command::Policy(wanted) = Cli::try_parse_from(["terrane", "policy", "apply", "/no/such"]).unwrap().command
        else {
            panic!()
        };
        let error = wanted.run(0, &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("/no/such"), "{error}");
    }
}
