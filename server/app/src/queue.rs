//! The queue of an organization, and who gets which part of the runners.

use crate::{App, Caller, Error, Result, caller::must_operate, hub::Event, run::with_workspaces};
use domain::{
    permission::Permission,
    queue::{HEAVIEST, MOST},
};
use store::{queue::Defaults, run::Run, workspace::Workspace};

/// What only a site admin does here.
const SHARES: &str = "decides which part of the runners an organization gets";

/// An organization's part of the runners.
pub use store::queue::Share;

/// What may be said of an organization's part; what is not said stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct ShareChange {
    /// How many of its phases may execute at once; none is as many as the server's setting says.
    pub run_limit: Option<Option<i64>>,
    /// Its part, in proportion to the others'.
    pub run_weight: Option<i64>,
}

impl App {
    pub(crate) fn queue_defaults(&self) -> Defaults {
        Defaults { organization: self.limits.organization_runs, workspace: self.limits.workspace_plans }
    }

    /// A page of the runs of an organization that have not ended, in the order of its queue, and how many there are: what executes, what
    /// waits for a runner, what waits for its workspace, what waits for a person. Each with its workspace.
    pub async fn list_queue(
        &self,
        caller: &Caller,
        organization: &str,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<(Run, Workspace)>, i64)> {
        let organization = self.organization(caller, organization, Permission::ReadRuns).await?;
        let user = caller.user_id();
        Ok(self
            .store
            .read(async |mut tx| {
                let runs = store::run::list_queue(&mut tx, &organization.id, limit, offset).await?;
                let open = with_workspaces(&mut tx, runs, user).await?;
                let total = store::run::count_queue(&mut tx, &organization.id).await?;
                Ok::<_, store::Error>((open, total))
            })
            .await?)
    }

    /// Every organization's part of the runners. For a site admin, and for the house itself (`caller` is none).
    pub async fn list_shares(&self, caller: Option<&Caller>) -> Result<Vec<Share>> {
        must_operate(caller, SHARES)?;
        let defaults = self.queue_defaults();
        Ok(self.store.look(async |mut tx| store::queue::list_shares(&mut tx, defaults).await).await?)
    }

    /// An organization's part of the runners. For a site admin, and for the house itself (`caller` is none).
    pub async fn share(&self, caller: Option<&Caller>, organization: &str) -> Result<Share> {
        must_operate(caller, SHARES)?;
        let defaults = self.queue_defaults();
        let found =
            self.store.look(async |mut tx| store::queue::find_share(&mut tx, organization, defaults).await).await?;
        found.ok_or_else(|| Error::not_found(format!("organization {organization}")))
    }

    /// Changes an organization's part of the runners. For a site admin, since it is the others' part too; and for the house itself.
    pub async fn set_share(&self, caller: Option<&Caller>, organization: &str, change: ShareChange) -> Result<Share> {
        must_operate(caller, SHARES)?;
        if change.run_limit.flatten().is_some_and(|limit| !(1..=MOST).contains(&limit)) {
            return Err(Error::invalid("run-limit", format!("Run limit is a number from 1 to {MOST}, or none")));
        }
        if change.run_weight.is_some_and(|weight| !(1..=HEAVIEST).contains(&weight)) {
            return Err(Error::invalid("run-weight", format!("Run weight is a number from 1 to {HEAVIEST}")));
        }
        let defaults = self.queue_defaults();
        let share = self
            .store
            .write(async |mut tx| {
                let missing = || Error::not_found(format!("organization {organization}"));
                let share = store::queue::find_share(&mut tx, organization, defaults).await?.ok_or_else(missing)?;
                let limit = change.run_limit.unwrap_or(share.run_limit);
                let weight = change.run_weight.unwrap_or(share.run_weight);
                store::organization::set_share(&mut tx, &share.id, limit, weight).await?;
                store::queue::find_share(&mut tx, organization, defaults).await?.ok_or_else(missing)
            })
            .await?;
        let by = caller.map_or("the operator", Caller::user_id);
        tracing::info!(organization, by, run_limit = share.run_limit, run_weight = share.run_weight, "changed a share");
        self.after(vec![Event::Queue(share.id.clone())]);
        Ok(share)
    }
}
