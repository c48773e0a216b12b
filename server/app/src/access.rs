//! Name the permission to hold the thing: organizations and workspaces are loaded here only, together with the right to them.

use crate::{App, Caller, Error, Result};
use domain::{
    id::WorkspaceId,
    permission::{Permission, allows},
};
use store::{Tx, organization::Organization, workspace::Workspace};

/// What names a workspace.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// Its id.
    Id(&'a WorkspaceId),
    /// The name of its organization, and its own.
    Name(&'a str, &'a str),
}

impl std::fmt::Display for Which<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => write!(f, "workspace {id}"),
            Self::Name(organization, name) => write!(f, "workspace {organization}/{name}"),
        }
    }
}

/// Judges: a workspace that the caller may not even see is not there; one that they may see but not touch so is forbidden. Where the state
/// is concerned nothing is ever hidden as "not there": both state doors of the CLI read 404 as an empty state and would create everything
/// anew (client contract, trap 29).
pub(crate) fn permit(
    caller: &Caller,
    which: Which<'_>,
    workspace: Option<Workspace>,
    permission: Permission,
) -> Result<Workspace> {
    let concerns_state = matches!(permission, Permission::ReadState | Permission::WriteState);
    let Some(workspace) = workspace.filter(is_shown) else { return Err(Error::not_found(which.to_string())) };
    let role = caller.role(workspace.role.as_deref());
    if caller.phase_allows(&workspace.id, permission) || role.is_some_and(|role| allows(role, permission)) {
        return Ok(workspace);
    }
    let sees = role.is_some() || caller.phase_allows(&workspace.id, Permission::Read);
    if sees || concerns_state {
        return Err(Error::Forbidden(format!("{which}: the right to {permission} is missing; an owner can give it")));
    }
    Err(Error::not_found(which.to_string()))
}

/// Whether it is one for people. What a module's tests are kept in is reached through the module only (`registry::test`).
fn is_shown(workspace: &Workspace) -> bool {
    workspace.module_id.is_none()
}

impl App {
    /// The workspace, if the caller may do this to it.
    pub async fn workspace(&self, caller: &Caller, which: Which<'_>, permission: Permission) -> Result<Workspace> {
        let user = caller.user_id();
        let found = self
            .store
            .look(async |mut tx| match which {
                Which::Id(id) => store::workspace::find(&mut tx, id, user).await,
                Which::Name(organization, name) => {
                    store::workspace::find_by_name(&mut tx, organization, name, user).await
                }
            })
            .await?;
        if found.is_none()
            && let Which::Name(organization, _) = which
            && matches!(permission, Permission::ReadState | Permission::WriteState)
        {
            self.may_find_nothing(caller, organization, which).await?;
        }
        let Some(workspace) = found.filter(is_shown) else { return permit(caller, which, None, permission) };
        match self.run_may_read(caller, &workspace, permission).await? {
            Some(true) => Ok(workspace),
            Some(false) => Err(Error::Forbidden(format!(
                "{which} does not share its state with the runs of this workspace; name it among its remote state consumers, in its settings"
            ))),
            None => permit(caller, which, Some(workspace), permission),
        }
    }

    /// "Not there" may be told of a state only to who could create the workspace, or read it if it were there.
    async fn may_find_nothing(&self, caller: &Caller, organization: &str, which: Which<'_>) -> Result<()> {
        match self.organization(caller, organization, Permission::ReadState).await {
            Ok(_) => Ok(()),
            Err(Error::NotFound(_) | Error::Forbidden(_)) => {
                Err(Error::Forbidden(format!("{which}: the right to read state is missing; an owner can give it")))
            }
            Err(other) => Err(other),
        }
    }

    /// The organization, for a member or for one of its runs: what every run of it may know, which is that it exists.
    pub async fn own_organization(&self, caller: &Caller, name: &str) -> Result<Organization> {
        let Caller::Phase { workspace_id, .. } = caller else {
            return self.organization(caller, name, Permission::Read).await;
        };
        let missing = || Error::not_found(format!("organization {name}"));
        self.store
            .read(async |mut tx| {
                let found = store::organization::find_by_name(&mut tx, name, "").await?.ok_or_else(missing)?;
                let own = store::workspace::is_of(&mut tx, &found.id, workspace_id.as_str()).await?;
                own.then_some(found).ok_or_else(missing)
            })
            .await
    }

    /// The organization, if the caller may do this in it.
    pub async fn organization(&self, caller: &Caller, name: &str, permission: Permission) -> Result<Organization> {
        let user = caller.user_id();
        let found =
            self.store.look(async |mut tx| store::organization::find_by_name(&mut tx, name, user).await).await?;
        permit_organization(caller, name, found, permission)
    }
}

fn permit_organization(
    caller: &Caller,
    name: &str,
    found: Option<Organization>,
    permission: Permission,
) -> Result<Organization> {
    let missing = || Error::not_found(format!("organization {name}"));
    let organization = found.ok_or_else(missing)?;
    match caller.role(organization.role.as_deref()) {
        Some(role) if allows(role, permission) => Ok(organization),
        Some(_) => Err(Error::Forbidden(format!(
            "organization {name}: the right to {permission} is missing; an owner can give it"
        ))),
        None => Err(missing()),
    }
}

/// The organization, held until the transaction ends, if the caller may do this in it.
pub(crate) async fn hold_organization(
    tx: &mut Tx,
    caller: &Caller,
    name: &str,
    permission: Permission,
) -> Result<Organization> {
    let found = store::organization::find_by_name(tx, name, caller.user_id()).await?;
    let organization = permit_organization(caller, name, found, permission)?;
    store::organization::hold(tx, &organization.id).await?;
    Ok(organization)
}

/// The workspace, held until the transaction ends, if the caller may do this to it.
pub(crate) async fn hold(tx: &mut Tx, caller: &Caller, id: &WorkspaceId, permission: Permission) -> Result<Workspace> {
    let found = store::workspace::hold(tx, id, caller.user_id()).await?;
    permit(caller, Which::Id(id), found, permission)
}

impl App {
    /// Before a byte is read of what somebody announced earlier and now sends to an address that is the right itself. That address outlives what
    /// its maker may do: they are judged again, now, and once more when it counts ([`hold_for_announcer`]). What a run announced is judged
    /// by its lock, as everything that it writes.
    pub(crate) async fn check_announcer(
        &self,
        announcer: Option<&str>,
        id: &WorkspaceId,
        permission: Permission,
    ) -> Result<()> {
        let Some(announcer) = announcer else { return Ok(()) };
        self.store
            .read(async |mut tx| {
                let caller = announced(&mut tx, announcer, id, permission).await?;
                let found = store::workspace::find(&mut tx, id, caller.user_id()).await?;
                permit_announcer(&caller, id, found, permission).map(drop)
            })
            .await
    }
}

/// The workspace, held, if who announced an upload may still do this to it.
pub(crate) async fn hold_for_announcer(
    tx: &mut Tx,
    announcer: Option<&str>,
    id: &WorkspaceId,
    permission: Permission,
) -> Result<Workspace> {
    let Some(announcer) = announcer else { return hold_ours(tx, id).await };
    let caller = announced(tx, announcer, id, permission).await?;
    let found = store::workspace::hold(tx, id, caller.user_id()).await?;
    permit_announcer(&caller, id, found, permission)
}

/// What is uploaded for a module's tests is uploaded by who publishes modules, whatever else it would need.
fn permit_announcer(
    caller: &Caller,
    id: &WorkspaceId,
    found: Option<Workspace>,
    permission: Permission,
) -> Result<Workspace> {
    match found {
        Some(tests) if publishes(caller, &tests) => Ok(tests),
        found => still(permit(caller, Which::Id(id), found, permission), id, permission),
    }
}

/// What a module's tests are kept in, held, for who publishes modules.
pub(crate) async fn hold_tests(tx: &mut Tx, caller: &Caller, id: &WorkspaceId) -> Result<Workspace> {
    let found = store::workspace::hold(tx, id, caller.user_id()).await?;
    let found = found.ok_or_else(|| Error::not_found(format!("workspace {id}")))?;
    if publishes(caller, &found) {
        return Ok(found);
    }
    Err(Error::Forbidden("the right to manage registry is missing; an owner can give it".into()))
}

fn publishes(caller: &Caller, tests: &Workspace) -> bool {
    let role = caller.role(tests.role.as_deref());
    !is_shown(tests) && role.is_some_and(|role| allows(role, Permission::ManageRegistry))
}

async fn announced(tx: &mut Tx, announcer: &str, id: &WorkspaceId, permission: Permission) -> Result<Caller> {
    let announcer = announcer.parse().map_err(|e| Error::internal("reading who announced an upload", e))?;
    let found = store::user::find(tx, &announcer).await?;
    still(found.map(Caller::User).ok_or_else(|| Error::not_found(format!("user {announcer}"))), id, permission)
}

fn still<T>(judged: Result<T>, id: &WorkspaceId, permission: Permission) -> Result<T> {
    judged.map_err(|error| match error {
        Error::NotFound(_) | Error::Forbidden(_) => Error::Forbidden(format!(
            "workspace {id}: who announced this upload has no right to {permission} any more; an owner can give it back"
        )),
        other => other,
    })
}

/// The workspace, held, for what the house itself does.
pub(crate) async fn hold_ours(tx: &mut Tx, id: &WorkspaceId) -> Result<Workspace> {
    let found = store::workspace::hold(tx, id, "").await?;
    found.ok_or_else(|| Error::not_found(format!("workspace {id}")))
}
