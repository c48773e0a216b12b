//! Providers, their versions and platforms, and the keys that sign them.

use crate::{Result, Tx};
use domain::{
    id::{OrganizationId, PlatformId, ProviderId, ProviderVersionId},
    time::Time,
};
use sqlx::FromRow;

/// A public key of who signs providers.
#[derive(Debug, Clone, FromRow)]
pub struct GpgKey {
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// The last 16 hexadecimal digits of its fingerprint.
    pub key_id: String,
    /// The key.
    pub ascii_armor: String,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
}

/// A provider.
#[derive(Debug, Clone, FromRow)]
pub struct Provider {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: ProviderId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
    /// When its latest version was made, or itself.
    #[sqlx(try_from = "i64")]
    pub changed_at: Time,
}

/// A version of a provider.
#[derive(Debug, Clone, FromRow)]
pub struct ProviderVersion {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: ProviderVersionId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// Of which provider.
    #[sqlx(try_from = "String")]
    pub provider_id: ProviderId,
    /// Its number.
    pub version: String,
    /// The key that signs its check sums.
    pub key_id: String,
    /// The protocols that it speaks, as JSON: a list.
    pub protocols: String,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
    /// How many check sums are there: none, or one file of them.
    pub shasums: i64,
    /// How many signatures of theirs are there: none, or one.
    pub signatures: i64,
}

impl ProviderVersion {
    /// Whether check sums and signature are there: nobody changes them then.
    pub fn is_signed(&self) -> bool {
        self.shasums > 0 && self.signatures > 0
    }
}

/// A version of a provider for one platform.
#[derive(Debug, Clone, FromRow)]
pub struct Platform {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: PlatformId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// Of which version.
    #[sqlx(try_from = "String")]
    pub version_id: ProviderVersionId,
    /// The system.
    pub os: String,
    /// The processor.
    pub arch: String,
    /// SHA-256 of its archive, in hexadecimal digits.
    pub shasum: String,
    /// The name of its archive.
    pub filename: String,
    /// How many archives are there: none, or one.
    pub files: i64,
}

macro_rules! providers {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.organization_id, p.name, p.created_at,
             coalesce((SELECT max(v.created_at) FROM registry_provider_versions v WHERE v.provider_id = p.id), p.created_at) AS changed_at
             FROM registry_providers p ",
            $rest
        )
    };
}

macro_rules! versions {
    ($rest:literal) => {
        concat!(
            "SELECT v.id, v.organization_id, v.provider_id, v.version, v.key_id, v.protocols, v.created_at,
             (SELECT count(*) FROM registry_files f WHERE f.provider_version_id = v.id AND f.kind = 'shasums') AS shasums,
             (SELECT count(*) FROM registry_files f WHERE f.provider_version_id = v.id AND f.kind = 'signature') AS signatures
             FROM registry_provider_versions v ",
            $rest
        )
    };
}

macro_rules! platforms {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.organization_id, p.version_id, p.os, p.arch, p.shasum, p.filename,
             (SELECT count(*) FROM registry_files f WHERE f.platform_id = p.id) AS files FROM registry_platforms p ",
            $rest
        )
    };
}

/// Adds a key. `Error::is_taken("gpg_keys")` when the organization has it.
pub async fn insert_key(tx: &mut Tx, key: &GpgKey) -> Result<()> {
    tx.query("INSERT INTO gpg_keys (organization_id, key_id, ascii_armor, created_at) VALUES ($1, $2, $3, $4)")
        .bind(key.organization_id.as_str())
        .bind(key.key_id.as_str())
        .bind(key.ascii_armor.as_str())
        .bind(key.created_at.micros())
        .run()
        .await
        .map(drop)
}

/// The key with this id.
pub async fn find_key(tx: &mut Tx, organization: &OrganizationId, key: &str) -> Result<Option<GpgKey>> {
    tx.query("SELECT organization_id, key_id, ascii_armor, created_at FROM gpg_keys WHERE organization_id = $1 AND key_id = $2")
        .bind(organization.as_str())
        .bind(key)
        .optional()
        .await
}

/// The keys of an organization; at most a thousand.
pub async fn list_keys(tx: &mut Tx, organization: &OrganizationId) -> Result<Vec<GpgKey>> {
    tx.query(
        "SELECT organization_id, key_id, ascii_armor, created_at FROM gpg_keys WHERE organization_id = $1 ORDER BY key_id LIMIT 1000",
    )
    .bind(organization.as_str())
    .all()
    .await
}

/// Removes a key, unless a version is signed by it.
pub async fn delete_key(tx: &mut Tx, organization: &OrganizationId, key: &str) -> Result<u64> {
    tx.query(
        "DELETE FROM gpg_keys WHERE organization_id = $1 AND key_id = $2 AND NOT EXISTS (SELECT 1 FROM registry_provider_versions v
         WHERE v.organization_id = gpg_keys.organization_id AND v.key_id = gpg_keys.key_id)",
    )
    .bind(organization.as_str())
    .bind(key)
    .run()
    .await
}

/// Adds a provider. `Error::is_taken("registry_providers")` when the organization has it.
pub async fn insert_provider(tx: &mut Tx, provider: &Provider) -> Result<()> {
    tx.query("INSERT INTO registry_providers (id, organization_id, name, created_at) VALUES ($1, $2, $3, $4)")
        .bind(provider.id.as_str())
        .bind(provider.organization_id.as_str())
        .bind(provider.name.as_str())
        .bind(provider.created_at.micros())
        .run()
        .await
        .map(drop)
}

/// The provider of this name.
pub async fn find_provider(tx: &mut Tx, organization: &OrganizationId, name: &str) -> Result<Option<Provider>> {
    tx.query(providers!("WHERE p.organization_id = $1 AND p.name = $2"))
        .bind(organization.as_str())
        .bind(name)
        .optional()
        .await
}

/// A page of the providers of an organization by name, and how many there are in all.
pub async fn list_providers(
    tx: &mut Tx,
    organization: &OrganizationId,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Provider>, i64)> {
    let total = tx
        .query("SELECT count(*) FROM registry_providers WHERE organization_id = $1")
        .bind(organization.as_str())
        .count()
        .await?;
    let page = tx
        .query(providers!("WHERE p.organization_id = $1 ORDER BY p.name LIMIT $2 OFFSET $3"))
        .bind(organization.as_str())
        .bind(limit)
        .bind(offset)
        .all()
        .await?;
    Ok((page, total))
}

/// Removes a provider with its versions.
pub async fn delete_provider(tx: &mut Tx, id: &ProviderId) -> Result<u64> {
    tx.query("DELETE FROM registry_providers WHERE id = $1").bind(id.as_str()).run().await
}

/// Adds a version. `Error::is_taken("registry_provider_versions")` when the provider has it.
pub async fn insert_provider_version(tx: &mut Tx, version: &ProviderVersion) -> Result<()> {
    tx.query(
        "INSERT INTO registry_provider_versions (id, organization_id, provider_id, version, key_id, protocols, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(version.id.as_str())
    .bind(version.organization_id.as_str())
    .bind(version.provider_id.as_str())
    .bind(version.version.as_str())
    .bind(version.key_id.as_str())
    .bind(version.protocols.as_str())
    .bind(version.created_at.micros())
    .run()
    .await
    .map(drop)
}

/// A page of the versions of a provider, the latest made first, and how many there are in all.
pub async fn list_provider_versions(
    tx: &mut Tx,
    provider: &ProviderId,
    limit: i64,
    offset: i64,
) -> Result<(Vec<ProviderVersion>, i64)> {
    let total = tx
        .query("SELECT count(*) FROM registry_provider_versions WHERE provider_id = $1")
        .bind(provider.as_str())
        .count()
        .await?;
    let page = tx
        .query(versions!("WHERE v.provider_id = $1 ORDER BY v.created_at DESC, v.id LIMIT $2 OFFSET $3"))
        .bind(provider.as_str())
        .bind(limit)
        .bind(offset)
        .all()
        .await?;
    Ok((page, total))
}

/// The version of a provider with this number.
pub async fn find_provider_version_by_number(
    tx: &mut Tx,
    provider: &ProviderId,
    number: &str,
) -> Result<Option<ProviderVersion>> {
    tx.query(versions!("WHERE v.provider_id = $1 AND v.version = $2"))
        .bind(provider.as_str())
        .bind(number)
        .optional()
        .await
}

/// A version of a provider.
pub async fn find_provider_version(tx: &mut Tx, id: &ProviderVersionId) -> Result<Option<ProviderVersion>> {
    tx.query(versions!("WHERE v.id = $1")).bind(id.as_str()).optional().await
}

/// Holds a version until the transaction ends: who comes second waits here, and then reads what the first did. First in every verb that
/// judges by what belongs to a version. Whether the version is there.
pub async fn hold_provider_version(tx: &mut Tx, id: &ProviderVersionId) -> Result<bool> {
    // Only Postgres has other writers, and knows these words.
    let text = if tx.has_other_writers() {
        "SELECT id FROM registry_provider_versions WHERE id = $1 FOR UPDATE"
    } else {
        "SELECT id FROM registry_provider_versions WHERE id = $1"
    };
    let found: Option<(String,)> = tx.query(text).bind(id.as_str()).optional().await?;
    Ok(found.is_some())
}

/// Removes a version with its platforms.
pub async fn delete_provider_version(tx: &mut Tx, id: &ProviderVersionId) -> Result<u64> {
    tx.query("DELETE FROM registry_provider_versions WHERE id = $1").bind(id.as_str()).run().await
}

/// Adds a platform. `Error::is_taken("registry_platforms")` when the version has it.
pub async fn insert_platform(tx: &mut Tx, platform: &Platform) -> Result<()> {
    tx.query(
        "INSERT INTO registry_platforms (id, organization_id, version_id, os, arch, shasum, filename) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(platform.id.as_str())
    .bind(platform.organization_id.as_str())
    .bind(platform.version_id.as_str())
    .bind(platform.os.as_str())
    .bind(platform.arch.as_str())
    .bind(platform.shasum.as_str())
    .bind(platform.filename.as_str())
    .run()
    .await
    .map(drop)
}

/// The platforms of a version; at most a thousand.
pub async fn list_platforms(tx: &mut Tx, version: &ProviderVersionId) -> Result<Vec<Platform>> {
    tx.query(platforms!("WHERE p.version_id = $1 ORDER BY p.os, p.arch LIMIT 1000")).bind(version.as_str()).all().await
}

/// The platforms of all versions of a provider whose archive is there; at most ten thousand.
pub async fn list_installable(tx: &mut Tx, provider: &ProviderId) -> Result<Vec<Platform>> {
    tx.query(platforms!(
        "JOIN registry_provider_versions v ON v.id = p.version_id
         WHERE v.provider_id = $1 AND EXISTS (SELECT 1 FROM registry_files f WHERE f.platform_id = p.id)
         ORDER BY v.created_at DESC, p.version_id, p.os, p.arch LIMIT 10000"
    ))
    .bind(provider.as_str())
    .all()
    .await
}

/// The platform of a version with this system and processor.
pub async fn find_platform_by_name(
    tx: &mut Tx,
    version: &ProviderVersionId,
    os: &str,
    arch: &str,
) -> Result<Option<Platform>> {
    tx.query(platforms!("WHERE p.version_id = $1 AND p.os = $2 AND p.arch = $3"))
        .bind(version.as_str())
        .bind(os)
        .bind(arch)
        .optional()
        .await
}

/// A platform.
pub async fn find_platform(tx: &mut Tx, id: &PlatformId) -> Result<Option<Platform>> {
    tx.query(platforms!("WHERE p.id = $1")).bind(id.as_str()).optional().await
}

/// Removes a platform.
pub async fn delete_platform(tx: &mut Tx, id: &PlatformId) -> Result<u64> {
    tx.query("DELETE FROM registry_platforms WHERE id = $1").bind(id.as_str()).run().await
}
