//! Files of modules and providers, sealed.

use crate::{Result, Tx};
use domain::{
    id::{BlobId, ModuleVersionId, OrganizationId, PlatformId, ProviderVersionId},
    time::Time,
};
use sqlx::FromRow;

/// What a file belongs to, and with which it goes.
#[derive(Debug, Clone)]
pub enum Owner {
    /// A version of a module: its archive.
    Module(ModuleVersionId),
    /// A version of a provider: its check sums and their signature.
    Provider(ProviderVersionId),
    /// A provider for one platform: its archive.
    Platform(PlatformId),
}

impl Owner {
    fn ids(&self) -> (Option<&str>, Option<&str>, Option<&str>) {
        match self {
            Self::Module(id) => (Some(id.as_str()), None, None),
            Self::Provider(id) => (None, Some(id.as_str()), None),
            Self::Platform(id) => (None, None, Some(id.as_str())),
        }
    }
}

/// A file, as it lies.
#[derive(Debug, Clone, FromRow)]
pub struct File {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: BlobId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// `archive`, `shasums` or `signature`.
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// Its own data key, wrapped.
    pub wrapped: Vec<u8>,
    /// How many bytes it is once opened.
    pub size: i64,
    /// The sealed bytes, if it is small.
    pub sealed: Option<Vec<u8>>,
    /// Where it lies in the object store, if it is large.
    pub object_key: Option<String>,
}

/// Adds a file. `Error::is_taken("registry_files")` when its owner has one of that kind.
pub async fn insert_file(tx: &mut Tx, file: &File, owner: &Owner, now: Time) -> Result<()> {
    let (module, provider, platform) = owner.ids();
    tx.query(
        "INSERT INTO registry_files (id, organization_id, kind, module_version_id, provider_version_id, platform_id, name, wrapped, size,
         sealed, object_key, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(file.id.as_str())
    .bind(file.organization_id.as_str())
    .bind(file.kind.as_str())
    .bind(module)
    .bind(provider)
    .bind(platform)
    .bind(file.name.as_str())
    .bind(file.wrapped.as_slice())
    .bind(file.size)
    .bind(file.sealed.as_deref())
    .bind(file.object_key.as_deref())
    .bind(now.micros())
    .run()
    .await
    .map(drop)
}

/// A file.
pub async fn find_file(tx: &mut Tx, id: &str) -> Result<Option<File>> {
    tx.query(
        "SELECT id, organization_id, kind, name, wrapped, size, sealed, object_key FROM registry_files WHERE id = $1",
    )
    .bind(id)
    .optional()
    .await
}

/// The file of this kind of an owner.
pub async fn find_file_of(tx: &mut Tx, owner: &Owner, kind: &str) -> Result<Option<File>> {
    let (module, provider, platform) = owner.ids();
    tx.query(
        "SELECT id, organization_id, kind, name, wrapped, size, sealed, object_key FROM registry_files
         WHERE kind = $1 AND (module_version_id = $2 OR provider_version_id = $3 OR platform_id = $4)",
    )
    .bind(kind)
    .bind(module)
    .bind(provider)
    .bind(platform)
    .optional()
    .await
}

/// Removes a file that a better one replaces.
pub async fn delete_file(tx: &mut Tx, id: &BlobId) -> Result<u64> {
    tx.query("DELETE FROM registry_files WHERE id = $1").bind(id.as_str()).run().await
}
