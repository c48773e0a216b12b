//! Create a run.

use super::advance;
use crate::{App, Caller, Error, Result, access, hub::Event};
use domain::{
    id::{ConfigurationVersionId, RunId, WorkspaceId},
    permission::{Permission, allows},
    run::Event as RunEvent,
    time::Time,
};
use store::{configuration::ConfigurationVersion, run::Run, workspace::Workspace};

/// The most addresses of `-target` or `-replace`.
const MOST_ADDRESSES: usize = 1000;

/// What may be said of a new run; what is not said comes from the workspace or its newest configuration.
#[derive(Debug, Clone, Default)]
pub struct New {
    /// What to plan from; else the workspace's newest.
    pub configuration_version: Option<ConfigurationVersionId>,
    /// Why.
    pub message: Option<String>,
    /// Who makes it: `terraform+cloud`, `tfe-api` or `tfe-ui`.
    pub source: String,
    /// `-destroy`
    pub is_destroy: bool,
    /// Not `-refresh=false`; by default it refreshes.
    pub refresh: Option<bool>,
    /// `-refresh-only`
    pub refresh_only: bool,
    /// It may never apply; else as its configuration version says.
    pub plan_only: Option<bool>,
    /// Its plan is kept.
    pub save_plan: bool,
    /// It confirms itself; else as the workspace says.
    pub auto_apply: Option<bool>,
    /// A plan without changes may be applied.
    pub allow_empty_apply: bool,
    /// `-generate-config-out`
    pub generate_config: bool,
    /// Whether its creator renders JSON lines.
    pub json_log: bool,
    /// `-target`
    pub targets: Vec<String>,
    /// `-replace`
    pub replaces: Vec<String>,
    /// Its own variables: name and HCL expression.
    pub variables: Vec<(String, String)>,
}

impl New {
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_destroy && self.refresh_only {
            return Err(Error::invalid("refresh-only", "A run can't be both a destroy and refresh-only"));
        }
        for (attribute, list) in [("target-addrs", &self.targets), ("replace-addrs", &self.replaces)] {
            // An address that looks like an option would be read as one.
            let bad = |address: &String| {
                address.is_empty() || address.len() > 2048 || address.starts_with('-') || address.contains('\0')
            };
            if list.len() > MOST_ADDRESSES || list.iter().any(bad) {
                return Err(Error::invalid(
                    attribute,
                    "Addresses are up to 1000 resource addresses of up to 2048 characters",
                ));
            }
        }
        let bytes: usize = self.variables.iter().map(|(key, value)| key.len() + value.len()).sum();
        if bytes > 4 << 20 {
            return Err(Error::invalid("variables", "The run's variables are larger than 4 MiB"));
        }
        for (key, value) in &self.variables {
            domain::variable::check(domain::variable::Category::Terraform, key, value, "")
                .map_err(|e| Error::invalid("variables", format!("{key:?}: {}", e.detail)))?;
        }
        if self.message.as_ref().is_some_and(|message| message.len() > 8192) {
            return Err(Error::invalid("message", "Message is too long (maximum is 8192 bytes)"));
        }
        Ok(())
    }
}

impl App {
    /// Creates a run. It begins at once if its workspace is free, and waits in line otherwise.
    pub async fn create_run(&self, caller: &Caller, workspace: &WorkspaceId, new: New) -> Result<Run> {
        new.check()?;
        let id = RunId::new(&self.entropy());
        let now = self.now();
        let seen = self.workspace(caller, access::Which::Id(workspace), Permission::QueueRun).await?;
        let variables = self.seal_run_variables(&seen, &id, &new.variables).await?;
        let (run, events) = self
            .store
            .write_once(async |mut tx, again| {
                let workspace = access::hold(&mut tx, caller, workspace, Permission::QueueRun).await?;
                if again && let Some(run) = store::run::find(&mut tx, &id).await? {
                    let queued = Event::Queue(run.organization_id.clone());
                    return Ok((run, vec![Event::Workspace(workspace.id), queued]));
                }
                let configuration = match &new.configuration_version {
                    Some(id) => {
                        store::configuration::find(&mut tx, id).await?.filter(|c| c.workspace_id == workspace.id)
                    }
                    None => store::configuration::newest(&mut tx, &workspace.id).await?,
                };
                let configuration = configuration.ok_or_else(|| {
                    Error::invalid(
                        "configuration-version",
                        "The workspace has no such configuration version; upload one first",
                    )
                })?;
                queue(&mut tx, caller, &workspace, configuration, &new, variables.clone(), &id, now).await
            })
            .await?;
        self.after(events);
        self.hub.announce([Event::Run { workspace: run.workspace_id.clone(), run: run.id.clone() }]);
        Ok(run)
    }
}

impl App {
    /// A run's own variables as they are kept.
    pub(crate) async fn seal_run_variables(
        &self,
        workspace: &Workspace,
        run: &RunId,
        variables: &[(String, String)],
    ) -> Result<Option<Vec<u8>>> {
        if variables.is_empty() {
            return Ok(None);
        }
        let json = serde_json::to_vec(variables).map_err(|e| Error::internal("writing a run's variables", e))?;
        let context = crate::vault::context("runs", run.as_str(), workspace.organization_id.as_str());
        self.seal_small(&workspace.id, &context, &json).await.map(Some)
    }
}

/// Makes a run of a configuration in a workspace that is held, and lets it begin if that is free.
#[expect(clippy::too_many_arguments, reason = "a run is made of all of them, and by two callers alone")]
pub(crate) async fn queue(
    tx: &mut store::Tx,
    caller: &Caller,
    workspace: &Workspace,
    configuration: ConfigurationVersion,
    new: &New,
    variables: Option<Vec<u8>>,
    id: &RunId,
    now: Time,
) -> Result<(Run, Vec<Event>)> {
    if workspace.execution_mode == "local" {
        return Err(Error::invalid(
            "workspace",
            format!("workspace {} executes locally: it has no runs", workspace.name),
        ));
    }
    if let Some(at) = configuration.purged_at {
        let removed = crate::retention::removed(at);
        let detail = format!("{} was removed {removed}: upload it again, or choose a newer one", configuration.id);
        return Err(Error::invalid("configuration-version", detail));
    }
    if configuration.status != "uploaded" {
        let detail = format!("{} is {}; only an uploaded one can be planned", configuration.id, configuration.status);
        return Err(Error::invalid("configuration-version", detail));
    }
    let plan_only = new.plan_only.unwrap_or_default() || configuration.speculative;
    let may_apply = caller.role(workspace.role.as_deref()).is_some_and(|r| allows(r, Permission::ApplyRun));
    let auto_apply = new.auto_apply.unwrap_or(workspace.auto_apply);
    let row = store::run::New {
        id: id.clone(),
        organization_id: workspace.organization_id.clone(),
        workspace_id: workspace.id.clone(),
        configuration_version_id: configuration.id,
        message: new.message.clone().unwrap_or_else(|| "Queued manually using Terraform".into()),
        source: new.source.clone(),
        created_by: caller.id().map(ToString::to_string),
        created_at: now,
        is_destroy: new.is_destroy,
        refresh: new.refresh.unwrap_or(true),
        refresh_only: new.refresh_only,
        plan_only,
        save_plan: new.save_plan && !plan_only,
        auto_apply: auto_apply && may_apply && !plan_only && !new.save_plan,
        allow_empty_apply: new.allow_empty_apply,
        generate_config: new.generate_config,
        json_log: new.json_log,
        targets: new.targets.clone(),
        replaces: new.replaces.clone(),
        variables,
    };
    store::run::insert(tx, &row).await?;
    let run = find(tx, id).await?;
    let events = if run.traits().holds_workspace() {
        advance::next(tx, &workspace.id, now).await?
    } else {
        advance::take(tx, run, RunEvent::Begin, now).await?
    };
    Ok((find(tx, id).await?, events))
}

async fn find(tx: &mut store::Tx, id: &RunId) -> Result<Run> {
    store::run::find(tx, id).await?.ok_or_else(|| Error::Internal(format!("{id} vanished while it was created")))
}
