//! What one can do, one function per verb: read, permit, decide, save, announce, in that order and in one transaction. The doors (`api`,
//! `web`) call these verbs and nothing else; a verb that one of them needs and the other lacks is a verb that is missing here.

mod access;
mod agent;
mod agent_pool;
mod agent_token;
mod cache;
mod caller;
mod configuration;
mod deleted;
mod door;
mod error;
mod explorer;
mod hook;
mod identity;
mod known;
mod line;
mod listing;
mod lock;
mod log;
mod login;
mod organization;
mod orphan;
mod pace;
mod phase;
mod queue;
mod registry;
mod retention;
mod run;
mod search;
mod sharing;
mod ssh_key;
mod state;
mod user;
mod variable;
mod vault;
mod verify;
mod workspace;

pub mod hub;
pub mod keys;
pub mod site;

pub use access::Which;
pub use agent::{Claimant, Credential, Serves, agent_status};
pub use agent_pool::{Change as AgentPoolChange, Scopes as AgentPoolScopes};
pub use caller::Caller;
pub use configuration::New as NewConfiguration;
pub use door::{Chance, Clock, SystemChance, SystemClock};
pub use error::{Error, Problem, Result};
pub use explorer::Exploration;
pub use hook::{Hook, Surroundings};
pub use identity::PublicKey;
pub use known::Known;
pub use lock::Unlock;
pub use log::Part as LogPart;
pub use organization::Change as OrganizationChange;
pub use phase::{LeaseError, Renewals};
pub use protocol::Artifact;
pub use queue::{Share, ShareChange};
pub use registry::{NewTest, TestRun};
pub use retention::{Due, Kept, Purged, WEIGHED};
pub use run::{New as NewRun, Phases, Waiting};
pub use search::{Found, Thing, resource_id};
pub use sharing::ConsumerChange;
pub use state::{
    Action, Announced, AttributeChange, Content, Diff, OutputChange, OutputValue, ResourceChange, STREAMED, Shown,
    Source, Upload, Written,
};
pub use user::{AnyToken, New as NewUser};
pub use variable::{Change as VariableChange, Variable};
pub use vault::{Reader, Vault};
pub use verify::{Finding, Verified};
pub use workspace::Settings;

/// What the verbs answer with: rows of the store as domain values.
pub mod model {
    pub use store::{
        agent::Agent,
        agent_pool::{AgentPool, AgentToken},
        comment::Comment,
        configuration::ConfigurationVersion,
        explorer::{Rows as ExplorerRows, UseRow, WorkspaceRow},
        organization::{Member, Organization, Project},
        phase::Phase,
        registry::{
            File as RegistryFile, GpgKey, Module, ModuleVersion, Platform as ProviderPlatform, Provider,
            ProviderVersion, Test,
        },
        retention::{RetentionPolicy, Weight},
        run::Run,
        search::{Instance, Listed as ListedResource},
        sharing::Read,
        ssh_key::SshKey,
        state::{Output, StateVersion},
        user::{Token, User},
        workspace::{Deleted as DeletedWorkspace, Filter, Workspace},
    };
}

use domain::{id::Entropy, time::Time};
use std::sync::Arc;
use store::Store;

/// What nobody may exceed.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most bytes of a state.
    pub state_bytes: usize,
    /// The most bytes of an uploaded configuration.
    pub upload_bytes: u64,
    /// How many phases of one organization may execute at once, where it has no number of its own.
    pub organization_runs: i64,
    /// How many plans of one workspace may execute at once beside the run that holds it, where it has no number of its own.
    pub workspace_plans: i64,
    /// The longest that a plan may take, in seconds.
    pub plan_seconds: u64,
    /// The longest that an apply may take, in seconds.
    pub apply_seconds: u64,
    /// How long an interrupted phase may take to end before it is killed, in seconds.
    pub grace_seconds: u64,
    /// How long a runner may be out of reach while it applies before it ends the apply, in seconds.
    pub apply_lease_seconds: u32,
}

/// The house: everything that the verbs need. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What an [`App`] is made of.
pub struct Inner {
    /// The database.
    pub store: Store,
    /// Keys, tokens, sealed bytes.
    pub vault: Vault,
    /// The clock.
    pub clock: Box<dyn Clock>,
    /// Randomness.
    pub chance: Box<dyn Chance>,
    /// Changes, for who waits for them.
    pub hub: hub::Hub,
    /// Callers whose tokens were looked up already.
    pub known: Known,
    /// When leases were last seen to be prolonged.
    pub renewals: Renewals,
    /// Says what is wrong with an uploaded archive. The runner that will unpack it decides; reading it may take a while.
    pub check_archive: fn(&mut dyn std::io::Read) -> Result<(), String>,
    /// What nobody may exceed.
    pub limits: Limits,
    /// What the operator gives to every run.
    pub surroundings: Surroundings,
    /// Providers and engines, for clients and runs.
    pub mirror: mirror::Mirror,
    /// Whether the index of the search holds attributes of resources, which lie in clear there.
    pub index_attributes: bool,
    /// The public address, without a slash at its end.
    pub address: String,
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("address", &self.address).finish_non_exhaustive()
    }
}

impl App {
    /// A house of these parts.
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
    /// Now.
    pub fn now(&self) -> Time {
        self.clock.now()
    }
    pub(crate) fn entropy(&self) -> Entropy {
        self.chance.entropy()
    }
    /// Whether the house can answer: its database does.
    pub async fn ready(&self) -> Result<()> {
        self.store.ping().await.map_err(|e| Error::Unavailable(format!("the database does not answer: {e}")))
    }
    /// Announces what a transaction changed, after it: whoever waits reads again, and runners look for work.
    pub(crate) fn after(&self, events: Vec<hub::Event>) {
        let queued = events.iter().any(|event| matches!(event, hub::Event::Queue(_)));
        self.hub.announce(events);
        if queued {
            self.hub.wake_runners();
        }
    }
    /// Forgets sessions, and codes of `terraform login`, that are over. Idempotent; the reconciler calls it.
    pub async fn forget_old_sessions(&self) -> Result<u64> {
        let now = self.now();
        Ok(self
            .store
            .write(async |mut tx| {
                store::login::delete_old_codes(&mut tx, now).await?;
                store::user::delete_old_sessions(&mut tx, now).await
            })
            .await?)
    }
}
