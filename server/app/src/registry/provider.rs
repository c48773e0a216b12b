//! Providers of an organization.

use super::{
    MOST, check_name, check_version, taken,
    upload::{Beside, sum_of},
};
use crate::{App, Caller, Error, Result};
use domain::{
    id::{OrganizationId, PlatformId, ProviderId, ProviderVersionId},
    permission::Permission,
};
use std::collections::BTreeMap;
use store::{
    Tx,
    registry::{File, GpgKey, Owner, Platform, Provider, ProviderVersion},
};

/// Everything that the CLI needs to install a provider.
#[derive(Debug)]
pub struct Package {
    /// Its version.
    pub version: ProviderVersion,
    /// For which platform.
    pub platform: Platform,
    /// The key that signed the check sums.
    pub key: GpgKey,
    /// The check sums.
    pub shasums: File,
    /// Their signature.
    pub signature: File,
    /// The archive.
    pub archive: File,
}

impl App {
    /// Creates a provider, without a version yet.
    pub async fn create_provider(&self, caller: &Caller, organization: &str, name: &str) -> Result<Provider> {
        let organization = self.organization(caller, organization, Permission::ManageRegistry).await?;
        check_name("name", name)?;
        let provider = Provider {
            id: ProviderId::new(&self.entropy()),
            organization_id: organization.id,
            name: name.to_owned(),
            created_at: self.now(),
            changed_at: self.now(),
        };
        let saved = self.store.write(async |mut tx| store::registry::insert_provider(&mut tx, &provider).await).await;
        saved.map_err(taken("registry_providers", "name"))?;
        Ok(provider)
    }

    /// A page of the providers of an organization, by name, and how many there are.
    pub async fn list_providers(
        &self,
        caller: &Caller,
        organization: &str,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<Provider>, i64)> {
        let id = self.own_organization(caller, organization).await?.id;
        Ok(self.store.read(async |mut tx| store::registry::list_providers(&mut tx, &id, limit, offset).await).await?)
    }

    /// A provider with its versions, the latest made first.
    pub async fn provider(
        &self,
        caller: &Caller,
        organization: &str,
        name: &str,
    ) -> Result<(Provider, Vec<ProviderVersion>)> {
        let (provider, versions, _) = self.provider_page(caller, (organization, name), MOST, 0).await?;
        Ok((provider, versions))
    }

    /// A provider with a page of its versions, the latest made first, and how many there are.
    pub async fn provider_page(
        &self,
        caller: &Caller,
        (organization, name): (&str, &str),
        limit: i64,
        offset: i64,
    ) -> Result<(Provider, Vec<ProviderVersion>, i64)> {
        let id = self.own_organization(caller, organization).await?.id;
        self.store
            .read(async |mut tx| {
                let provider = find(&mut tx, &id, (organization, name)).await?;
                let (versions, total) =
                    store::registry::list_provider_versions(&mut tx, &provider.id, limit, offset).await?;
                Ok((provider, versions, total))
            })
            .await
    }

    /// The versions of a provider that can be installed, each with the platforms for which it can.
    pub async fn installable(
        &self,
        caller: &Caller,
        organization: &str,
        name: &str,
    ) -> Result<Vec<(ProviderVersion, Vec<Platform>)>> {
        let (provider, versions) = self.provider(caller, organization, name).await?;
        let found = self.store.look(async |mut tx| store::registry::list_installable(&mut tx, &provider.id).await);
        let mut platforms: BTreeMap<ProviderVersionId, Vec<Platform>> = BTreeMap::new();
        for platform in found.await? {
            platforms.entry(platform.version_id.clone()).or_default().push(platform);
        }
        let whole = versions.into_iter().filter(ProviderVersion::is_signed);
        Ok(whole.filter_map(|version| platforms.remove(&version.id).map(|platforms| (version, platforms))).collect())
    }

    /// Removes a provider with its versions.
    pub async fn delete_provider(&self, caller: &Caller, organization: &str, name: &str) -> Result<()> {
        let id = self.organization(caller, organization, Permission::ManageRegistry).await?.id;
        self.store
            .write(async |mut tx| {
                let provider = find(&mut tx, &id, (organization, name)).await?;
                store::registry::delete_provider(&mut tx, &provider.id).await?;
                Ok(())
            })
            .await
    }

    /// Announces a version, signed by one of the organization's keys.
    pub async fn create_provider_version(
        &self,
        caller: &Caller,
        provider: (&str, &str),
        version: &str,
        key_id: &str,
        protocols: &[String],
    ) -> Result<ProviderVersion> {
        let id = self.organization(caller, provider.0, Permission::ManageRegistry).await?.id;
        let provider = self.store.look(async |mut tx| find(&mut tx, &id, provider).await).await?;
        let plain = |text: &String| {
            text.split_once('.').is_some_and(|(a, b)| a.parse::<u8>().is_ok() && b.parse::<u8>().is_ok())
        };
        if protocols.is_empty() || protocols.len() > 10 || !protocols.iter().all(plain) {
            return Err(Error::invalid(
                "protocols",
                "protocols is a list of one or more of \"5.0\", \"6.0\" and their like",
            ));
        }
        let version = ProviderVersion {
            id: ProviderVersionId::new(&self.entropy()),
            organization_id: provider.organization_id,
            provider_id: provider.id,
            version: check_version(version)?,
            key_id: key_id.to_uppercase(),
            protocols: serde_json::to_string(protocols).map_err(|e| Error::internal("writing protocols", e))?,
            created_at: self.now(),
            shasums: 0,
            signatures: 0,
        };
        self.store
            .write(async |mut tx| {
                let key = store::registry::find_key(&mut tx, &version.organization_id, &version.key_id).await?;
                if key.is_none() {
                    let detail = format!("the organization has no GPG key {}; add it first", version.key_id);
                    return Err(Error::invalid("key-id", detail));
                }
                let saved = store::registry::insert_provider_version(&mut tx, &version).await;
                saved.map_err(taken("registry_provider_versions", "version"))
            })
            .await?;
        Ok(version)
    }

    /// A version with its platforms.
    pub async fn provider_version(
        &self,
        caller: &Caller,
        provider: (&str, &str),
        version: &str,
    ) -> Result<(ProviderVersion, Vec<Platform>)> {
        let id = self.own_organization(caller, provider.0).await?.id;
        self.store
            .read(async |mut tx| {
                let found = find_version(&mut tx, &id, provider, version).await?;
                let platforms = store::registry::list_platforms(&mut tx, &found.id).await?;
                Ok((found, platforms))
            })
            .await
    }

    /// Removes a version with its platforms.
    pub async fn delete_provider_version(&self, caller: &Caller, provider: (&str, &str), version: &str) -> Result<()> {
        let id = self.organization(caller, provider.0, Permission::ManageRegistry).await?.id;
        self.store
            .write(async |mut tx| {
                let version = find_version(&mut tx, &id, provider, version).await?;
                store::registry::delete_provider_version(&mut tx, &version.id).await?;
                Ok(())
            })
            .await
    }

    /// Announces the archive for a platform. Its sum has to stand among the check sums, once those are there.
    pub async fn create_platform(
        &self,
        caller: &Caller,
        provider: (&str, &str),
        version: &str,
        (os, arch, shasum, filename): (&str, &str, &str, &str),
    ) -> Result<Platform> {
        let id = self.organization(caller, provider.0, Permission::ManageRegistry).await?.id;
        let version = self.store.read(async |mut tx| find_version(&mut tx, &id, provider, version).await).await?;
        check_name("os", os)?;
        check_name("arch", arch)?;
        if shasum.len() != 64 || !shasum.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::invalid("shasum", "shasum is a SHA-256: 64 hexadecimal digits"));
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if !(5..=200).contains(&filename.len()) || !filename.bytes().all(plain) || !filename.ends_with(".zip") {
            return Err(Error::invalid(
                "filename",
                "filename is the name of a zip file, such as terraform-provider-x_1.0.0_linux_amd64.zip",
            ));
        }
        let platform = Platform {
            id: PlatformId::new(&self.entropy()),
            organization_id: version.organization_id.clone(),
            version_id: version.id.clone(),
            os: os.to_owned(),
            arch: arch.to_owned(),
            shasum: shasum.to_lowercase(),
            filename: filename.to_owned(),
            files: 0,
        };
        let beside = self.store.read(async |mut tx| Beside::read(&mut tx, &version.id).await).await?;
        if let Some(shasums) = &beside.shasums {
            sum_of(&self.file_bytes(shasums).await?, &platform)?;
        }
        self.store
            .write(async |mut tx| {
                beside.hold(&mut tx, &version.id, false).await?;
                let saved = store::registry::insert_platform(&mut tx, &platform).await;
                saved.map_err(taken("registry_platforms", "os"))
            })
            .await?;
        Ok(platform)
    }

    /// A platform of a version.
    pub async fn platform(
        &self,
        caller: &Caller,
        provider: (&str, &str),
        version: &str,
        (os, arch): (&str, &str),
    ) -> Result<(ProviderVersion, Platform)> {
        let id = self.own_organization(caller, provider.0).await?.id;
        self.store.read(async |mut tx| find_platform(&mut tx, &id, provider, version, (os, arch)).await).await
    }

    /// Removes a platform.
    pub async fn delete_platform(
        &self,
        caller: &Caller,
        provider: (&str, &str),
        version: &str,
        platform: (&str, &str),
    ) -> Result<()> {
        let id = self.organization(caller, provider.0, Permission::ManageRegistry).await?.id;
        self.store
            .write(async |mut tx| {
                let (_, platform) = find_platform(&mut tx, &id, provider, version, platform).await?;
                store::registry::delete_platform(&mut tx, &platform.id).await?;
                Ok(())
            })
            .await
    }

    /// Everything that the CLI needs to install a provider; nothing as long as anything is missing.
    pub async fn package(
        &self,
        caller: &Caller,
        provider: (&str, &str),
        version: &str,
        (os, arch): (&str, &str),
    ) -> Result<Package> {
        let (version, platform) = self.platform(caller, provider, version, (os, arch)).await?;
        let missing = || Error::not_found(format!("the whole of {os}_{arch} of version {}", version.version));
        let shasums = self.provider_file(&version, "shasums").await?.ok_or_else(missing)?;
        let signature = self.provider_file(&version, "signature").await?.ok_or_else(missing)?;
        let owner = Owner::Platform(platform.id.clone());
        let archive = self.store.look(async |mut tx| store::registry::find_file_of(&mut tx, &owner, "archive").await);
        let archive = archive.await?.ok_or_else(missing)?;
        let key = self.gpg_key(caller, provider.0, &version.key_id).await?;
        Ok(Package { version, platform, key, shasums, signature, archive })
    }

    pub(super) async fn provider_file(&self, version: &ProviderVersion, kind: &str) -> Result<Option<File>> {
        let owner = Owner::Provider(version.id.clone());
        Ok(self.store.look(async |mut tx| store::registry::find_file_of(&mut tx, &owner, kind).await).await?)
    }
}

async fn find(tx: &mut Tx, id: &OrganizationId, (organization, name): (&str, &str)) -> Result<Provider> {
    let found = store::registry::find_provider(tx, id, name).await?;
    found.ok_or_else(|| Error::not_found(format!("provider {organization}/{name}")))
}

async fn find_version(
    tx: &mut Tx,
    id: &OrganizationId,
    provider: (&str, &str),
    version: &str,
) -> Result<ProviderVersion> {
    let (organization, name) = provider;
    let provider = find(tx, id, provider).await?;
    let found = store::registry::find_provider_version_by_number(tx, &provider.id, version).await?;
    found.ok_or_else(|| Error::not_found(format!("version {version} of provider {organization}/{name}")))
}

async fn find_platform(
    tx: &mut Tx,
    id: &OrganizationId,
    provider: (&str, &str),
    version: &str,
    (os, arch): (&str, &str),
) -> Result<(ProviderVersion, Platform)> {
    let (organization, name) = provider;
    let found = find_version(tx, id, provider, version).await?;
    let platform = store::registry::find_platform_by_name(tx, &found.id, os, arch).await?;
    let missing = || Error::not_found(format!("{os}_{arch} of version {version} of provider {organization}/{name}"));
    Ok((found, platform.ok_or_else(missing)?))
}
