//! Workspaces that were deleted: they keep all that they had, and can be taken back.

use crate::{App, Caller, Error, Result, access::Which, agent_pool::check_mode, hub::Event};
use domain::{
    id::WorkspaceId,
    permission::{Permission, allows},
};
use store::workspace::Workspace;

impl App {
    /// A page of an organization's deleted workspaces, the last deleted first, with the moment of each, and how many there are.
    pub async fn list_deleted_workspaces(
        &self,
        caller: &Caller,
        organization: &str,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<store::workspace::Deleted>, i64)> {
        let organization = self.organization(caller, organization, Permission::DeleteWorkspace).await?;
        Ok(self
            .store
            .read(async |mut tx| {
                let listed = store::workspace::list_deleted(&mut tx, &organization.id, limit, offset).await?;
                Ok::<_, store::Error>((listed, store::workspace::count_deleted(&mut tx, &organization.id).await?))
            })
            .await?)
    }

    /// Takes a deleted workspace back with everything that it had, under another name if one is said. One that executed on agents of a pool that it
    /// may no longer use comes back in the mode `local`. One that is not deleted is the answer as it is: this may be asked twice.
    ///
    /// # Errors
    /// [`Error::Invalid`] when another workspace has the name meanwhile.
    pub async fn restore_workspace(&self, caller: &Caller, id: &WorkspaceId, name: Option<&str>) -> Result<Workspace> {
        let now = self.now();
        if let Some(name) = name {
            domain::name::check(name).map_err(|e| Error::invalid("name", e))?;
        }
        let missing = || Error::not_found(Which::Id(id).to_string());
        let taken = |error: store::Error, name: &str| match error.is_taken("workspaces") {
            true => Error::invalid(
                "name",
                format!(
                    "another workspace is named {name} now: say another name for this one, or rename that one first"
                ),
            ),
            false => error.into(),
        };
        let restored = self
            .store
            .write(async |mut tx| {
                let user = caller.user_id();
                let found = store::workspace::hold_deleted(&mut tx, id, user).await?;
                let Some(mut workspace) = found else {
                    let there = store::workspace::hold(&mut tx, id, user).await?;
                    return crate::access::permit(caller, Which::Id(id), there, Permission::DeleteWorkspace);
                };
                let role = caller.role(workspace.role.as_deref());
                match role {
                    Some(role) if allows(role, Permission::DeleteWorkspace) => {}
                    Some(_) => {
                        return Err(Error::Forbidden(format!(
                            "{}: only owners take back what was deleted",
                            Which::Id(id)
                        )));
                    }
                    None => return Err(missing()),
                }
                if let Some(name) = name {
                    name.clone_into(&mut workspace.name);
                }
                if check_mode(&mut tx, &workspace).await.is_err() {
                    workspace.execution_mode = "local".into();
                    workspace.agent_pool_id = None;
                }
                store::workspace::undelete(&mut tx, &workspace, now).await.map_err(|e| taken(e, &workspace.name))?;
                store::workspace::find(&mut tx, id, user).await?.ok_or_else(missing)
            })
            .await?;
        self.hub.announce([Event::Workspace(id.clone())]);
        self.hub.unindex();
        Ok(restored)
    }
}
