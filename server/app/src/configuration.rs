//! Configuration versions: announce one, upload it, plan from it.

use crate::{App, Caller, Error, Result, access::Which, vault::Reader};
use domain::{
    id::{ConfigurationVersionId, WorkspaceId},
    permission::Permission,
};
use store::configuration::ConfigurationVersion;
use tokio_util::io::SyncIoBridge;

/// What a new configuration version is for.
#[derive(Debug, Clone, Copy)]
pub struct New {
    /// Its runs may never apply.
    pub speculative: bool,
    /// It does not count as the workspace's until a run of it is applied.
    pub provisional: bool,
    /// Its upload queues a run.
    pub auto_queue_runs: bool,
}

impl App {
    /// Announces an upload.
    pub async fn create_configuration(
        &self,
        caller: &Caller,
        workspace: &WorkspaceId,
        new: New,
    ) -> Result<ConfigurationVersion> {
        let workspace = self.workspace(caller, Which::Id(workspace), Permission::QueueRun).await?;
        let version = ConfigurationVersion {
            id: ConfigurationVersionId::new(&self.entropy()),
            organization_id: workspace.organization_id,
            workspace_id: workspace.id,
            status: "pending".into(),
            source: "tfe-api".into(),
            speculative: new.speculative,
            provisional: new.provisional,
            auto_queue_runs: new.auto_queue_runs,
            error_message: None,
            blob_id: None,
            created_by: caller.id().map(ToString::to_string),
            created_at: self.now(),
        };
        self.store.write(async |mut tx| store::configuration::insert(&mut tx, &version).await).await?;
        Ok(version)
    }

    /// A configuration version.
    pub async fn configuration(&self, caller: &Caller, id: &ConfigurationVersionId) -> Result<ConfigurationVersion> {
        let missing = || Error::not_found(format!("configuration version {id}"));
        let found = self.store.look(async |mut tx| store::configuration::find(&mut tx, id).await).await?;
        let version = found.ok_or_else(missing)?;
        match self.workspace(caller, Which::Id(&version.workspace_id), Permission::ReadRuns).await {
            Ok(_) => Ok(version),
            Err(Error::NotFound(_)) => Err(missing()),
            Err(other) => Err(other),
        }
    }

    /// Takes the bytes of an announced configuration: sealed as they stream in, looked at before they count. Whoever has the signed URL may
    /// upload.
    pub async fn upload_configuration(&self, id: &ConfigurationVersionId, body: Reader) -> Result<()> {
        let found = self.store.look(async |mut tx| store::configuration::find(&mut tx, id).await).await?;
        let version = found.ok_or_else(|| Error::not_found(format!("configuration version {id}")))?;
        let limit = self.limits.upload_bytes;
        let blob = self.seal_stream(&version.organization_id, &version.workspace_id, body, limit).await?;
        if let Err(why) = self.check(self.open_stream(&blob).await?).await? {
            self.forget_blob(&blob).await;
            self.store.write(async |mut tx| store::configuration::set_errored(&mut tx, id, &why).await).await?;
            return Err(Error::invalid("archive", why));
        }
        self.store
            .write(async |mut tx| {
                if store::configuration::is_used(&mut tx, id).await? {
                    return Err(Error::Conflict(format!("{id} is used by a run already: create another one")));
                }
                store::blob::insert(&mut tx, &blob).await?;
                Ok(store::configuration::set_uploaded(&mut tx, id, &blob.id).await?)
            })
            .await
    }

    /// What is wrong with an archive that was stored.
    pub(crate) async fn check(&self, stored: Reader) -> Result<Result<(), String>> {
        let (check, mut stored) = (self.check_archive, SyncIoBridge::new(stored));
        let checked = tokio::task::spawn_blocking(move || check(&mut stored)).await;
        checked.map_err(|e| Error::internal("reading an uploaded archive", e))
    }

    /// The uploaded bytes.
    pub async fn download_configuration(&self, caller: &Caller, id: &ConfigurationVersionId) -> Result<Reader> {
        let version = self.configuration(caller, id).await?;
        self.configuration_bytes(&version).await
    }

    pub(crate) async fn configuration_bytes(&self, version: &ConfigurationVersion) -> Result<Reader> {
        let missing = || Error::Conflict(format!("{} was never uploaded", version.id));
        let id = version.blob_id.as_deref().ok_or_else(missing)?;
        let blob = self.store.look(async |mut tx| store::blob::find(&mut tx, id).await).await?.ok_or_else(missing)?;
        self.open_stream(&blob).await
    }
}
