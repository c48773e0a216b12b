//! Claim a phase: the oldest that is offered becomes a lease, and a job with everything its runner needs to know.

use crate::{App, Claimant, Error, Result, access, hub::Event, run::advance};
use domain::id::AgentPoolId;
use domain::run::Event as RunEvent;
use protocol::{Category, Engine, Job, Lease, Limits, Options, Phase as Kind, Variable};
use secrecy::SecretString;
use std::time::Duration;
use store::{phase::Phase, run::Run, workspace::Workspace};

/// How long a lease lasts without a renewal, in seconds.
const LEASE: u32 = 30;
/// The same for an apply that a runner elsewhere executes: nobody else can take it over, so that nothing is won by interrupting it for a
/// short break of the network.
const DISTANT_APPLY_LEASE: u32 = 120;
/// How long an interrupted plan may take to end before it is killed, in seconds.
const PLAN_GRACE: u64 = 10;
/// A runner that nobody wakes looks by itself this often.
const LOOK: Duration = Duration::from_secs(30);

struct Claimed {
    phase: Phase,
    run: Run,
    workspace: Workspace,
    fence: i64,
}

impl Claimed {
    fn lease(&self, claimant: &Claimant) -> Lease {
        Lease {
            phase_id: self.phase.id.clone(),
            fence: self.fence,
            seconds: lease_seconds(self.phase.is_apply(), claimant.is_distant()),
            agent: claimant.agent.to_string(),
        }
    }
}

/// How long the lease of a phase lasts without a renewal, in seconds.
pub(crate) fn lease_seconds(is_apply: bool, distant: bool) -> u32 {
    if is_apply && distant { DISTANT_APPLY_LEASE } else { LEASE }
}

impl App {
    /// Waits until a phase is offered to this runner, and takes it. A claim with a name that was answered already is answered with the same
    /// phase, as long as that is not begun.
    pub async fn claim(&self, claimant: &Claimant, claim: Option<&str>) -> Result<Job> {
        if let Some(name) = claim
            && let Some(job) = self.claimed_already(claimant, name).await?
        {
            return Ok(job);
        }
        loop {
            // Registered before looking: what is queued in between still wakes.
            let queued = self.hub.queued();
            tokio::pin!(queued);
            queued.as_mut().enable();
            let (token, hash) = self.vault.new_token(secrets::TokenKind::Run)?;
            if let Some(claimed) = self.take(claimant, claim, &hash).await? {
                let lease = claimed.lease(claimant);
                match self.job(&claimed, lease.clone(), token).await {
                    Ok(job) => return Ok(job),
                    Err(error) => {
                        tracing::error!(phase = %lease.phase_id, %error, "making a job of a phase");
                        let reason = "the server could not prepare this phase; its log says why".to_owned();
                        let outcome = protocol::Outcome::Failed { reason, exit_code: None };
                        self.finish(&lease, outcome, Vec::new()).await?;
                        continue;
                    }
                }
            }
            drop(tokio::time::timeout(LOOK, queued).await);
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
                store::phase::set_token(&mut tx, &phase.id, phase.fence, &hash).await?;
                let missing = || Error::Internal(format!("{} has no run", phase.id));
                let run = store::run::find(&mut tx, &phase.run_id).await?.ok_or_else(missing)?;
                Ok::<_, Error>(Claimed { fence: phase.fence, phase: phase.clone(), run, workspace })
            })
            .await?;
        let lease = claimed.lease(claimant);
        self.job(&claimed, lease, token).await.map(Some)
    }

    async fn take(&self, claimant: &Claimant, claim: Option<&str>, token_hash: &[u8]) -> Result<Option<Claimed>> {
        let pool = claimant.serves.pool().map(AgentPoolId::as_str);
        // Most looks find nothing: they need no turn at the writer.
        if self.store.look(async |mut tx| store::phase::next_queued(&mut tx, pool).await).await?.is_none() {
            return Ok(None);
        }
        let now = self.now();
        let claimed: Option<(Claimed, Vec<Event>)> = self
            .store
            .write(async |mut tx| {
                let Some(phase) = store::phase::next_queued(&mut tx, pool).await? else { return Ok::<_, Error>(None) };
                let workspace = access::hold_ours(&mut tx, &phase.workspace_id).await?;
                let fence = workspace.fence + 1;
                let seconds = lease_seconds(phase.is_apply(), claimant.is_distant());
                let until = now.plus_seconds(seconds.into());
                let agent = claimant.agent.as_str();
                let lease = store::phase::NewLease { fence, until, token_hash, agent, claim };
                store::phase::lease(&mut tx, &phase.id, lease).await?;
                store::workspace::set_fence(&mut tx, &workspace.id, fence).await?;
                let missing = || Error::Internal(format!("{} has no run", phase.id));
                let run = store::run::find(&mut tx, &phase.run_id).await?.ok_or_else(missing)?;
                let events = advance::take(&mut tx, run.clone(), RunEvent::Claim, now).await?;
                Ok(Some((Claimed { phase, run, workspace, fence }, events)))
            })
            .await?;
        let Some((claimed, events)) = claimed else { return Ok(None) };
        self.hub.announce(events);
        Ok(Some(claimed))
    }

    async fn job(&self, claimed: &Claimed, lease: Lease, token: SecretString) -> Result<Job> {
        let Claimed { phase, run, workspace, .. } = claimed;
        let apply = phase.is_apply();
        Ok(Job {
            lease,
            phase: if apply { Kind::Apply } else { Kind::Plan },
            run_id: run.id.to_string(),
            organization: workspace.organization_name.clone(),
            workspace: workspace.name.clone(),
            engine: if workspace.engine == "tofu" { Engine::Tofu } else { Engine::Terraform },
            version: match &run.terraform_version {
                Some(exact) if apply => exact.clone(),
                _ => workspace.terraform_version.clone(),
            },
            image: [&workspace.image, &workspace.organization_image]
                .into_iter()
                .find(|image| !image.is_empty())
                .cloned(),
            working_directory: workspace.working_directory.clone(),
            // `backend "remote"` by name has the CLI's default workspace; a cloud block has the workspace's own name.
            cli_workspace: if run.source == "terraform" { "default".into() } else { workspace.name.clone() },
            options: Options {
                destroy: run.is_destroy,
                no_refresh: !run.refresh,
                refresh_only: run.refresh_only,
                targets: run.targets(),
                replaces: run.replaces(),
                generate_config: run.generate_config,
                json_log: run.json_log,
            },
            variables: self.job_variables(run, workspace).await?,
            address: self.address.clone(),
            token,
            limits: Limits {
                phase_seconds: if apply { self.limits.apply_seconds } else { self.limits.plan_seconds },
                // A plan changes nothing: it need not end in peace.
                grace_seconds: if apply { self.limits.grace_seconds } else { PLAN_GRACE },
            },
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
