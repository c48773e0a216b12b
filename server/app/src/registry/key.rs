//! Public keys of those who sign an organization's providers.

use super::taken;
use crate::{App, Caller, Error, Result};
use domain::permission::Permission;
use store::registry::GpgKey;

impl App {
    /// Keeps a key.
    pub async fn create_gpg_key(&self, caller: &Caller, organization: &str, armor: &str) -> Result<GpgKey> {
        let organization = self.organization(caller, organization, Permission::ManageRegistry).await?;
        if armor.len() > 64 * 1024 {
            return Err(Error::invalid("ascii-armor", "ascii-armor is longer than 64 KiB"));
        }
        let key_id = mirror::signature::key_id(armor).ok_or_else(|| {
            Error::invalid(
                "ascii-armor",
                "ascii-armor is not one armored OpenPGP public key of version 4, by RSA or Ed25519, and nothing else (gpg --armor --export KEY)",
            )
        })?;
        let key =
            GpgKey { organization_id: organization.id, key_id, ascii_armor: armor.to_owned(), created_at: self.now() };
        let saved = self.store.write(async |mut tx| store::registry::insert_key(&mut tx, &key).await).await;
        saved.map_err(taken("gpg_keys", "ascii-armor"))?;
        Ok(key)
    }

    /// The keys of an organization.
    pub async fn list_gpg_keys(&self, caller: &Caller, organization: &str) -> Result<Vec<GpgKey>> {
        let organization = self.own_organization(caller, organization).await?;
        Ok(self.store.look(async |mut tx| store::registry::list_keys(&mut tx, &organization.id).await).await?)
    }

    /// A key by its id.
    pub async fn gpg_key(&self, caller: &Caller, organization: &str, key: &str) -> Result<GpgKey> {
        let organization = self.own_organization(caller, organization).await?;
        let found = self.store.look(async |mut tx| store::registry::find_key(&mut tx, &organization.id, key).await);
        found.await?.ok_or_else(|| Error::not_found("that GPG key"))
    }

    /// Removes a key by which no version of a provider is signed.
    pub async fn delete_gpg_key(&self, caller: &Caller, organization: &str, key: &str) -> Result<()> {
        let id = self.organization(caller, organization, Permission::ManageRegistry).await?.id;
        self.gpg_key(caller, organization, key).await?;
        let deleted = self.store.write(async |mut tx| store::registry::delete_key(&mut tx, &id, key).await).await?;
        if deleted == 0 {
            return Err(Error::Conflict(format!(
                "versions of providers are signed by {key}: nobody could install them without it; delete them first"
            )));
        }
        Ok(())
    }
}
