//! Keys with which runs fetch modules over SSH: an organization keeps them, a workspace uses one, nobody reads one back.

use crate::{App, Caller, Error, Result, access, identity::Provided, vault};
use domain::{
    id::{SshKeyId, WorkspaceId},
    permission::Permission,
    ssh_key,
};
use protocol::FILES;
use secrecy::{ExposeSecret, SecretString};
use store::{ssh_key::SshKey, workspace::Workspace};

impl App {
    /// The keys of an organization, by name.
    pub async fn list_ssh_keys(&self, caller: &Caller, organization: &str) -> Result<Vec<SshKey>> {
        let organization = self.organization(caller, organization, Permission::Read).await?;
        Ok(self.store.look(async |mut tx| store::ssh_key::list(&mut tx, &organization.id).await).await?)
    }

    /// Keeps a key.
    pub async fn create_ssh_key(
        &self,
        caller: &Caller,
        organization: &str,
        name: &str,
        value: &SecretString,
    ) -> Result<SshKey> {
        let organization = self.organization(caller, organization, Permission::ManageSshKeys).await?;
        ssh_key::check_name(name).map_err(|e| Error::invalid("name", e))?;
        let text = SecretString::from(ssh_key::check(value.expose_secret()).map_err(|e| Error::invalid("value", e))?);
        let id = SshKeyId::new(&self.entropy());
        let context = vault::context("ssh_keys", id.as_str(), organization.id.as_str());
        let vault::Own { wrapped, sealed } = self.vault.seal_own(&context, text.expose_secret().as_bytes())?;
        let key = SshKey {
            id,
            organization_id: organization.id,
            organization_name: organization.name,
            name: name.to_owned(),
            wrapped,
            sealed,
            created_at: self.now(),
        };
        self.store.write(async |mut tx| store::ssh_key::insert(&mut tx, &key).await).await?;
        Ok(key)
    }

    /// A key, without its value.
    pub async fn ssh_key(&self, caller: &Caller, id: &SshKeyId) -> Result<SshKey> {
        self.find_ssh_key(caller, id, Permission::Read).await
    }

    /// Gives a key another name. Its value cannot change: workspaces could not tell.
    pub async fn rename_ssh_key(&self, caller: &Caller, id: &SshKeyId, name: Option<&str>) -> Result<SshKey> {
        let key = self.find_ssh_key(caller, id, Permission::ManageSshKeys).await?;
        let Some(name) = name else { return Ok(key) };
        ssh_key::check_name(name).map_err(|e| Error::invalid("name", e))?;
        self.store.write(async |mut tx| store::ssh_key::rename(&mut tx, id, name).await).await?;
        Ok(SshKey { name: name.to_owned(), ..key })
    }

    /// Forgets a key; workspaces that used it use none.
    pub async fn delete_ssh_key(&self, caller: &Caller, id: &SshKeyId) -> Result<()> {
        self.find_ssh_key(caller, id, Permission::ManageSshKeys).await?;
        self.store.write(async |mut tx| store::ssh_key::delete(&mut tx, id).await).await?;
        Ok(())
    }

    /// Lets the runs of a workspace use a key of its organization, or none. Whoever may queue a run can then read it there.
    pub async fn assign_ssh_key(
        &self,
        caller: &Caller,
        workspace: &WorkspaceId,
        key: Option<&SshKeyId>,
    ) -> Result<Workspace> {
        self.store
            .write(async |mut tx| {
                let workspace = access::hold(&mut tx, caller, workspace, Permission::ManageSshKeys).await?;
                if let Some(id) = key {
                    let found = store::ssh_key::find(&mut tx, id).await?;
                    let own = found.filter(|found| found.organization_id == workspace.organization_id);
                    own.ok_or_else(|| Error::not_found(format!("SSH key {id}")))?;
                }
                store::ssh_key::assign(&mut tx, &workspace.organization_id, &workspace.id, key).await?;
                Ok(workspace)
            })
            .await
    }

    async fn find_ssh_key(&self, caller: &Caller, id: &SshKeyId, permission: Permission) -> Result<SshKey> {
        let missing = || Error::not_found(format!("SSH key {id}"));
        let found = self.store.look(async |mut tx| store::ssh_key::find(&mut tx, id).await).await?;
        let key = found.ok_or_else(missing)?;
        match self.organization(caller, &key.organization_name, permission).await {
            Ok(_) => Ok(key),
            Err(Error::NotFound(_)) => Err(missing()),
            Err(other) => Err(other),
        }
    }

    /// Lets git in a run use the workspace's key.
    pub(crate) async fn provide_ssh_key(&self, workspace: &WorkspaceId, provided: &mut Provided) -> Result<()> {
        let found = self.store.look(async |mut tx| store::ssh_key::find_of_workspace(&mut tx, workspace).await).await?;
        let Some(key) = found else { return Ok(()) };
        let context = vault::context("ssh_keys", key.id.as_str(), key.organization_id.as_str());
        let own = vault::Own { wrapped: key.wrapped, sealed: key.sealed };
        let text = self.open_own(&context, &own).await?;
        let text = String::from_utf8(text.to_vec()).map_err(|e| Error::internal("opening an SSH key", e))?;
        provided.lay("ssh-key".to_owned(), text);
        let known = &self.surroundings.known_hosts;
        provided.lay("known-hosts".to_owned(), known.clone().unwrap_or_default());
        let strict = if known.is_some() { "yes" } else { "accept-new" };
        // -F: what the machine's own configuration says is nothing to a run.
        let command = format!(
            "ssh -F /dev/null -i '{FILES}/ssh-key' -o IdentitiesOnly=yes -o BatchMode=yes -o GlobalKnownHostsFile=/dev/null \
             -o 'UserKnownHostsFile=\"{FILES}/known-hosts\"' -o StrictHostKeyChecking={strict} -o LogLevel=ERROR"
        );
        provided.set("GIT_SSH_COMMAND", command);
        Ok(())
    }
}
