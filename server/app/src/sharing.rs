//! Reading the state of another workspace. A run reads its own; another workspace's only if that one shares it, and what it reads is written
//! down. People are judged by their role, as everywhere.

use crate::{
    App, Caller, Error, Result,
    access::{self, Which},
    hub::Event,
};
use domain::{id::WorkspaceId, permission::Permission};
use store::{Tx, sharing::Read, state::StateVersion, workspace::Workspace};

/// The most workspaces that one may name.
const MOST: usize = 1000;

/// What becomes of those that were named before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsumerChange {
    /// These are added.
    Add,
    /// These replace all.
    Replace,
    /// These are removed.
    Remove,
}

impl App {
    /// Whether a run may read this workspace, which is another than its own; `None` when the caller is no run, the workspace its own, or
    /// of another organization: then their role counts.
    pub(crate) async fn run_may_read(
        &self,
        caller: &Caller,
        workspace: &Workspace,
        permission: Permission,
    ) -> Result<Option<bool>> {
        let Some(own) = foreign(caller, workspace) else { return Ok(None) };
        if !matches!(permission, Permission::Read | Permission::ReadState) {
            return Ok(None);
        }
        Ok(self.store.look(async |mut tx| store::sharing::find(&mut tx, &workspace.id, own).await).await?)
    }

    /// Writes down what a run is about to read of another workspace.
    pub(crate) async fn record_read(
        &self,
        caller: &Caller,
        workspace: &Workspace,
        version: &StateVersion,
    ) -> Result<()> {
        let (Some(_), Caller::Phase { phase_id, run_id, workspace_id, .. }) = (foreign(caller, workspace), caller)
        else {
            return Ok(());
        };
        let now = self.now();
        let read = Read {
            state_version_id: version.id.clone(),
            consumer_id: workspace_id.clone(),
            run_id: run_id.clone(),
            phase_id: phase_id.clone(),
            first_at: now,
            last_at: now,
            reads: 1,
        };
        let (organization, id) = (&workspace.organization_id, &workspace.id);
        Ok(self.store.write(async |mut tx| store::sharing::put_read(&mut tx, organization, id, &read).await).await?)
    }

    /// A page of what runs of other workspaces have read of this one, the latest first, and how many there are.
    pub async fn list_reads(
        &self,
        caller: &Caller,
        id: &WorkspaceId,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<Read>, i64)> {
        let workspace = self.workspace(caller, Which::Id(id), Permission::ReadState).await?;
        must_be_own(caller, &workspace)?;
        Ok(self.store.read(async |mut tx| store::sharing::list_reads(&mut tx, id, limit, offset).await).await?)
    }

    /// The workspaces whose runs may read the state of this one, by name.
    pub async fn list_consumers(&self, caller: &Caller, id: &WorkspaceId) -> Result<Vec<Workspace>> {
        let workspace = self.workspace(caller, Which::Id(id), Permission::ReadState).await?;
        must_be_own(caller, &workspace)?;
        let user = caller.user_id();
        let mut found = self
            .store
            .read(async |mut tx| {
                let consumers = store::sharing::list_consumers(&mut tx, id).await?;
                let ids: Vec<&str> = consumers.iter().map(|(id, _)| id.as_str()).collect();
                store::workspace::list_by_id(&mut tx, &ids, user).await
            })
            .await?;
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Changes whose runs may read the state of this workspace. All of them have to be of its organization.
    pub async fn change_consumers(
        &self,
        caller: &Caller,
        id: &WorkspaceId,
        change: ConsumerChange,
        consumers: &[String],
    ) -> Result<()> {
        check_count(consumers.len())?;
        // Who may not even read the state is told that, and not that there is none.
        self.workspace(caller, Which::Id(id), Permission::ReadState).await?;
        self.store
            .write(async |mut tx| {
                let workspace = access::hold(&mut tx, caller, id, Permission::UpdateWorkspace).await?;
                if change == ConsumerChange::Remove {
                    for consumer in consumers {
                        store::sharing::delete_consumer(&mut tx, id, consumer).await?;
                    }
                    return Ok(());
                }
                put_consumers(&mut tx, &workspace, change, consumers).await
            })
            .await?;
        self.hub.announce([Event::Workspace(id.clone())]);
        Ok(())
    }

    /// Says at once whether the runs of the whole organization may read the state of this workspace, and if not, of which workspaces, by name.
    pub async fn share_state(&self, caller: &Caller, id: &WorkspaceId, global: bool, names: &[&str]) -> Result<()> {
        check_count(names.len())?;
        let now = self.now();
        self.store
            .write(async |mut tx| {
                let mut workspace = access::hold(&mut tx, caller, id, Permission::UpdateWorkspace).await?;
                workspace.global_remote_state = global;
                store::workspace::update(&mut tx, &workspace, now).await?;
                let mut consumers = Vec::new();
                for name in names {
                    let organization = &workspace.organization_name;
                    let found = store::workspace::find_by_name(&mut tx, organization, name, "").await?;
                    let missing =
                        || Error::invalid("consumers", format!("there is no workspace {name} in {organization}"));
                    consumers.push(found.ok_or_else(missing)?.id.to_string());
                }
                put_consumers(&mut tx, &workspace, ConsumerChange::Replace, &consumers).await
            })
            .await?;
        self.hub.announce([Event::Workspace(id.clone())]);
        Ok(())
    }
}

async fn put_consumers(tx: &mut Tx, workspace: &Workspace, change: ConsumerChange, consumers: &[String]) -> Result<()> {
    let id = &workspace.id;
    if change == ConsumerChange::Replace {
        store::sharing::delete_consumers(tx, id).await?;
    }
    for consumer in consumers {
        if !store::workspace::is_of(tx, &workspace.organization_id, consumer).await? {
            return Err(Error::not_found(format!("workspace {}", consumer.chars().take(80).collect::<String>())));
        }
        store::sharing::put_consumer(tx, &workspace.organization_id, id, consumer).await?;
    }
    check_count(store::sharing::list_consumers(tx, id).await?.len())
}

fn check_count(consumers: usize) -> Result<()> {
    if consumers > MOST {
        return Err(Error::invalid(
            "remote-state-consumers",
            format!("A workspace names up to {MOST} others; share its state with the whole organization instead"),
        ));
    }
    Ok(())
}

/// The workspace of the run that is asking, when it is another one than this.
fn foreign<'a>(caller: &'a Caller, workspace: &Workspace) -> Option<&'a WorkspaceId> {
    match caller {
        Caller::Phase { workspace_id, .. } if *workspace_id != workspace.id => Some(workspace_id),
        _ => None,
    }
}

/// Refuses a run of another workspace. It is given what the CLI reads on its way to the state: the workspace and its states by id; not who else reads
/// them, nor their history.
pub(crate) fn must_be_own(caller: &Caller, workspace: &Workspace) -> Result<()> {
    if foreign(caller, workspace).is_none() {
        return Ok(());
    }
    Err(Error::Forbidden(format!(
        "workspace {} shares its current state with other runs, not its history and settings",
        workspace.name
    )))
}
