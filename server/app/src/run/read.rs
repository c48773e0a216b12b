//! Look at runs, and say why one waits.

use crate::{App, Caller, Error, Result, access::Which, vault::Reader};
use domain::{
    id::{RunId, WorkspaceId},
    lock::Holder,
    permission::{Permission, allows},
    run::{Actions, PhaseStatus, Status, actions},
    time::Time,
};
use protocol::Artifact;
use store::{phase::Phase, run::Run, workspace::Workspace};

/// A run's two phases.
#[derive(Debug, Clone)]
pub struct Phases {
    /// The plan.
    pub plan: Phase,
    /// The apply.
    pub apply: Phase,
}

/// Why a run waits, in a sentence, and its place in the workspace's line (1 is next).
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The sentence.
    pub reason: String,
    /// The place; 0 when it does not wait for the workspace.
    pub place: i64,
}

impl App {
    /// A run that the caller may see.
    pub async fn run(&self, caller: &Caller, id: &RunId) -> Result<Run> {
        Ok(self.run_and_workspace(caller, id).await?.0)
    }

    /// A run and its workspace.
    pub async fn run_and_workspace(&self, caller: &Caller, id: &RunId) -> Result<(Run, Workspace)> {
        let missing = || Error::not_found(format!("run {id}"));
        let run = self.store.look(async |mut tx| store::run::find(&mut tx, id).await).await?.ok_or_else(missing)?;
        match self.workspace(caller, Which::Id(&run.workspace_id), Permission::ReadRuns).await {
            Ok(workspace) => Ok((run, workspace)),
            Err(Error::NotFound(_)) => Err(missing()),
            Err(other) => Err(other),
        }
    }

    /// A page of a workspace's runs, newest first, and how many there are.
    pub async fn list_runs(
        &self,
        caller: &Caller,
        workspace: &WorkspaceId,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<Run>, i64)> {
        let workspace = self.workspace(caller, Which::Id(workspace), Permission::ReadRuns).await?;
        Ok(self
            .store
            .read(async |mut tx| {
                let runs = store::run::list(&mut tx, &workspace.id, true, limit, offset).await?;
                Ok::<_, store::Error>((runs, store::run::count(&mut tx, &workspace.id, true).await?))
            })
            .await?)
    }

    /// The runs that have, or had last, these workspaces, which the caller was given; those of others are left out.
    pub async fn current_runs(&self, caller: &Caller, workspaces: &[Workspace]) -> Result<Vec<Run>> {
        let sees = |workspace: &&Workspace| {
            caller.role(workspace.role.as_deref()).is_some_and(|role| allows(role, Permission::ReadRuns))
        };
        let ids: Vec<&str> = workspaces.iter().filter(sees).filter_map(|w| w.current_run_id.as_deref()).collect();
        Ok(self.store.look(async |mut tx| store::run::list_by_id(&mut tx, &ids).await).await?)
    }

    /// The runs of an organization that have not ended, oldest first.
    pub async fn list_open_runs(&self, caller: &Caller, organization: &str) -> Result<Vec<Run>> {
        let organization = self.organization(caller, organization, Permission::ReadRuns).await?;
        Ok(self.store.look(async |mut tx| store::run::list_open(&mut tx, &organization.id).await).await?)
    }

    /// A run's plan and apply.
    pub async fn phases(&self, run: &RunId) -> Result<Phases> {
        let (plan, apply) = (run.plan(), run.apply());
        let found = self
            .store
            .read(async |mut tx| {
                let plan = store::phase::find(&mut tx, plan.as_str()).await?;
                Ok::<_, store::Error>((plan, store::phase::find(&mut tx, apply.as_str()).await?))
            })
            .await?;
        match found {
            (Some(plan), Some(apply)) => Ok(Phases { plan, apply }),
            _ => Err(Error::Internal(format!("{run} has no phases"))),
        }
    }

    /// A phase that the caller may see.
    pub async fn phase(&self, caller: &Caller, id: &str) -> Result<Phase> {
        let missing = || Error::not_found(id.chars().take(80).collect::<String>());
        let phase = self.store.look(async |mut tx| store::phase::find(&mut tx, id).await).await?.ok_or_else(missing)?;
        match self.workspace(caller, Which::Id(&phase.workspace_id), Permission::ReadRuns).await {
            Ok(_) => Ok(phase),
            Err(Error::NotFound(_)) => Err(missing()),
            Err(other) => Err(other),
        }
    }

    /// A file that a plan handed back, for who may see the run; `None` when there is none.
    pub async fn plan_artifact(&self, caller: &Caller, phase: &str, artifact: Artifact) -> Result<Option<Reader>> {
        let phase = self.phase(caller, phase).await?;
        self.artifact(&phase.id, artifact).await
    }

    /// What may be done to a run now.
    pub fn run_actions(&self, run: &Run) -> Result<Actions> {
        let cooled =
            run.cancel_asked_at.is_some_and(|asked| self.now().micros() >= asked + super::decide::COOL_OFF * 1_000_000);
        Ok(actions(run.status()?, run.traits(), run.cancel_asked_at.is_some(), cooled))
    }

    /// Why a run waits, if it does.
    pub async fn waiting(&self, run: &Run, workspace: &Workspace) -> Result<Option<Waiting>> {
        let status = run.status()?;
        let waiting = |reason: String, place| Ok(Some(Waiting { reason, place }));
        match status {
            Status::Pending | Status::Confirmed => {
                let open =
                    self.store.look(async |mut tx| store::run::list_open(&mut tx, &run.organization_id).await).await?;
                let before = open
                    .iter()
                    .filter(|other| other.workspace_id == run.workspace_id && other.traits().holds_workspace())
                    .take_while(|other| other.id != run.id)
                    .count();
                let place = i64::try_from(before).unwrap_or(i64::MAX);
                match workspace.lock()?.map(|lock| (lock.holder, lock.reason)) {
                    Some((Holder::Run(other), _)) => {
                        let ahead =
                            if place > 1 { format!(", and {} more are before it", place - 1) } else { String::new() };
                        waiting(format!("waits for {other} to end, which has the workspace{ahead}"), place)
                    }
                    Some((Holder::Client { user, .. }, reason)) => {
                        let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
                        waiting(
                            format!("the workspace is locked by {user}{why}; it begins when that lock is given back"),
                            place.max(1),
                        )
                    }
                    None => waiting("begins at once".into(), place.max(1)),
                }
            }
            Status::PlanQueued | Status::ApplyQueued => {
                let id = &run.organization_id;
                let (_, running) =
                    self.store.look(async |mut tx| store::organization::capacity(&mut tx, id).await).await?;
                let limit = self.limits.organization_runs;
                if running >= limit {
                    return waiting(format!("waits for a place: {running} of the organization's {limit} are taken"), 0);
                }
                self.wait_for_runner(run).await
            }
            Status::Applying => self.recovering(run).await,
            _ => Ok(None),
        }
    }
}

impl App {
    async fn wait_for_runner(&self, run: &Run) -> Result<Option<Waiting>> {
        let Phases { plan, apply } = self.phases(&run.id).await?;
        let queued = if plan.status()? == PhaseStatus::Queued { plan } else { apply };
        let pool = queued.agent_pool_id.as_deref();
        let reason = match (self.count_runners(pool).await?, pool) {
            (0, Some(_)) => "no agent of the workspace's pool is connected: start one, or choose another pool".into(),
            (0, None) => {
                "no runner is connected: start one, or let the server execute runs itself (--runner on)".into()
            }
            _ => "waits for a free runner".into(),
        };
        Ok(Some(Waiting { reason, place: 0 }))
    }

    /// What is known of an apply whose runner was lost, and what can be done.
    async fn recovering(&self, run: &Run) -> Result<Option<Waiting>> {
        let Phases { apply, .. } = self.phases(&run.id).await?;
        let Some(lost) = apply.lost_at else { return Ok(None) };
        let runner = match apply.agent_id.as_deref().and_then(|id| id.parse().ok()) {
            Some(id) => self.store.look(async |mut tx| store::agent::find(&mut tx, &id).await).await?,
            None => None,
        };
        let name = runner.map_or_else(|| "its runner".to_owned(), |agent| format!("its runner {}", agent.name));
        let reason = format!(
            "recovering: {name} was not heard of since {} while it applied. Terraform may still be at work there, so the workspace stays \
             locked, and every state that arrives is kept. The run goes on by itself when the runner comes back. If you know that \
             terraform has ended there, cancel the run and then force-cancel it",
            Time::from_micros(lost).rfc3339()
        );
        Ok(Some(Waiting { reason, place: 0 }))
    }
}

/// Whether a phase has said all that it will say.
pub(crate) fn is_over(phase: &Phase) -> bool {
    phase.status().is_ok_and(PhaseStatus::is_final)
}
