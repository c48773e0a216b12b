//! Agent pools and their agents.

use crate::{App, Caller, Error, Result, agent::heard_since, caller::must_operate};
use domain::{
    id::{AgentId, AgentPoolId, WorkspaceId},
    name,
    permission::{Permission, allows},
};
use store::{
    Tx,
    agent::Agent,
    agent_pool::{AgentPool, Scope},
    organization::Organization,
    workspace::Workspace,
};

/// What may be said of a pool; what is not said keeps its value, or gets its default.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Its name.
    pub name: Option<String>,
    /// Whether every workspace of the organization may use it.
    pub organization_scoped: Option<bool>,
    /// The workspaces that may use it, all of them.
    pub allowed_workspaces: Option<Vec<String>>,
    /// The projects whose workspaces may, all of them.
    pub allowed_projects: Option<Vec<String>>,
    /// The workspaces that may not, all of them.
    pub excluded_workspaces: Option<Vec<String>>,
}

/// Whom a pool names, and who uses it: ids.
#[derive(Debug, Clone, Default)]
pub struct Scopes {
    /// The workspaces that may use it.
    pub allowed_workspaces: Vec<String>,
    /// The projects whose workspaces may.
    pub allowed_projects: Vec<String>,
    /// The workspaces that may not.
    pub excluded_workspaces: Vec<String>,
    /// The workspaces that do.
    pub workspaces: Vec<String>,
}

impl Change {
    fn scopes(&self) -> [(Scope, Option<&Vec<String>>); 3] {
        [
            (Scope::Workspace, self.allowed_workspaces.as_ref()),
            (Scope::Project, self.allowed_projects.as_ref()),
            (Scope::Excluded, self.excluded_workspaces.as_ref()),
        ]
    }
}

impl App {
    /// Creates a pool.
    pub async fn create_agent_pool(&self, caller: &Caller, organization: &str, change: &Change) -> Result<AgentPool> {
        let organization = self.organization(caller, organization, Permission::ManageOrganization).await?;
        let Some(name) = &change.name else { return Err(Error::invalid("name", "Name can't be blank")) };
        name::check(name).map_err(|e| Error::invalid("name", e))?;
        let pool = AgentPool {
            id: AgentPoolId::new(&self.entropy()),
            organization_id: organization.id.clone(),
            organization_name: organization.name.clone(),
            name: name.clone(),
            organization_scoped: change.organization_scoped.unwrap_or(true),
            created_at: self.now(),
            agent_count: 0,
            role: organization.role.clone(),
        };
        self.store
            .write(async |mut tx| {
                store::agent_pool::insert(&mut tx, &pool).await.map_err(taken)?;
                put_scopes(&mut tx, &pool, change).await
            })
            .await?;
        Ok(pool)
    }

    /// Changes a pool.
    pub async fn update_agent_pool(&self, caller: &Caller, id: &AgentPoolId, change: &Change) -> Result<AgentPool> {
        let pool = self.agent_pool(caller, id, Permission::ManageOrganization).await?;
        self.store
            .write(async |mut tx| {
                let mut pool = pool.clone();
                if let Some(name) = &change.name {
                    name::check(name).map_err(|e| Error::invalid("name", e))?;
                    pool.name.clone_from(name);
                }
                pool.organization_scoped = change.organization_scoped.unwrap_or(pool.organization_scoped);
                store::agent_pool::update(&mut tx, &pool).await.map_err(taken)?;
                put_scopes(&mut tx, &pool, change).await?;
                Ok(pool)
            })
            .await
    }

    /// Deletes a pool that no workspace uses and of which no phase waits or executes, with its agents and tokens.
    pub async fn delete_agent_pool(&self, caller: &Caller, id: &AgentPoolId) -> Result<()> {
        let pool = self.agent_pool(caller, id, Permission::ManageOrganization).await?;
        self.store
            .write(async |mut tx| {
                let users = store::agent_pool::list_workspaces(&mut tx, id).await?;
                if !users.is_empty() {
                    return Err(Error::Conflict(format!(
                        "agent pool {} is used by {} workspaces; give them another pool or mode first",
                        pool.name,
                        users.len()
                    )));
                }
                let phases = store::phase::list_of_pool(&mut tx, id).await?;
                if !phases.is_empty() {
                    let mut runs: Vec<&str> = phases.iter().map(|phase| phase.run_id.as_str()).collect();
                    runs.dedup();
                    return Err(Error::Conflict(format!(
                        "agents of pool {} execute, or are to execute: {}; wait until they end, or cancel them first",
                        pool.name,
                        runs.join(", ")
                    )));
                }
                store::workspace::forget_pool(&mut tx, id).await?;
                store::agent_pool::delete(&mut tx, id).await?;
                Ok(())
            })
            .await
    }

    /// A pool, if the caller may do this in its organization.
    pub async fn agent_pool(&self, caller: &Caller, id: &AgentPoolId, permission: Permission) -> Result<AgentPool> {
        let missing = || Error::not_found(format!("agent pool {id}"));
        let user = caller.user_id();
        let heard = heard_since(self.now());
        let found = self.store.look(async |mut tx| store::agent_pool::find(&mut tx, id, user, heard).await).await?;
        let pool = found.ok_or_else(missing)?;
        match caller.role(pool.role.as_deref()) {
            Some(role) if allows(role, permission) => Ok(pool),
            Some(_) => Err(Error::Forbidden(format!(
                "agent pool {}: the right to {permission} is missing; an owner can give it",
                pool.name
            ))),
            None => Err(missing()),
        }
    }

    /// The pools of an organization, by name.
    pub async fn list_agent_pools(&self, caller: &Caller, organization: &str) -> Result<Vec<AgentPool>> {
        let organization: Organization = self.organization(caller, organization, Permission::Read).await?;
        let user = caller.user_id();
        let heard = heard_since(self.now());
        let list =
            self.store.look(async |mut tx| store::agent_pool::list(&mut tx, &organization.id, user, heard).await);
        Ok(list.await?)
    }

    /// Whom a pool names, and who uses it.
    pub async fn agent_pool_scopes(&self, pool: &AgentPool) -> Result<Scopes> {
        let id = &pool.id;
        Ok(self
            .store
            .read(async |mut tx| {
                Ok::<_, store::Error>(Scopes {
                    allowed_workspaces: store::agent_pool::list_scopes(&mut tx, id, Scope::Workspace).await?,
                    allowed_projects: store::agent_pool::list_scopes(&mut tx, id, Scope::Project).await?,
                    excluded_workspaces: store::agent_pool::list_scopes(&mut tx, id, Scope::Excluded).await?,
                    workspaces: store::agent_pool::list_workspaces(&mut tx, id).await?,
                })
            })
            .await?)
    }

    /// The agents of a pool, newest first.
    pub async fn list_agents(&self, caller: &Caller, id: &AgentPoolId) -> Result<Vec<Agent>> {
        self.agent_pool(caller, id, Permission::Read).await?;
        Ok(self.store.look(async |mut tx| store::agent::list(&mut tx, Some(id)).await).await?)
    }

    /// The runners of the site, newest first. For a site admin, and for the house itself (`caller` is none).
    pub async fn list_site_runners(&self, caller: Option<&Caller>) -> Result<Vec<Agent>> {
        must_operate(caller, "sees the runners of the site")?;
        Ok(self.store.look(async |mut tx| store::agent::list(&mut tx, None).await).await?)
    }

    /// An agent.
    pub async fn agent(&self, caller: &Caller, id: &AgentId) -> Result<Agent> {
        self.agent_with(caller, id, Permission::Read).await
    }

    async fn agent_with(&self, caller: &Caller, id: &AgentId, permission: Permission) -> Result<Agent> {
        let missing = || Error::not_found(format!("agent {id}"));
        let found = self.store.look(async |mut tx| store::agent::find(&mut tx, id).await).await?;
        let agent = found.ok_or_else(missing)?;
        match agent.pool_id.as_deref().and_then(|pool| pool.parse::<AgentPoolId>().ok()) {
            Some(pool) => match self.agent_pool(caller, &pool, permission).await {
                Err(Error::NotFound(_)) => Err(missing()),
                other => other.map(|_| agent),
            },
            None if caller.is_site_admin() => Ok(agent),
            None => Err(missing()),
        }
    }

    /// Forgets an agent that is gone.
    pub async fn delete_agent(&self, caller: &Caller, id: &AgentId) -> Result<()> {
        let agent = self.agent_with(caller, id, Permission::ManageOrganization).await?;
        let status = crate::agent_status(&agent, self.now());
        if matches!(status, "idle" | "busy") || agent.busy > 0 {
            return Err(Error::Conflict(format!("agent {} is {status}: stop it first", agent.name)));
        }
        self.store.write(async |mut tx| store::agent::delete(&mut tx, id).await).await?;
        Ok(())
    }
}

/// Refuses a workspace whose runs nobody could execute: the mode `agent` needs a pool that it may use, every other mode none.
pub(crate) async fn check_mode(tx: &mut Tx, workspace: &Workspace) -> Result<()> {
    let invalid = |detail: &str| Err(Error::invalid("agent-pool-id", detail));
    let pool = match (workspace.execution_mode.as_str(), workspace.agent_pool_id.as_deref()) {
        ("agent", None) => return invalid("must be specified when using 'agent' execution mode"),
        ("agent", Some(pool)) => pool,
        (_, Some(_)) => return invalid("must not be specified unless using 'agent' execution mode"),
        (_, None) => return Ok(()),
    };
    let Ok(pool) = pool.parse::<AgentPoolId>() else { return invalid("is not the id of an agent pool") };
    let id: &WorkspaceId = &workspace.id;
    let project = workspace.project_id.as_str();
    if store::agent_pool::may_use(tx, &pool, &workspace.organization_id, id.as_str(), project).await? {
        return Ok(());
    }
    invalid("is no agent pool of this organization that this workspace may use")
}

async fn put_scopes(tx: &mut Tx, pool: &AgentPool, change: &Change) -> Result<()> {
    for (scope, targets) in change.scopes() {
        let Some(targets) = targets else { continue };
        for target in targets {
            let attribute = match scope {
                Scope::Workspace => "allowed-workspaces",
                Scope::Project => "allowed-projects",
                Scope::Excluded => "excluded-workspaces",
            };
            let known = match scope {
                Scope::Project => store::organization::has_project(tx, &pool.organization_id, target).await?,
                Scope::Workspace | Scope::Excluded => {
                    store::workspace::is_of(tx, &pool.organization_id, target).await?
                }
            };
            if !known {
                return Err(Error::invalid(attribute, format!("{target} is not one of this organization")));
            }
        }
        store::agent_pool::put_scopes(tx, pool, scope, targets).await?;
    }
    Ok(())
}

fn taken(error: store::Error) -> Error {
    if error.is_taken("agent_pools") { Error::invalid("name", "Name has already been taken") } else { error.into() }
}
