//! Workspaces: create, change, tag, delete.

use crate::{App, Caller, Error, Result, access, agent_pool::check_mode, hub::Event};
use domain::{
    id::{ProjectId, WorkspaceId},
    image, name,
    permission::Permission,
    queue::MOST,
    tag::{self, Tag},
};
use store::{Tx, workspace::Workspace};

/// The version of the engine that a workspace gets when nobody chooses.
const NEWEST: &str = "latest";

/// What may be said of a workspace; what is not said keeps its value, or gets its default.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Its name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// In which project.
    pub project: Option<ProjectId>,
    /// `remote`, `local` or `agent`.
    pub execution_mode: Option<String>,
    /// The pool of the mode `agent`: its id; empty is none.
    pub agent_pool: Option<String>,
    /// `terraform` or `tofu`.
    pub engine: Option<String>,
    /// An exact version, a constraint or `latest`.
    pub terraform_version: Option<String>,
    /// The image of its runs where they are executed in containers; empty for that of the organization or the site.
    pub image: Option<String>,
    /// Where the root module lies in the configuration.
    pub working_directory: Option<String>,
    /// Whether runs confirm themselves.
    pub auto_apply: Option<bool>,
    /// How many plans may execute at once beside the run that holds it; none is as many as the server's setting says.
    pub plan_limit: Option<Option<i64>>,
    /// Whether the runs of every workspace of the organization may read its state.
    pub global_remote_state: Option<bool>,
    /// Its tags, all of them.
    pub tags: Option<Vec<Tag>>,
}

impl Settings {
    fn apply(&self, workspace: &mut Workspace) -> Result<()> {
        let invalid = |attribute: &str, detail: &str| Err(Error::invalid(attribute, detail));
        if let Some(name) = &self.name {
            name::check(name).map_err(|e| Error::invalid("name", e))?;
            workspace.name.clone_from(name);
        }
        if let Some(description) = &self.description {
            if description.chars().count() > 2000 {
                return invalid("description", "Description is too long (maximum is 2000 characters)");
            }
            workspace.description.clone_from(description);
        }
        if let Some(project) = &self.project {
            workspace.project_id = project.clone();
        }
        if let Some(mode) = &self.execution_mode {
            if !["remote", "local", "agent"].contains(&mode.as_str()) {
                return invalid("execution-mode", "Execution mode is 'remote', 'local' or 'agent'");
            }
            workspace.execution_mode.clone_from(mode);
            if mode != "agent" {
                workspace.agent_pool_id = None;
            }
        }
        if let Some(pool) = &self.agent_pool {
            workspace.agent_pool_id = Some(pool.clone()).filter(|pool| !pool.is_empty());
        }
        if let Some(engine) = &self.engine {
            if !["terraform", "tofu"].contains(&engine.as_str()) {
                return invalid("engine", "Engine is 'terraform' or 'tofu'");
            }
            workspace.engine.clone_from(engine);
        }
        if let Some(version) = &self.terraform_version {
            let plain = |c: char| c.is_ascii_alphanumeric() || " .,~<>=!+-".contains(c);
            if version.is_empty() || version.len() > 100 || !version.chars().all(plain) {
                return invalid(
                    "terraform-version",
                    "Version is an exact one (1.11.4), a constraint (~> 1.11.0) or 'latest'",
                );
            }
            workspace.terraform_version.clone_from(version);
        }
        if let Some(image) = &self.image {
            image::check(image).map_err(|e| Error::invalid("execution-image", e))?;
            workspace.image.clone_from(image);
        }
        if let Some(directory) = &self.working_directory {
            name::check_directory(directory).map_err(|e| Error::invalid("working-directory", e))?;
            workspace.working_directory.clone_from(directory);
        }
        if let Some(auto_apply) = self.auto_apply {
            workspace.auto_apply = auto_apply;
        }
        if let Some(limit) = self.plan_limit {
            if limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
                let detail = format!("Speculative plan limit is a number from 1 to {MOST}, or none");
                return invalid("speculative-plan-limit", &detail);
            }
            workspace.plan_limit = limit;
        }
        if let Some(global) = self.global_remote_state {
            workspace.global_remote_state = global;
        }
        if self.tags.as_ref().is_some_and(|tags| tags.len() > tag::MOST) {
            return invalid("tags", "A workspace has up to 100 tags");
        }
        Ok(())
    }
}

impl App {
    /// Creates a workspace with a data key of its own.
    pub async fn create_workspace(
        &self,
        caller: &Caller,
        organization: &str,
        settings: &Settings,
    ) -> Result<Workspace> {
        let organization = self.organization(caller, organization, Permission::CreateWorkspace).await?;
        if settings.name.is_none() {
            return Err(Error::invalid("name", "Name can't be blank"));
        }
        let id = WorkspaceId::new(&self.entropy());
        let wrapped = self.vault.new_key(&id)?;
        let now = self.now();
        let saved = self
            .store
            .write_once(async |mut tx, again| {
                if again && let Some(made) = store::workspace::find(&mut tx, &id, caller.user_id()).await? {
                    return Ok(made);
                }
                let default = store::organization::default_project(&mut tx, &organization.id).await?;
                let default =
                    default.ok_or_else(|| Error::Internal(format!("{} has no default project", organization.id)))?;
                let mut workspace = Workspace::new(id.clone(), &organization, default.id, NEWEST, now);
                settings.apply(&mut workspace)?;
                self.check_project(&mut tx, &workspace).await?;
                check_mode(&mut tx, &workspace).await?;
                store::workspace::insert(&mut tx, &workspace, &wrapped).await.map_err(taken)?;
                let tags = distinct(settings.tags.as_deref().unwrap_or_default());
                if !tags.is_empty() {
                    store::workspace::put_tags(&mut tx, &workspace, &tags).await?;
                }
                let user = caller.user_id();
                let saved = store::workspace::find(&mut tx, &id, user).await?;
                saved.ok_or_else(|| Error::Internal(format!("{id} vanished while it was created")))
            })
            .await?;
        self.hub.unindex();
        Ok(saved)
    }

    /// Changes a workspace's settings; tags only if some are said.
    pub async fn update_workspace(&self, caller: &Caller, id: &WorkspaceId, settings: &Settings) -> Result<Workspace> {
        let now = self.now();
        let (saved, moved) = self
            .store
            .write(async |mut tx| {
                let mut workspace = access::hold(&mut tx, caller, id, Permission::UpdateWorkspace).await?;
                let before = (workspace.execution_mode.clone(), workspace.agent_pool_id.clone());
                settings.apply(&mut workspace)?;
                self.check_project(&mut tx, &workspace).await?;
                check_mode(&mut tx, &workspace).await?;
                store::workspace::update(&mut tx, &workspace, now).await.map_err(taken)?;
                let moved = before != (workspace.execution_mode.clone(), workspace.agent_pool_id.clone());
                if moved {
                    store::phase::address_again(&mut tx, id).await?;
                }
                if let Some(tags) = &settings.tags {
                    store::workspace::put_tags(&mut tx, &workspace, &distinct(tags)).await?;
                }
                let saved = store::workspace::find(&mut tx, id, caller.user_id()).await?;
                let saved = saved.ok_or_else(|| Error::not_found(format!("workspace {id}")))?;
                Ok::<_, Error>((saved, moved))
            })
            .await?;
        let mut events = vec![Event::Workspace(id.clone())];
        if moved || settings.plan_limit.is_some() {
            events.push(Event::Queue(saved.organization_id.clone()));
        }
        self.after(events);
        self.hub.unindex();
        Ok(saved)
    }

    /// Adds tags to those that are there; a key that is there gets its new value.
    pub async fn add_tags(&self, caller: &Caller, id: &WorkspaceId, tags: &[Tag]) -> Result<Workspace> {
        let saved = self
            .store
            .write(async |mut tx| {
                let workspace = access::hold(&mut tx, caller, id, Permission::UpdateWorkspace).await?;
                let mut all = workspace.tags();
                all.extend_from_slice(tags);
                let all = distinct(&all);
                if all.len() > tag::MOST {
                    return Err(Error::invalid("tags", "A workspace has up to 100 tags"));
                }
                store::workspace::put_tags(&mut tx, &workspace, &all).await?;
                let saved = store::workspace::find(&mut tx, id, caller.user_id()).await?;
                saved.ok_or_else(|| Error::not_found(format!("workspace {id}")))
            })
            .await?;
        self.hub.announce([Event::Workspace(id.clone())]);
        self.hub.unindex();
        Ok(saved)
    }

    /// Deletes a workspace. `safe` refuses while it is locked or its state still manages something.
    pub async fn delete_workspace(&self, caller: &Caller, id: &WorkspaceId, safe: bool) -> Result<()> {
        let now = self.now();
        self.store
            .write(async |mut tx| {
                let workspace = access::hold(&mut tx, caller, id, Permission::DeleteWorkspace).await?;
                let open = store::run::count_open(&mut tx, id).await?;
                if safe && (workspace.lock()?.is_some() || open > 0) {
                    return Err(Error::Conflict(format!("workspace {} is locked or has runs that go on", workspace.name)));
                }
                if let Some(lock) = workspace.lock()? {
                    return Err(crate::lock::locked(&workspace, lock));
                }
                if open > 0 {
                    return Err(Error::Conflict(format!(
                        "workspace {} has {open} runs that have not ended; cancel or discard them first",
                        workspace.name
                    )));
                }
                let state = store::state::current(&mut tx, id).await?;
                let resources = state.map_or(0, |state| state.resource_count);
                if safe && resources > 0 {
                    // Without the workspace's name: a client reads "locked" anywhere in these words as another reason.
                    return Err(Error::Conflict(format!(
                        "the workspace is still managing {resources} resources; destroy them first, or delete with force"
                    )));
                }
                Ok(store::workspace::delete(&mut tx, id, now).await?)
            })
            .await?;
        self.hub.announce([Event::Workspace(id.clone())]);
        self.hub.unindex();
        Ok(())
    }

    async fn check_project(&self, tx: &mut Tx, workspace: &Workspace) -> Result<()> {
        let found = store::organization::find_project(tx, &workspace.project_id, "").await?;
        match found {
            Some((_, organization, _)) if organization == workspace.organization_name => Ok(()),
            _ => Err(Error::invalid(
                "project",
                format!("Project {} is not one of this organization", workspace.project_id),
            )),
        }
    }
}

/// Each key once, with its last value, in the order of its first place.
fn distinct(tags: &[Tag]) -> Vec<Tag> {
    let mut distinct: Vec<Tag> = Vec::new();
    for tag in tags {
        match distinct.iter_mut().find(|known| known.key == tag.key) {
            Some(known) => known.value.clone_from(&tag.value),
            None => distinct.push(tag.clone()),
        }
    }
    distinct
}

fn taken(error: store::Error) -> Error {
    if error.is_taken("workspaces") { Error::invalid("name", "Name has already been taken") } else { error.into() }
}
