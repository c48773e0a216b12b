//! Read states and outputs.

use super::{OutputValue, content, upload::READING};
use crate::{App, Caller, Error, Reader, Result, access::Which, sharing::must_be_own};
use bytes::Bytes;
use domain::{
    id::{OutputId, StateVersionId, WorkspaceId},
    permission::Permission,
};
use store::{
    blob::Blob,
    delta::Form,
    state::{Output, StateVersion},
    workspace::Workspace,
};
use tokio_util::io::SyncIoBridge;

/// From this many bytes on a state is read as it streams out.
pub const STREAMED: i64 = 1 << 20;

impl App {
    /// The current state version; `None` means that there is no state, and that the caller may know it.
    pub async fn current_state(&self, caller: &Caller, which: Which<'_>) -> Result<Option<(StateVersion, Workspace)>> {
        let workspace = self.workspace(caller, which, Permission::ReadState).await?;
        let version = self.store.look(async |mut tx| store::state::current(&mut tx, &workspace.id).await).await?;
        let Some(version) = version else { return Ok(None) };
        self.record_read(caller, &workspace, &version).await?;
        Ok(Some((version, workspace)))
    }

    /// A state version that the caller may read.
    pub async fn state_version(&self, caller: &Caller, id: &StateVersionId) -> Result<StateVersion> {
        let missing = || Error::not_found(format!("state version {id}"));
        let found = self.store.look(async |mut tx| store::state::find(&mut tx, id).await).await?;
        let version = found.ok_or_else(missing)?;
        let workspace = self.workspace(caller, Which::Id(&version.workspace_id), Permission::ReadState).await?;
        self.record_read(caller, &workspace, &version).await?;
        Ok(version)
    }

    /// A page of the versions of a workspace, newest first, and how many there are.
    pub async fn list_state_versions(
        &self,
        caller: &Caller,
        workspace: &WorkspaceId,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<StateVersion>, i64)> {
        let workspace = self.workspace(caller, Which::Id(workspace), Permission::ReadState).await?;
        must_be_own(caller, &workspace)?;
        Ok(self
            .store
            .read(async |mut tx| {
                let versions = store::state::list(&mut tx, &workspace.id, limit, offset).await?;
                Ok::<_, store::Error>((versions, store::state::count(&mut tx, &workspace.id).await?))
            })
            .await?)
    }

    /// The bytes of a version, exactly as they were stored.
    pub async fn state_bytes(&self, version: &StateVersion) -> Result<Bytes> {
        self.open_bytes(&self.get_blob(version, Form::State).await?).await
    }

    /// The same, as they stream out.
    pub async fn state_stream(&self, version: &StateVersion) -> Result<Reader> {
        self.open_stream(&self.get_blob(version, Form::State).await?).await
    }

    /// The JSON form of a version, if its client sent one.
    pub async fn state_json(&self, version: &StateVersion) -> Result<Reader> {
        self.open_stream(&self.get_blob(version, Form::Json).await?).await
    }

    async fn get_blob(&self, version: &StateVersion, form: Form) -> Result<Blob> {
        let what = match form {
            Form::State => "bytes",
            Form::Json => "JSON form",
        };
        let found = self.blob_of(version, form).await?;
        found.ok_or_else(|| {
            Error::not_found(match version.purged_at {
                Some(at) => {
                    format!("the {what} of state version {}, removed {},", version.id, crate::retention::removed(at))
                }
                None => format!("the {what} of state version {}", version.id),
            })
        })
    }

    /// The outputs of a version with their values, sensitive ones too: the door decides what it shows.
    pub async fn state_outputs(&self, version: &StateVersion) -> Result<Vec<(Output, OutputValue)>> {
        let rows = self.store.look(async |mut tx| store::state::list_outputs(&mut tx, &version.id).await).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut values = self.output_values(version).await?;
        let found = rows.into_iter().filter_map(|row| {
            let at = values.iter().position(|value| value.name == row.name)?;
            Some((row, values.swap_remove(at)))
        });
        Ok(found.collect())
    }

    /// One output with its value.
    pub async fn state_output(&self, caller: &Caller, id: &OutputId) -> Result<(Output, OutputValue)> {
        let missing = || Error::not_found(format!("output {id}"));
        let found = self.store.look(async |mut tx| store::state::find_output(&mut tx, id).await).await?;
        let output = found.ok_or_else(missing)?;
        let version = self.state_version(caller, &output.state_version_id).await?;
        let value = self.output_values(&version).await?.into_iter().find(|value| value.name == output.name);
        Ok((output, value.ok_or_else(missing)?))
    }

    async fn output_values(&self, version: &StateVersion) -> Result<Vec<OutputValue>> {
        if version.size < STREAMED {
            return content::outputs(&*self.state_bytes(version).await?);
        }
        let state = self.state_stream(version).await?;
        // Never closed.
        let _reading = READING.acquire().await;
        let read = tokio::task::spawn_blocking(|| content::outputs(SyncIoBridge::new(state))).await;
        read.map_err(|e| Error::internal("reading the outputs of a state", e))?
    }
}
