//! Configuration versions: announce one, upload it, plan from it.

use crate::{
    App, Caller, Error, Result,
    access::{self, Which},
    hub::Event,
    run::{New as NewRun, create},
    vault::Reader,
};
use domain::{
    id::{ConfigurationVersionId, RunId, UserId, WorkspaceId},
    permission::Permission,
    time::Time,
};
use store::{Tx, configuration::ConfigurationVersion, workspace::Workspace};
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
        self.announce_configuration(caller, workspace, new).await
    }

    /// Announces an upload to a workspace that was found with the right to it.
    pub(crate) async fn announce_configuration(
        &self,
        caller: &Caller,
        workspace: Workspace,
        new: New,
    ) -> Result<ConfigurationVersion> {
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
            purged_at: None,
        };
        self.store
            .write_once(async |mut tx, again| {
                if again && store::configuration::find(&mut tx, &version.id).await?.is_some() {
                    return Ok(());
                }
                store::configuration::insert(&mut tx, &version).await
            })
            .await?;
        Ok(version)
    }

    /// A configuration version.
    pub async fn configuration(&self, caller: &Caller, id: &ConfigurationVersionId) -> Result<ConfigurationVersion> {
        let missing = || Error::not_found(format!("configuration version {id}"));
        let found = self.store.look(async |mut tx| store::configuration::find(&mut tx, id).await).await?;
        let version = found.ok_or_else(missing)?;
        match self.workspace(caller, Which::Id(&version.workspace_id), Permission::ReadRuns).await {
            Ok(_) => Ok(version),
            Err(Error::NotFound(_)) if self.reads_tests(caller, &version.workspace_id).await? => Ok(version),
            Err(Error::NotFound(_)) => Err(missing()),
            Err(other) => Err(other),
        }
    }

    /// Takes the bytes of an announced configuration: sealed as they stream in, looked at before they count. Whoever has the signed URL may
    /// upload, as long as who announced it may still queue runs.
    pub async fn upload_configuration(&self, id: &ConfigurationVersionId, body: Reader) -> Result<()> {
        let found = self.store.look(async |mut tx| store::configuration::find(&mut tx, id).await).await?;
        let version = found.ok_or_else(|| Error::not_found(format!("configuration version {id}")))?;
        // Before a byte of the body is read, and again when it counts.
        let announcer = version.created_by.as_deref();
        self.check_announcer(announcer, &version.workspace_id, Permission::QueueRun).await?;
        let limit = self.limits.upload_bytes;
        let blob = self.seal_stream(&version.organization_id, &version.workspace_id, body, limit).await?;
        if let Err(why) = self.check(self.open_stream(&blob).await?).await? {
            self.forget_blob(&blob).await;
            self.store.write(async |mut tx| store::configuration::set_errored(&mut tx, id, &why).await).await?;
            return Err(Error::invalid("archive", why));
        }
        let (run, now) = (RunId::new(&self.entropy()), self.now());
        let stored: Result<Vec<Event>> = self
            .store
            .write_once(async |mut tx, again| {
                hold(&mut tx, &version).await?;
                if again && store::blob::find(&mut tx, blob.id.as_str()).await?.is_some() {
                    return Ok(vec![Event::Queue(version.organization_id.clone())]);
                }
                if store::configuration::is_used(&mut tx, id).await? {
                    return Err(Error::Conflict(format!("{id} is used by a run already: create another one")));
                }
                store::blob::insert(&mut tx, &blob).await?;
                store::configuration::set_uploaded(&mut tx, id, &blob.id, now).await?;
                if version.auto_queue_runs { queue(&mut tx, &version, &run, now).await } else { Ok(Vec::new()) }
            })
            .await;
        if stored.is_err() {
            self.forget_blob(&blob).await;
        }
        self.after(stored?);
        Ok(())
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
        let missing = || match version.purged_at {
            Some(at) => Error::not_found(format!(
                "the upload of {}, which was removed {},",
                version.id,
                crate::retention::removed(at)
            )),
            None => Error::Conflict(format!("{} was never uploaded", version.id)),
        };
        let id = version.blob_id.as_deref().ok_or_else(missing)?;
        let blob = self.store.look(async |mut tx| store::blob::find(&mut tx, id).await).await?.ok_or_else(missing)?;
        self.open_stream(&blob).await
    }
}

/// The workspace of an upload, held, if who announced it may still queue runs there.
async fn hold(tx: &mut Tx, version: &ConfigurationVersion) -> Result<()> {
    let announcer = version.created_by.as_deref();
    access::hold_for_announcer(tx, announcer, &version.workspace_id, Permission::QueueRun).await.map(drop)
}

/// Queues the run that an upload was announced with, for who announced it. Nothing is queued where runs are made at home, and for nobody
/// who may not queue one any more: the upload was good all the same.
async fn queue(tx: &mut Tx, version: &ConfigurationVersion, id: &RunId, now: Time) -> Result<Vec<Event>> {
    let Some(creator) = version.created_by.as_deref().and_then(|id| id.parse::<UserId>().ok()) else {
        return Ok(Vec::new());
    };
    let Some(creator) = store::user::find(tx, &creator).await? else { return Ok(Vec::new()) };
    let caller = Caller::User(creator);
    let workspace = match access::hold(tx, &caller, &version.workspace_id, Permission::QueueRun).await {
        Ok(workspace) if workspace.execution_mode != "local" => workspace,
        Ok(_) | Err(Error::NotFound(_) | Error::Forbidden(_)) => return Ok(Vec::new()),
        Err(other) => return Err(other),
    };
    let uploaded = store::configuration::find(tx, &version.id).await?;
    let uploaded = uploaded.ok_or_else(|| Error::Internal(format!("{} vanished in its upload", version.id)))?;
    let new = NewRun {
        message: Some("Queued by the upload of its configuration".into()),
        source: "tfe-configuration-version".into(),
        ..NewRun::default()
    };
    let (run, mut events) = create::queue(tx, &caller, &workspace, uploaded, &new, None, id, now).await?;
    events.push(Event::Run { workspace: run.workspace_id, run: run.id });
    Ok(events)
}
