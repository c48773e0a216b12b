//! Runners as the house knows them: who they are, whom they execute for, when they were last heard of.

use crate::{App, Error, Result, phase::hold_running, run::advance};
use domain::{
    id::{AgentId, AgentPoolId, TokenId},
    time::Time,
};
use protocol::{
    Lease,
    wire::{Enlisted, Hello, Speaks},
};
use store::{Tx, agent::Agent, agent_pool::AgentToken, phase::Phase};

/// A runner that was not heard of for so long may be gone, in seconds: it says something at least every [`protocol::wire::HOLD`].
const SILENT: i64 = 90;
/// How long a runner that is gone is remembered, in seconds.
const REMEMBERED: i64 = 7 * 24 * 3600;

/// For whom a runner executes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Serves {
    /// The site: every workspace that names no pool.
    Site,
    /// The workspaces of one pool.
    Pool {
        /// Whose pool.
        organization: String,
        /// Which.
        pool: AgentPoolId,
    },
}

impl Serves {
    /// The pool, if it is one.
    pub(crate) fn pool(&self) -> Option<&AgentPoolId> {
        match self {
            Self::Site => None,
            Self::Pool { pool, .. } => Some(pool),
        }
    }
    fn of(token: &AgentToken) -> Result<Self> {
        match (&token.organization_id, &token.pool_id) {
            (Some(organization), Some(pool)) => Ok(Self::Pool {
                organization: organization.clone(),
                pool: pool.parse().map_err(|e| Error::internal("reading a token's pool", e))?,
            }),
            _ => Ok(Self::Site),
        }
    }
}

/// What the token of a runner elsewhere is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// For whom its bearer executes.
    pub serves: Serves,
    /// Which token it is.
    pub token: TokenId,
}

/// A runner that has said who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimant {
    /// Which.
    pub agent: AgentId,
    /// Which start of it.
    pub session: i64,
    /// For whom it executes.
    pub serves: Serves,
    /// The version of the protocol that it speaks.
    pub protocol: u32,
    /// The token that it came with; none is the runner inside the server, which every answer reaches.
    pub token: Option<TokenId>,
}

/// Since when an agent must have been heard of to be there.
pub(crate) fn heard_since(now: Time) -> Time {
    now.plus_seconds(-SILENT)
}

/// What the state of an agent is called in the field's API.
pub fn agent_status(agent: &Agent, now: Time) -> &'static str {
    match agent.status.as_str() {
        "exited" => "exited",
        "errored" => "errored",
        _ if agent.last_ping_at.micros() < heard_since(now).micros() => "unknown",
        _ if agent.busy > 0 => "busy",
        _ => "idle",
    }
}

/// The version of the protocol that an agent and this server have in common, as the agent was told it.
fn spoken(agent: &Agent) -> Option<u32> {
    u32::try_from(agent.protocol).ok().filter(|spoken| (Speaks::OURS.from..=Speaks::OURS.to).contains(spoken))
}

impl App {
    /// What this token of a runner is good for.
    pub async fn authenticate_runner(&self, token: &str) -> Result<Credential> {
        let hash = self.vault.hash_token(token).ok_or_else(nobody)?;
        let found = self.store.look(async |mut tx| store::agent_pool::find_token_by_hash(&mut tx, &hash).await).await?;
        let token = found.ok_or_else(nobody)?;
        // Once in a while is enough to tell whether a token is still in use.
        let now = self.now();
        if token.last_used_at.is_none_or(|at| at < now.plus_seconds(-SILENT).micros()) {
            let id: &TokenId = &token.id;
            self.store.write(async |mut tx| store::agent_pool::use_token(&mut tx, id, now).await).await?;
        }
        Ok(Credential { serves: Serves::of(&token)?, token: token.id })
    }

    /// Takes a runner on, or back. Whatever it executed and does not hold any more has died: that is known now.
    pub async fn enlist(&self, serves: &Serves, hello: &Hello, address: &str) -> Result<Enlisted> {
        let now = self.now();
        let Some(protocol) = Speaks::OURS.common(hello.speaks) else {
            self.note_refused(serves, hello, address).await?;
            return Err(Error::Conflict(format!(
                "this runner ({}) speaks protocol {} to {}, this server ({}) {} to {}: bring the older of the two up to date",
                hello.version,
                hello.speaks.from,
                hello.speaks.to,
                env!("CARGO_PKG_VERSION"),
                Speaks::OURS.from,
                Speaks::OURS.to
            )));
        };
        let fresh = AgentId::new(&self.entropy());
        let agent = self
            .store
            .write(async |mut tx| {
                let before = earlier(&mut tx, serves, hello).await?;
                let agent = describe(&fresh, before.as_ref(), serves, hello, address, now);
                store::agent::put(&mut tx, &agent).await?;
                Ok::<_, Error>(agent)
            })
            .await?;
        self.end_what_is_not_held(&agent, &hello.holding).await?;
        Ok(Enlisted { protocol, agent: agent.id.to_string(), session: agent.session })
    }

    /// Lets the pool's page, and whoever waits for a runner, know why this one does not come.
    async fn note_refused(&self, serves: &Serves, hello: &Hello, address: &str) -> Result<()> {
        let (now, fresh) = (self.now(), AgentId::new(&self.entropy()));
        self.store
            .write(async |mut tx| {
                let before = earlier(&mut tx, serves, hello).await?;
                let mut agent = describe(&fresh, before.as_ref(), serves, hello, address, now);
                // It is no start of it: what an earlier one executes is still spoken of by that.
                agent.session = before.map_or(0, |before| before.session);
                agent.status = "errored".into();
                agent.protocol = hello.speaks.to.into();
                Ok(store::agent::put(&mut tx, &agent).await?)
            })
            .await
    }

    /// What to know of a runner that was refused because of its protocol, where one was: for who waits for a runner.
    pub(crate) async fn refused_runner(&self, pool: Option<&str>) -> Result<Option<String>> {
        let refused = self.store.look(async |mut tx| store::agent::find_refused(&mut tx, pool).await).await?;
        Ok(refused.map(|Agent { name, version, protocol, .. }| {
            format!(
                "{name} ({version}) was refused, since it speaks protocol {protocol} and this server ({}) {} to {}: bring the older of the two \
                 up to date",
                env!("CARGO_PKG_VERSION"),
                Speaks::OURS.from,
                Speaks::OURS.to
            )
        }))
    }

    async fn end_what_is_not_held(&self, agent: &Agent, holding: &[Lease]) -> Result<()> {
        let id = agent.id.as_str();
        let phases = self.store.look(async |mut tx| store::phase::list_of_agent(&mut tx, id).await).await?;
        for phase in phases {
            let held = holding.iter().any(|lease| lease.phase_id == phase.id && lease.fence == phase.fence);
            if !held {
                self.end_not_held(&phase, &agent.id, agent.session).await?;
            }
        }
        Ok(())
    }

    /// The runner behind these words, which may claim. [`Error::NotFound`] when it is not known, or what it speaks is not understood since this
    /// server was replaced: it says hello again; [`Error::Conflict`] when a later start has taken its place.
    pub async fn claimant(&self, credential: &Credential, agent: &str, session: i64) -> Result<Claimant> {
        let Credential { serves, token } = credential;
        let agent = self.agent_of(serves, agent).await?;
        let protocol = spoken(&agent).ok_or_else(|| Error::not_found("this agent"))?;
        must_be_latest(&agent, session)?;
        Ok(Claimant { agent: agent.id, session, serves: serves.clone(), protocol, token: Some(token.clone()) })
    }

    /// The runner behind these words, which speaks of a phase that it claimed. Whichever start of it that was: the fence of the lease says
    /// whether it still decides, and a state that comes late is kept.
    pub async fn speaker(&self, credential: &Credential, agent: &str) -> Result<Claimant> {
        let Credential { serves, token } = credential;
        let agent = self.agent_of(serves, agent).await?;
        let protocol = spoken(&agent).unwrap_or_default(); // what it has in its hands it understood
        let session = agent.session;
        Ok(Claimant { agent: agent.id, session, serves: serves.clone(), protocol, token: Some(token.clone()) })
    }

    async fn agent_of(&self, serves: &Serves, agent: &str) -> Result<Agent> {
        let unknown = || Error::not_found("this agent");
        let id: AgentId = agent.parse().map_err(|_| unknown())?;
        let found = self.store.look(async |mut tx| store::agent::find(&mut tx, &id).await).await?;
        let known = found.filter(|agent| agent.pool_id.as_deref() == serves.pool().map(AgentPoolId::as_str));
        known.ok_or_else(unknown)
    }

    /// Notes that a runner was heard of.
    pub async fn heard_of(&self, claimant: &Claimant) -> Result<()> {
        self.note_status(claimant, "idle").await
    }

    /// Notes that a runner has gone, in peace.
    pub async fn leave(&self, claimant: &Claimant) -> Result<()> {
        self.note_status(claimant, "exited").await
    }

    async fn note_status(&self, claimant: &Claimant, status: &str) -> Result<()> {
        let now = self.now();
        let Claimant { agent, session, .. } = claimant;
        self.store.write(async |mut tx| store::agent::ping(&mut tx, agent, *session, status, now).await).await?;
        Ok(())
    }

    /// Forgets runners that were gone for long. Idempotent; the reconciler calls it.
    pub async fn forget_old_agents(&self) -> Result<u64> {
        let before = self.now().plus_seconds(-REMEMBERED);
        Ok(self.store.write(async |mut tx| store::agent::delete_unheard(&mut tx, before).await).await?)
    }

    /// How many runners would execute a phase that waits for this pool, or for the site.
    pub(crate) async fn count_runners(&self, pool: Option<&str>) -> Result<i64> {
        let since = self.now().plus_seconds(-SILENT);
        Ok(self.store.look(async |mut tx| store::agent::count_since(&mut tx, pool, since).await).await?)
    }

    /// Hands back what a claim was answered with, if it is not begun.
    pub async fn release_claim(&self, claimant: &Claimant, claim: &str) -> Result<()> {
        let found = self
            .store
            .look(async |mut tx| store::phase::find_by_claim(&mut tx, claimant.agent.as_str(), claim).await)
            .await?;
        match found {
            Some(phase) => self.give_back(&phase).await,
            None => Ok(()),
        }
    }

    /// Offers a leased phase that was not begun to others.
    async fn give_back(&self, phase: &Phase) -> Result<()> {
        let now = self.now();
        let events = self
            .store
            .write(async |mut tx| match hold_running(&mut tx, phase).await? {
                Some((phase, run)) if phase.started_at.is_none() => advance::again(&mut tx, &phase, run, now).await,
                _ => Ok(Vec::new()),
            })
            .await?;
        self.after(events);
        Ok(())
    }
}

/// Refuses who may claim no more: a claim is held open for long after its token and its start were judged.
pub(crate) async fn must_claim(tx: &mut Tx, claimant: &Claimant) -> Result<()> {
    if let Some(token) = &claimant.token {
        store::agent_pool::find_token(tx, token).await?.ok_or_else(nobody)?;
    }
    let agent = store::agent::find(tx, &claimant.agent).await?.ok_or_else(|| Error::not_found("this agent"))?;
    must_be_latest(&agent, claimant.session)
}

fn must_be_latest(agent: &Agent, session: i64) -> Result<()> {
    if agent.session == session {
        return Ok(());
    }
    let id = &agent.id;
    Err(Error::Conflict(format!(
        "another start of {id} took the place of this one; give each runner a data directory of its own"
    )))
}

fn nobody() -> Error {
    Error::Unauthorized(
        "the token is none of a runner, or was deleted; create one in an agent pool, or with `terrane admin runner-token create`"
            .into(),
    )
}

/// The runner as it was known before this hello: by its id, or, if it never got one, by the name under which it was refused.
async fn earlier(tx: &mut Tx, serves: &Serves, hello: &Hello) -> Result<Option<Agent>> {
    let pool = serves.pool().map(AgentPoolId::as_str);
    match hello.agent.as_deref().and_then(|id| id.parse::<AgentId>().ok()) {
        // An id of another pool is somebody else's: this runner gets one of its own.
        Some(id) => Ok(store::agent::find(tx, &id).await?.filter(|agent| agent.pool_id.as_deref() == pool)),
        None => Ok(store::agent::find_never_taken_on(tx, pool, &short(&hello.name, NAME)).await?),
    }
}

/// The most letters of a runner's name.
const NAME: usize = 100;

fn short(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(most).collect()
}

fn describe(
    fresh: &AgentId,
    before: Option<&Agent>,
    serves: &Serves,
    hello: &Hello,
    address: &str,
    now: Time,
) -> Agent {
    let (organization, pool) = match serves {
        Serves::Site => (None, None),
        Serves::Pool { organization, pool } => (Some(organization.clone()), Some(pool.to_string())),
    };
    Agent {
        id: before.map_or_else(|| fresh.clone(), |agent| agent.id.clone()),
        organization_id: organization,
        pool_id: pool,
        name: short(&hello.name, NAME),
        address: short(address, 100),
        version: short(&hello.version, 50),
        protocol: Speaks::OURS.common(hello.speaks).unwrap_or_default().into(),
        slots: hello.slots.into(),
        status: "idle".into(),
        session: before.map_or(1, |agent| agent.session + 1),
        last_ping_at: now,
        created_at: before.map_or(now, |agent| agent.created_at),
        busy: 0,
    }
}
