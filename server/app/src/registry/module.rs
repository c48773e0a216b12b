//! Modules of an organization.

use super::{check_name, check_version, taken};
use crate::{App, Caller, Error, Result, access};
use domain::{
    id::{ModuleId, ModuleVersionId, OrganizationId},
    permission::Permission,
};
use store::{
    Tx,
    registry::{File, Module, ModuleVersion, Owner},
};

impl App {
    /// Creates a module, without a version yet.
    pub async fn create_module(
        &self,
        caller: &Caller,
        organization: &str,
        name: &str,
        provider: &str,
    ) -> Result<Module> {
        let organization = self.organization(caller, organization, Permission::ManageRegistry).await?;
        check_name("name", name)?;
        check_name("provider", provider)?;
        let module = Module {
            id: ModuleId::new(&self.entropy()),
            organization_id: organization.id,
            name: name.to_owned(),
            provider: provider.to_owned(),
            created_at: self.now(),
            whole: 0,
            changed_at: self.now(),
        };
        let saved = self.store.write(async |mut tx| store::registry::insert_module(&mut tx, &module).await).await;
        saved.map_err(taken("registry_modules", "name"))?;
        Ok(module)
    }

    /// A page of the modules of an organization, by name, and how many there are.
    pub async fn list_modules(
        &self,
        caller: &Caller,
        organization: &str,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<Module>, i64)> {
        let id = self.own_organization(caller, organization).await?.id;
        Ok(self.store.read(async |mut tx| store::registry::list_modules(&mut tx, &id, limit, offset).await).await?)
    }

    /// A module with its versions, the latest made first.
    pub async fn module(
        &self,
        caller: &Caller,
        organization: &str,
        name: &str,
        provider: &str,
    ) -> Result<(Module, Vec<ModuleVersion>)> {
        let id = self.own_organization(caller, organization).await?.id;
        self.store
            .read(async |mut tx| {
                let module = find(&mut tx, &id, (organization, name, provider)).await?;
                let versions = store::registry::list_module_versions(&mut tx, &module.id).await?;
                Ok((module, versions))
            })
            .await
    }

    /// Removes a module with its versions and its tests, none of which may go on.
    pub async fn delete_module(&self, caller: &Caller, organization: &str, name: &str, provider: &str) -> Result<()> {
        let id = self.organization(caller, organization, Permission::ManageRegistry).await?.id;
        let now = self.now();
        self.store
            .write(async |mut tx| {
                let module = find(&mut tx, &id, (organization, name, provider)).await?;
                if let Some(tests) = store::workspace::find_of_module(&mut tx, &module.id).await? {
                    access::hold_ours(&mut tx, &tests.id).await?;
                    let open = store::run::count_open(&mut tx, &tests.id).await?;
                    if open > 0 {
                        return Err(Error::Conflict(format!(
                            "module {organization}/{name}/{provider} has {open} tests that have not ended; cancel them first"
                        )));
                    }
                    store::workspace::delete_of_module(&mut tx, &tests.id, now).await?;
                }
                store::registry::delete_module(&mut tx, &module.id).await?;
                Ok(())
            })
            .await
    }

    /// Announces a version, to be uploaded.
    pub async fn create_module_version(
        &self,
        caller: &Caller,
        module: (&str, &str, &str),
        version: &str,
    ) -> Result<ModuleVersion> {
        let id = self.organization(caller, module.0, Permission::ManageRegistry).await?.id;
        let module = self.store.look(async |mut tx| find(&mut tx, &id, module).await).await?;
        let version = ModuleVersion {
            id: ModuleVersionId::new(&self.entropy()),
            organization_id: module.organization_id,
            module_id: module.id,
            version: check_version(version)?,
            status: "pending".into(),
            error: None,
            created_at: self.now(),
        };
        let saved =
            self.store.write(async |mut tx| store::registry::insert_module_version(&mut tx, &version).await).await;
        saved.map_err(taken("registry_module_versions", "version"))?;
        Ok(version)
    }

    /// Removes a version.
    pub async fn delete_module_version(
        &self,
        caller: &Caller,
        module: (&str, &str, &str),
        version: &str,
    ) -> Result<()> {
        let id = self.organization(caller, module.0, Permission::ManageRegistry).await?.id;
        self.store
            .write(async |mut tx| {
                let version = find_version(&mut tx, &id, module, version).await?;
                store::registry::delete_module_version(&mut tx, &version.id).await?;
                Ok(())
            })
            .await
    }

    /// A version by its number.
    pub async fn module_version(
        &self,
        caller: &Caller,
        module: (&str, &str, &str),
        version: &str,
    ) -> Result<ModuleVersion> {
        let id = self.own_organization(caller, module.0).await?.id;
        self.store.read(async |mut tx| find_version(&mut tx, &id, module, version).await).await
    }

    /// The archive of a version that was uploaded.
    pub async fn module_archive(&self, caller: &Caller, module: (&str, &str, &str), version: &str) -> Result<File> {
        let found = self.module_version(caller, module, version).await?;
        let owner = Owner::Module(found.id);
        let file =
            self.store.look(async |mut tx| store::registry::find_file_of(&mut tx, &owner, "archive").await).await?;
        file.ok_or_else(|| Error::not_found(format!("the archive of version {version}, which was not uploaded yet,")))
    }
}

pub(super) async fn find(
    tx: &mut Tx,
    id: &OrganizationId,
    (organization, name, provider): (&str, &str, &str),
) -> Result<Module> {
    let found = store::registry::find_module(tx, id, name, provider).await?;
    found.ok_or_else(|| Error::not_found(format!("module {organization}/{name}/{provider}")))
}

async fn find_version(
    tx: &mut Tx,
    id: &OrganizationId,
    module: (&str, &str, &str),
    version: &str,
) -> Result<ModuleVersion> {
    let (organization, name, provider) = module;
    let module = find(tx, id, module).await?;
    let found = store::registry::find_module_version_by_number(tx, &module.id, version).await?;
    found.ok_or_else(|| Error::not_found(format!("version {version} of module {organization}/{name}/{provider}")))
}
