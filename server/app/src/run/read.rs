//! Look at runs, and say why one waits.

use crate::{App, Caller, Error, Result, access::Which, vault::Reader};
use domain::{
    id::{RunId, WorkspaceId},
    permission::{Permission, allows},
    run::{Actions, PhaseStatus, actions},
};
use protocol::Artifact;
use store::{Tx, phase::Phase, run::Run, workspace::Workspace};

/// A run's two phases.
#[derive(Debug, Clone)]
pub struct Phases {
    /// The plan.
    pub plan: Phase,
    /// The apply.
    pub apply: Phase,
}

/// Runs with their workspaces, as this user sees them.
pub(crate) async fn with_workspaces(
    tx: &mut Tx,
    runs: Vec<Run>,
    user: &str,
) -> Result<Vec<(Run, Workspace)>, store::Error> {
    let ids: Vec<&str> = runs.iter().map(|run| run.workspace_id.as_str()).collect();
    let workspaces = store::workspace::list_by_id(tx, &ids, user).await?;
    let with = |run: Run| {
        let workspace = workspaces.iter().find(|workspace| workspace.id == run.workspace_id)?;
        Some((run, workspace.clone()))
    };
    Ok(runs.into_iter().filter_map(with).collect())
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

    /// A page of the runs of an organization with their workspaces, newest first, and whether more come after it.
    pub async fn list_organization_runs(
        &self,
        caller: &Caller,
        organization: &str,
        statuses: &[&str],
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<(Run, Workspace)>, bool)> {
        let organization = self.organization(caller, organization, Permission::ReadRuns).await?;
        let user = caller.user_id();
        Ok(self
            .store
            .read(async |mut tx| {
                let of = &organization.id;
                let mut runs = store::run::list_of_organization(&mut tx, of, statuses, limit + 1, offset).await?;
                let asked = usize::try_from(limit).unwrap_or_default();
                let more = runs.len() > asked;
                runs.truncate(asked);
                Ok::<_, store::Error>((with_workspaces(&mut tx, runs, user).await?, more))
            })
            .await?)
    }

    /// The newest run, of any kind, of each of these workspaces, which the caller was given; those of others are left out.
    pub async fn newest_runs(&self, caller: &Caller, workspaces: &[Workspace]) -> Result<Vec<Run>> {
        let sees = |workspace: &&Workspace| {
            caller.role(workspace.role.as_deref()).is_some_and(|role| allows(role, Permission::ReadRuns))
        };
        let ids: Vec<&str> = workspaces.iter().filter(sees).map(|workspace| workspace.id.as_str()).collect();
        Ok(self.store.look(async |mut tx| store::run::list_newest(&mut tx, &ids).await).await?)
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
        if let Some(at) = phase.plan_purged_at {
            return Err(Error::not_found(format!(
                "what {} handed back, removed {},",
                phase.id,
                crate::retention::removed(at)
            )));
        }
        self.artifact(&phase.id, artifact).await
    }

    /// What may be done to a run now.
    pub fn run_actions(&self, run: &Run) -> Result<Actions> {
        let cooled =
            run.cancel_asked_at.is_some_and(|asked| self.now().micros() >= asked + super::decide::COOL_OFF * 1_000_000);
        Ok(actions(run.status()?, run.traits(), run.cancel_asked_at.is_some(), cooled))
    }
}

/// Whether a phase has said all that it will say.
pub(crate) fn is_over(phase: &Phase) -> bool {
    phase.status().is_ok_and(PhaseStatus::is_final)
}
