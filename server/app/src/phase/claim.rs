//! Claim a phase: the next in the queue becomes a lease, and a job with everything its runner needs to know.

use super::run_variables::run_variables;
use crate::{App, Claimant, Error, Result, access, agent::must_claim, hub::Event, line::Place, run::advance};
use domain::{
    id::{AgentPoolId, ApplyId},
    queue,
    run::Event as RunEvent,
};
use protocol::{Category, Counts, Engine, Job, Lease, Limits, Options, Phase as Kind, Variable};
use secrecy::SecretString;
use std::time::Duration;
use store::{phase::Phase, run::Run, workspace::Workspace};

/// How long a lease lasts without a renewal, in seconds; that of an apply or a test is for the operator to say: nobody
/// else can take it over, so that nothing is won by interrupting it for a short break of the network.
const LEASE: u32 = 30;
/// How long an interrupted plan may take to end before it is killed, in seconds.
const PLAN_GRACE: u64 = 10;
/// A runner that nobody wakes looks by itself this often.
const LOOK: Duration = Duration::from_secs(30);
/// As many offers as are worth counting.
const GLANCE: usize = 64;

struct Claimed {
    phase: Phase,
    run: Run,
    workspace: Workspace,
    lease: Lease,
}

impl Claimant {
    /// The lease under which this runner speaks for a phase, or says that it does: whether it is so is judged by each verb. How long it
    /// lasts is told with the job; here it only marks that it was renewed.
    pub fn lease(&self, limits: &crate::Limits, phase_id: &str, fence: i64) -> Lease {
        let seconds = lease_seconds(limits, phase_id.starts_with(ApplyId::PREFIX));
        Lease { phase_id: phase_id.to_owned(), fence, seconds, agent: self.agent.to_string() }
    }

    fn new_lease(&self, limits: &crate::Limits, phase: &Phase, fence: i64) -> Lease {
        Lease { seconds: lease_seconds(limits, phase.acts()), ..self.lease(limits, &phase.id, fence) }
    }
}

/// How long the lease of a phase lasts without a renewal, in seconds; `acts` when it makes or changes real things.
pub(super) fn lease_seconds(limits: &crate::Limits, acts: bool) -> u32 {
    if acts { limits.apply_lease_seconds } else { LEASE.min(limits.apply_lease_seconds) }
}

/// Whose phases a runner takes: a pool's, or the site's.
fn pool_of(claimant: &Claimant) -> Option<&str> {
    claimant.serves.pool().map(AgentPoolId::as_str)
}

impl App {
    /// Waits until a phase is offered to this runner, and takes it. A claim with a name that was answered already is answered with the same
    /// phase, as long as that is not begun. [`Error::Unauthorized`] when the runner's token was deleted meanwhile, and otherwise what
    /// [`App::claimant`] says of one that may not claim.
    pub async fn claim(&self, claimant: &Claimant, claim: Option<&str>) -> Result<Job> {
        if let Some(name) = claim
            && let Some(job) = self.claimed_already(claimant, name).await?
        {
            return Ok(job);
        }
        // Joined before looking: what is queued in between still wakes.
        let mut place = self.hub.line().join(pool_of(claimant).unwrap_or_default());
        loop {
            let (token, hash) = self.vault.new_token(secrets::TokenKind::Run)?;
            if let Some(claimed) = Box::pin(self.take(claimant, claim, &hash, &mut place)).await? {
                let job = match refusal(claimant, &claimed.phase) {
                    Some(refusal) => Err(Error::invalid("", refusal)),
                    None => self.job(&claimed, token).await,
                };
                match job {
                    Ok(job) => return Ok(job),
                    Err(error) => {
                        let reason = unprepared(&claimed.lease, &error);
                        let outcome = protocol::Outcome::Failed { reason, exit_code: None };
                        Box::pin(self.finish(&claimed.lease, outcome, Vec::new())).await?;
                        continue;
                    }
                }
            }
            place.wait(LOOK).await;
        }
    }

    /// The job that an earlier answer to the same claim held: that answer was lost on its way.
    async fn claimed_already(&self, claimant: &Claimant, claim: &str) -> Result<Option<Job>> {
        let agent = claimant.agent.as_str();
        let found = self.store.look(async |mut tx| store::phase::find_by_claim(&mut tx, agent, claim).await).await?;
        let Some(phase) = found else { return Ok(None) };
        let (token, hash) = self.vault.new_token(secrets::TokenKind::Run)?;
        let claimed = self
            .store
            .write(async |mut tx| {
                let workspace = access::hold_ours(&mut tx, &phase.workspace_id).await?;
                must_claim(&mut tx, claimant).await?;
                store::phase::set_token(&mut tx, &phase.id, phase.fence, &hash).await?;
                let missing = || Error::Internal(format!("{} has no run", phase.id));
                let run = store::run::find(&mut tx, &phase.run_id).await?.ok_or_else(missing)?;
                let lease = claimant.new_lease(&self.limits, &phase, phase.fence);
                Ok::<_, Error>(Claimed { phase: phase.clone(), run, workspace, lease })
            })
            .await?;
        self.job(&claimed, token).await.map(Some)
    }

    async fn take(
        &self,
        claimant: &Claimant,
        claim: Option<&str>,
        token_hash: &[u8],
        place: &mut Place<'_>,
    ) -> Result<Option<Claimed>> {
        let pool = pool_of(claimant);
        // Most looks find nothing: they need no turn at the writer.
        let offers = self.offers(pool).await?;
        if offers == 0 {
            place.took_none();
            return Ok(None);
        }
        place.found(offers);
        let now = self.now();
        let defaults = self.queue_defaults();
        let claimed: Option<(Claimed, Vec<Event>)> = self
            .store
            .write(async |mut tx| {
                must_claim(&mut tx, claimant).await?;
                // What runs is counted against limits: nobody else hands out anything meanwhile.
                let clock = store::queue::hold(&mut tx).await?;
                let candidates = store::queue::candidates(&mut tx, pool, defaults).await?;
                let Some(turn) = queue::next(&candidates, clock) else { return Ok::<_, Error>(None) };
                let missing = || Error::Internal(format!("{} vanished while it was claimed", turn.candidate.phase));
                let phase = store::phase::find(&mut tx, &turn.candidate.phase).await?.ok_or_else(missing)?;
                // A workspace before its organization, as in every verb.
                let workspace = access::hold_ours(&mut tx, &phase.workspace_id).await?;
                store::queue::serve(&mut tx, &phase.organization_id, turn.served, turn.now).await?;
                let lease = claimant.new_lease(&self.limits, &phase, workspace.fence + 1);
                let until = now.plus_seconds(lease.seconds.into());
                let new =
                    store::phase::NewLease { fence: lease.fence, until, token_hash, pool, agent: &lease.agent, claim };
                store::phase::lease(&mut tx, &phase.id, new).await?;
                store::workspace::set_fence(&mut tx, &workspace.id, lease.fence).await?;
                let missing = || Error::Internal(format!("{} has no run", phase.id));
                let run = store::run::find(&mut tx, &phase.run_id).await?.ok_or_else(missing)?;
                let events = advance::take(&mut tx, run.clone(), RunEvent::Claim, now).await?;
                Ok(Some((Claimed { phase, run, workspace, lease }, events)))
            })
            .await?;
        let Some((claimed, events)) = claimed else {
            place.took_none();
            return Ok(None);
        };
        place.took();
        self.hub.announce(events);
        Ok(Some(claimed))
    }

    /// How many phases could be taken now, as far as a glance tells.
    async fn offers(&self, pool: Option<&str>) -> Result<usize> {
        let defaults = self.queue_defaults();
        let seen = self.store.look(async |mut tx| {
            let rooms = queue::rooms(&store::queue::candidates(&mut tx, pool, defaults).await?).min(GLANCE);
            match i64::try_from(rooms) {
                Ok(most @ 1..) => store::queue::count_offers(&mut tx, pool, most).await,
                _ => Ok(0),
            }
        });
        Ok(usize::try_from(seen.await?).unwrap_or_default())
    }

    async fn job(&self, claimed: &Claimed, token: SecretString) -> Result<Job> {
        let Claimed { phase, run, workspace, lease } = claimed;
        let (apply, acts) = (phase.is_apply(), phase.acts());
        let test = match phase.is_test() {
            true => Some(self.leased_test(&run.id).await?),
            false => None,
        };
        let variables = self.job_variables(run, workspace).await?;
        let limits = Limits {
            phase_seconds: if acts { self.limits.apply_seconds } else { self.limits.plan_seconds },
            // A plan changes nothing: it need not end in peace.
            grace_seconds: if acts { self.limits.grace_seconds } else { PLAN_GRACE },
            state_bytes: self.limits.state_bytes as u64,
        };
        let counts = if apply { self.planned(run).await? } else { Counts::default() };
        let subject = self.subject(run, workspace, acts).await?;
        let mut provided = self.provide(&subject, limits.phase_seconds, &variables).await?;
        run_variables(&subject, &mut provided);
        self.provide_ssh_key(&workspace.id, &mut provided).await?;
        Ok(Job {
            lease: lease.clone(),
            phase: match (apply, &test) {
                (true, _) => Kind::Apply,
                (false, Some(_)) => Kind::Test,
                (false, None) => Kind::Plan,
            },
            run_id: run.id.to_string(),
            organization: workspace.organization_name.clone(),
            workspace: workspace.name.clone(),
            engine: if workspace.engine == "tofu" { Engine::Tofu } else { Engine::Terraform },
            version: match &run.terraform_version {
                Some(exact) if apply => exact.clone(),
                _ => {
                    let wanted = test.as_ref().and_then(|test| test.wanted_version.as_ref());
                    wanted.unwrap_or(&workspace.terraform_version).clone()
                }
            },
            image: [&workspace.image, &workspace.organization_image]
                .into_iter()
                .find(|image| !image.is_empty())
                .cloned(),
            working_directory: workspace.working_directory.clone(),
            // `backend "remote"` by name has the CLI's default workspace; a cloud block has the workspace's own name. A test has no state.
            cli_workspace: match run.source == "terraform" || test.is_some() {
                true => "default".into(),
                false => workspace.name.clone(),
            },
            options: Options {
                destroy: run.is_destroy,
                no_refresh: !run.refresh,
                refresh_only: run.refresh_only,
                targets: run.targets(),
                replaces: run.replaces(),
                generate_config: run.generate_config,
                json_log: run.json_log,
            },
            variables,
            address: self.address.clone(),
            token,
            limits,
            counts,
            environment: provided.environment,
            files: provided.files,
            vault: provided.vault,
            hooks: self.job_hooks(&workspace.organization_id, phase).await?,
            mirrored: self.mirror.patterns().await.map_err(|e| Error::internal("listing what is mirrored", e))?,
            test: test.map(|test| protocol::Test {
                filters: test.filters(),
                verbose: test.verbose,
                parallelism: test.parallelism.and_then(|number| u32::try_from(number).ok()),
                directory: test.directory,
            }),
        })
    }

    /// What the plan of this run proposes.
    async fn planned(&self, run: &Run) -> Result<Counts> {
        let id = run.id.plan();
        let plan = self.store.look(async |mut tx| store::phase::find(&mut tx, id.as_str()).await).await?;
        let plan = plan.ok_or_else(|| Error::not_found(id.to_string()))?;
        let count = |number: i64| u32::try_from(number).unwrap_or_default();
        Ok(Counts {
            additions: count(plan.additions),
            changes: count(plan.changes),
            destructions: count(plan.destructions),
            imports: count(plan.imports),
        })
    }

    async fn job_variables(&self, run: &Run, workspace: &Workspace) -> Result<Vec<Variable>> {
        let organization = workspace.organization_id.as_str();
        let rows = self.store.look(async |mut tx| store::variable::list(&mut tx, &workspace.id).await).await?;
        let mut variables = Vec::with_capacity(rows.len());
        for row in rows {
            variables.push(Variable {
                value: self.variable_value(organization, &row).await?,
                category: if row.category == "env" { Category::Env } else { Category::Terraform },
                key: row.key,
                hcl: row.hcl,
            });
        }
        if let Some(sealed) = &run.variables {
            let context = crate::vault::context("runs", run.id.as_str(), organization);
            let json = self.open_small(&workspace.id, &context, sealed).await?;
            let own: Vec<(String, SecretString)> =
                serde_json::from_slice(&json).map_err(|e| Error::internal("reading a run's variables", e))?;
            variables.extend(own.into_iter().map(|(key, value)| Variable {
                key,
                value,
                category: Category::Terraform,
                hcl: true,
            }));
        }
        Ok(variables)
    }
}

/// Why this runner cannot be handed a phase, where it is too old to understand it: it would plan what is to be tested.
fn refusal(claimant: &Claimant, phase: &Phase) -> Option<String> {
    (phase.is_test() && claimant.protocol < protocol::TESTS).then(|| {
        format!(
            "the runner that took this test speaks protocol {}, which knows no tests ({} does): bring it up to date, then test again",
            claimant.protocol,
            protocol::TESTS
        )
    })
}

/// Why a phase cannot be made a job of, in words for who reads the run. What is our own fault is for the log.
fn unprepared(lease: &Lease, error: &Error) -> String {
    match error {
        Error::Invalid(problems) => {
            problems.iter().map(|problem| problem.detail.as_str()).collect::<Vec<_>>().join("; ")
        }
        other => {
            tracing::error!(phase = %lease.phase_id, error = %other, "making a job of a phase");
            "the server could not prepare this phase; its log says why".to_owned()
        }
    }
}
