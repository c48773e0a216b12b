//! What server and runner say to each other about one phase of one run.
//!
//! These types are a wire format: they change by addition only, and [`VERSION`] rises when a reader of the older form would go wrong.

pub mod wire;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// The version of this protocol that this build speaks.
pub const VERSION: u32 = 2;

/// The version since which runners know [`Phase::Test`]: an earlier one is never handed such a job.
pub const TESTS: u32 = 2;

/// What a runner executes an engine for: a phase of a run, or the test of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// `plan`: reads, proposes, changes nothing.
    Plan,
    /// `apply` of the plan file that the plan phase left.
    Apply,
    /// `test` of a module, which makes real things and destroys them again.
    Test,
}

impl Phase {
    /// Whether it makes or changes real things: once begun it is never begun again, it outlives its runner, and it has time to end in peace.
    pub fn acts(self) -> bool {
        !matches!(self, Self::Plan)
    }
}

/// The program that executes a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// `terraform`
    Terraform,
    /// `tofu`
    Tofu,
}

impl Engine {
    /// The name of the engine's executable.
    pub fn program(self) -> &'static str {
        match self {
            Self::Terraform => "terraform",
            Self::Tofu => "tofu",
        }
    }
}

/// The right to execute one phase, and to speak for it. It ends when it is not renewed in time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// The phase's id: `plan-…` (a test's too) or `apply-…`.
    pub phase_id: String,
    /// Rises with each claim of the workspace: what carries an older one no longer decides what is current.
    pub fence: i64,
    /// How long the lease lasts after a claim or a renewal.
    pub seconds: u32,
    /// The agent that holds it: `agent-…`. A server believes this only of the runner inside it; of others it takes what their token proves.
    #[serde(default)]
    pub agent: String,
}

/// Everything that a runner needs to know to execute a phase; the files are fetched under the lease.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// The right to execute it.
    pub lease: Lease,
    /// Which phase.
    pub phase: Phase,
    /// The run's id: `run-…`.
    pub run_id: String,
    /// The organization's name.
    pub organization: String,
    /// The workspace's name.
    pub workspace: String,
    /// Which program.
    pub engine: Engine,
    /// Which version of it: an exact one, a constraint (`~> 1.5`) or `latest`. For an apply always the exact version that planned.
    pub version: String,
    /// Where in the uploaded configuration the root module lies; empty for its top.
    pub working_directory: String,
    /// What `terraform.workspace` is in the run: the workspace's name, or `default`.
    pub cli_workspace: String,
    /// How to plan.
    pub options: Options,
    /// Values for the run, weakest first: a later one with the same key and category replaces an earlier one.
    pub variables: Vec<Variable>,
    /// The server's public address (`https://host:port`), for what a configuration reads from it.
    pub address: String,
    /// A token good for this phase only.
    #[serde(serialize_with = "expose")]
    pub token: SecretString,
    /// Time-outs.
    pub limits: Limits,
    /// What the plan of an apply proposes; nothing for a plan.
    #[serde(default)]
    pub counts: Counts,
    /// The image to execute it in, for runners that execute in containers; `{version}` in it is the version. Nothing: the runner's own choice.
    #[serde(default)]
    pub image: Option<String>,
    /// What the server itself puts into the environment of every step: stronger than `variables`.
    #[serde(default)]
    pub environment: Vec<Setting>,
    /// Files that every step finds in one directory, outside of the configuration.
    #[serde(default)]
    pub files: Vec<File>,
    /// Identities to be exchanged for tokens of a Vault before the first step.
    #[serde(default)]
    pub vault: Vec<VaultLogin>,
    /// Commands to run before and after the engine, in this order where several have the same moment.
    #[serde(default)]
    pub hooks: Vec<Hook>,
    /// Providers that the server's own mirror hands on: `HOST/*/*`, or `HOST/NAMESPACE/TYPE`. Nobody else is asked for them.
    #[serde(default)]
    pub mirrored: Vec<String>,
    /// How to test, where the phase is [`Phase::Test`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Test>,
}

/// How a module is to be tested (`terraform test` options of the same names).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Test {
    /// `-filter`, once for each.
    pub filters: Vec<String>,
    /// `-test-directory`; empty for the engine's own choice.
    pub directory: String,
    /// `-verbose`
    pub verbose: bool,
    /// `-parallelism`
    pub parallelism: Option<u32>,
}

/// Where the server's mirror of providers is, beneath its address.
pub const PROVIDERS: &str = "/api/mirror/providers/";

/// Stands for the directory of [`Job::files`] in their contents and in [`Job::environment`].
pub const FILES: &str = "@terrane:files@";

/// A variable of the environment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Setting {
    /// Its name.
    pub key: String,
    /// Its value.
    #[serde(serialize_with = "expose")]
    pub value: SecretString,
}

/// A file that nobody but the run may read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct File {
    /// Its name: letters, digits, `-`, `_`, `.`
    pub name: String,
    /// What is in it.
    #[serde(serialize_with = "expose")]
    pub contents: SecretString,
}

/// How to come by a token of a Vault: `POST {address}/v1/auth/{mount}/login`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VaultLogin {
    /// Where it is, without a slash at the end.
    pub address: String,
    /// Its namespace, if it has several.
    pub namespace: Option<String>,
    /// Where its JWT login is mounted.
    pub mount: String,
    /// As what to log in.
    pub role: String,
    /// The run's identity.
    #[serde(serialize_with = "expose")]
    pub identity: SecretString,
    /// Certificates (PEM) to trust beside the usual ones.
    pub certificate: Option<String>,
    /// The name of the file, among [`Job::files`], that the token is put into.
    pub file: String,
    /// The variable of the environment that it is put into as well.
    pub variable: Option<String>,
}

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// Before the engine is initialised.
    Before,
    /// After the engine has succeeded.
    After,
}

/// A command around a phase. It comes from the site or the organization, never from a configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hook {
    /// When it runs.
    pub moment: Moment,
    /// What people call it: `pre-plan hook of the site`.
    pub name: String,
    /// A script for `/bin/sh`.
    #[serde(serialize_with = "expose")]
    pub script: SecretString,
}

/// The image that a phase was executed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// As it is named: `hashicorp/terraform:1.11.4`.
    pub reference: String,
    /// What names exactly these bytes: the registry's digest, or the engine's own id where no registry has them.
    pub digest: String,
}

/// How a plan is to be made (`terraform plan` options of the same names).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// `-destroy`
    pub destroy: bool,
    /// `-refresh=false` when this is set.
    pub no_refresh: bool,
    /// `-refresh-only`
    pub refresh_only: bool,
    /// `-target`, once for each; passed as arguments, never through a shell.
    pub targets: Vec<String>,
    /// `-replace`, once for each.
    pub replaces: Vec<String>,
    /// `-generate-config-out` for import blocks.
    pub generate_config: bool,
    /// JSON lines (`-json`) instead of human text in the log.
    pub json_log: bool,
}

/// Where a variable is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// An input variable of the root module.
    Terraform,
    /// The environment of the engine.
    Env,
}

/// One value for the run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Variable {
    /// Its name.
    pub key: String,
    /// Its value: text as it is, or an HCL expression when `hcl` is set.
    #[serde(serialize_with = "expose")]
    pub value: SecretString,
    /// Where it goes.
    pub category: Category,
    /// Whether `value` is an HCL expression. Ignored for the environment.
    pub hcl: bool,
}

/// How long a phase may take, and how much it may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Seconds until the phase is interrupted because it takes too long.
    pub phase_seconds: u64,
    /// Seconds between an interrupt and a kill when somebody cancels.
    pub grace_seconds: u64,
    /// The most bytes of a state that the server takes.
    #[serde(default = "usual_state")]
    pub state_bytes: u64,
}

/// What servers take that do not say it.
fn usual_state() -> u64 {
    256 << 20
}

/// What the server wants of a phase that executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wish {
    /// Nothing else.
    GoOn,
    /// End it gently: the engine is interrupted and may finish what it creates.
    Interrupt,
    /// End it now (force-cancel).
    Kill,
    /// The lease is lost: end it, nothing that it says is current any more.
    Lost,
}

/// A file that a phase hands back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Artifact {
    /// The engine's own plan file.
    Plan,
    /// `.terraform.lock.hcl` as `init` left it.
    LockFile,
    /// `terraform show -json` of the plan file, made behind a fresh wall.
    PlanJson,
    /// `terraform providers schema -json`, made behind a fresh wall.
    ProviderSchemas,
}

impl Artifact {
    /// Its name on the wire, and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::LockFile => "lock-file",
            Self::PlanJson => "plan-json",
            Self::ProviderSchemas => "provider-schemas",
        }
    }
}

/// How many objects a phase changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Created.
    pub additions: u32,
    /// Updated in place.
    pub changes: u32,
    /// Destroyed.
    pub destructions: u32,
    /// Imported.
    pub imports: u32,
}

/// How the tests of a module went, as the engine says it at their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All that were executed passed.
    Pass,
    /// At least one failed.
    Fail,
    /// At least one could not be judged.
    Error,
    /// None was executed.
    Skip,
}

impl Verdict {
    /// Its name on the wire, in the store, and to clients.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Skip => "skip",
        }
    }
}

/// How many runs of test files ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// They passed.
    pub passed: u32,
    /// They failed.
    pub failed: u32,
    /// They could not be judged.
    pub errored: u32,
    /// They were left out.
    pub skipped: u32,
}

/// How a phase ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// The plan succeeded.
    Planned {
        /// Whether applying it would change anything: resources, outputs or, for refresh-only, the state.
        has_changes: bool,
        /// What it proposes.
        counts: Counts,
        /// Whether it wrote configuration for import blocks.
        generated_configuration: bool,
    },
    /// The apply succeeded.
    Applied {
        /// What it did.
        counts: Counts,
    },
    /// The test came to its end, whatever its verdict.
    Tested {
        /// How the tests went.
        verdict: Verdict,
        /// How many of them how.
        tally: Tally,
    },
    /// It failed: the engine said no, was killed, or could not be started.
    Failed {
        /// One sentence for the person who reads the run: what happened and what to do.
        reason: String,
        /// The engine's exit code where it had one.
        exit_code: Option<i32>,
    },
    /// It ended with its runner, through no fault of its own, and changed nothing: a plan, or an apply that had not begun. Another runner may
    /// execute it again.
    Unfinished {
        /// One sentence for the log.
        reason: String,
    },
    /// It ended because the server wished so.
    Canceled {
        /// Whether the engine had to be killed: then a resource may exist that the state does not know.
        killed: bool,
    },
}

fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}
