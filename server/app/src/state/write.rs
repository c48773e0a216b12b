//! Write a state: judged, sealed, made current and indexed in one transaction, whatever door it came through.

use super::{
    Content, Upload,
    append::{New, announced_by, may_write, repeat, run_of, writer},
    upload::same,
};
use crate::{App, Caller, Error, Result, access, hub::Event};
use domain::{
    id::{OutputId, RunId, StateVersionId, WorkspaceId},
    lock::{Standing, Writer, standing},
    permission::Permission,
    state::{Identity, Refusal, Verdict, judge},
};
use store::{
    Tx,
    blob::Blob,
    state::{Output, StateVersion},
    workspace::Workspace,
};

/// Who writes, and under which lock.
#[derive(Debug, Clone)]
pub enum Source {
    /// A person through the TFE API, or the phase of a run with its token.
    Cloud,
    /// A client of `backend "http"`, with the lock id of its request.
    Http(Option<String>),
}

/// What a client says of a state before its bytes come.
#[derive(Debug, Clone)]
pub struct Announced {
    /// The client's count.
    pub serial: i64,
    /// Hex MD5 of the bytes.
    pub md5: String,
    /// The client's name for the history.
    pub lineage: String,
    /// Whether serial and lineage do not matter.
    pub force: bool,
}

/// What became of a state.
#[derive(Debug, Clone)]
pub struct Written {
    /// The version that holds it.
    pub version: StateVersion,
    /// It was there already.
    pub repeated: bool,
}

impl App {
    /// Stores a whole state in a workspace that was found with the right to write there, and makes it current.
    pub async fn write_state(
        &self,
        caller: &Caller,
        seen: &Workspace,
        source: &Source,
        upload: Upload,
        announced: Option<&Announced>,
    ) -> Result<Written> {
        self.write_version(caller, seen, source, upload, announced, None).await
    }

    /// The same, of a state that goes back to an earlier version.
    pub(super) async fn write_version(
        &self,
        caller: &Caller,
        seen: &Workspace,
        source: &Source,
        upload: Upload,
        announced: Option<&Announced>,
        rollback: Option<&StateVersion>,
    ) -> Result<Written> {
        let id = &seen.id;
        let upload = match announced {
            Some(announced) => upload.with_md5(&announced.md5),
            None => upload,
        };
        let (content, blob) = self.receive_state(&seen.organization_id, id, upload).await?;
        let mut version = self.new_version(seen, &content, announced);
        version.created_by = caller.id().map(ToString::to_string);
        version.run_id = run_of(caller).map(ToString::to_string);
        version.rollback_id = rollback.map(|earlier| earlier.id.to_string());
        let outputs = self.new_outputs(&version.id, &content);
        let new = New::of(&version, &content, &outputs, &blob);
        points::pass("state.received");
        let stored = self
            .store
            .write_once(async |mut tx, again| {
                let workspace = access::hold(&mut tx, caller, id, Permission::WriteState).await?;
                if again && let Some(version) = store::state::find(&mut tx, &version.id).await? {
                    return Ok(Written { version, repeated: false });
                }
                let writer = writer(caller, source)?;
                let stands = may_write(&workspace, &writer)?;
                self.append(&mut tx, &workspace, &new, stands).await
            })
            .await;
        self.settle(&new, stored).await
    }

    /// Announces a state whose bytes come later. It is no state until they are there.
    pub async fn announce_state(
        &self,
        caller: &Caller,
        id: &WorkspaceId,
        announced: &Announced,
    ) -> Result<StateVersion> {
        let bad_md5 = announced.md5.len() != 32 || !announced.md5.bytes().all(|b| b.is_ascii_hexdigit());
        if bad_md5 {
            return Err(Error::invalid("md5", "MD5 has 32 hexadecimal digits"));
        }
        let now = self.now();
        let version_id = StateVersionId::new(&self.entropy());
        self.store
            .write_once(async |mut tx, again| {
                let workspace = access::hold(&mut tx, caller, id, Permission::WriteState).await?;
                if again && let Some(version) = store::state::find(&mut tx, &version_id).await? {
                    return Ok(version);
                }
                let stands = may_write(&workspace, &writer(caller, &Source::Cloud)?)?;
                let new = Identity {
                    serial: announced.serial,
                    lineage: announced.lineage.clone(),
                    md5: announced.md5.to_lowercase(),
                };
                if let Verdict::Refuse(refusal) = judge(workspace.state().as_ref(), &new, stands, announced.force) {
                    return Err(Error::Conflict(refusal.to_string()));
                }
                let version = StateVersion {
                    id: version_id.clone(),
                    organization_id: workspace.organization_id.clone(),
                    workspace_id: id.clone(),
                    sequence: None,
                    parent_id: None,
                    status: "pending".into(),
                    serial: new.serial,
                    lineage: new.lineage,
                    md5: new.md5,
                    sha256: None,
                    size: 0,
                    forced: announced.force,
                    terraform_version: String::new(),
                    format: 0,
                    resource_count: 0,
                    blob_id: None,
                    json_blob_id: None,
                    run_id: run_of(caller).map(ToString::to_string),
                    rollback_id: None,
                    created_by: caller.id().map(ToString::to_string),
                    created_at: now,
                    purged_at: None,
                    indexed: true,
                };
                store::state::insert(&mut tx, &version).await?;
                Ok(version)
            })
            .await
    }

    /// Takes the bytes of an announced state. Whoever has the signed URL may upload, as long as who announced it may still write; what was
    /// announced is judged again, since the workspace may have changed meanwhile.
    pub async fn upload_state(&self, id: &StateVersionId, upload: Upload) -> Result<Written> {
        let pending = self.store.look(async |mut tx| store::state::find(&mut tx, id).await).await?;
        let pending = pending.ok_or_else(|| Error::not_found(format!("state version {id}")))?;
        self.check_upload(&pending).await?;
        let upload = upload.with_md5(&pending.md5);
        let (content, blob) = self.receive_state(&pending.organization_id, &pending.workspace_id, upload).await?;
        if pending.status != "pending" {
            // The same bytes once more: the answer to the first upload was lost on its way.
            self.forget_blob(&blob).await;
            return Ok(Written { version: pending, repeated: true });
        }
        let version = StateVersion {
            size: blob.size,
            sha256: Some(content.sha256.clone()),
            terraform_version: content.terraform_version.clone(),
            format: content.format,
            resource_count: i64::try_from(content.resources.len()).unwrap_or(i64::MAX),
            ..pending
        };
        let outputs = self.new_outputs(&version.id, &content);
        let new = New { announced: true, ..New::of(&version, &content, &outputs, &blob) };
        let stored = self
            .store
            .write_once(async |mut tx, _| {
                let workspace = hold_for_upload(&mut tx, &version).await?;
                // The same upload may have come twice at once: the second finds the first's work. Or it is this one's own.
                let now = store::state::find(&mut tx, id).await?;
                if let Some(done) = now.filter(|now| now.status != "pending") {
                    let repeated = done.blob_id.as_deref() != Some(blob.id.as_str());
                    return Ok(Written { version: done, repeated });
                }
                let writer = announced_by(&version)?;
                let stands = may_write(&workspace, &writer)?;
                self.append(&mut tx, &workspace, &new, stands).await
            })
            .await;
        self.settle(&new, stored).await
    }

    /// Takes the JSON form of a state, which a client may send beside it.
    pub async fn upload_state_json(&self, id: &StateVersionId, upload: Upload) -> Result<()> {
        let version = self.store.look(async |mut tx| store::state::find(&mut tx, id).await).await?;
        let version = version.ok_or_else(|| Error::not_found(format!("state version {id}")))?;
        self.check_upload(&version).await?;
        let blob = self.receive_json(&version.organization_id, &version.workspace_id, upload).await?;
        // The version as it was found, where it had a JSON form already.
        let stored: Result<Option<StateVersion>> = self
            .store
            .write_once(async |mut tx, _| {
                hold_for_upload(&mut tx, &version).await?;
                let found = store::state::find(&mut tx, id).await?;
                if let Some(found) = found.filter(|found| found.json_blob_id.is_some()) {
                    return Ok(Some(found));
                }
                store::blob::insert(&mut tx, &blob).await?;
                store::state::set_json(&mut tx, id, blob.id.as_str()).await?;
                Ok(None)
            })
            .await;
        match stored {
            Ok(None) => Ok(()),
            // This very upload, whose commit was not heard of.
            Ok(Some(found)) if found.json_blob_id.as_deref() == Some(blob.id.as_str()) => Ok(()),
            Ok(Some(found)) => {
                // The same once more: the answer to the first upload was lost on its way. Anything else would change what is there.
                let same = self.is_json_form(&found, &blob).await;
                self.forget_blob(&blob).await;
                let refused = || Error::Conflict(format!("state version {id} has its JSON form already"));
                if same? { Ok(()) } else { Err(refused()) }
            }
            Err(error) => {
                self.forget_blob(&blob).await;
                Err(error)
            }
        }
    }

    /// Before a byte of an upload is read: whether who announced it may still write.
    async fn check_upload(&self, version: &StateVersion) -> Result<()> {
        let announcer = version.created_by.as_deref();
        self.check_announcer(announcer, &version.workspace_id, Permission::WriteState).await
    }

    async fn is_json_form(&self, version: &StateVersion, sent: &Blob) -> Result<bool> {
        let (kept, sent) = (self.state_json(version).await?, self.open_stream(sent).await?);
        same(kept, sent).await.map_err(|e| Error::internal("comparing the JSON form of a state", e))
    }

    /// Stores the state that a run's apply wrote. One that comes after a later one, or after the lease was lost, is kept too: current if it
    /// follows what is, otherwise as the run's errored state.
    pub(crate) async fn write_run_state(
        &self,
        run: &RunId,
        id: &WorkspaceId,
        upload: Upload,
        late: Late,
    ) -> Result<Written> {
        let seen = self.store.look(async |mut tx| store::workspace::find(&mut tx, id, "").await).await?;
        let seen = seen.ok_or_else(|| Error::not_found(format!("workspace {id}")))?;
        let (content, blob) = self.receive_state(&seen.organization_id, id, upload).await?;
        let mut version = self.new_version(&seen, &content, None);
        version.run_id = Some(run.to_string());
        let outputs = self.new_outputs(&version.id, &content);
        let new = New::of(&version, &content, &outputs, &blob);
        let stored = self
            .store
            .write(async |mut tx| {
                let workspace = access::hold_ours(&mut tx, id).await?;
                let stands = standing(workspace.lock()?.as_ref(), &Writer::Run(run.clone()));
                let becomes_current = match stands {
                    // An engine never goes back: what does was long on its way, and a later one came first.
                    Standing::Holds => late.fenced && !is_older(&workspace, &version),
                    Standing::Free => {
                        late.fenced && late.ended_without_it && follows(&mut tx, &workspace, &version, run).await?
                    }
                    Standing::Barred => false,
                };
                if becomes_current {
                    return self.append(&mut tx, &workspace, &new, stands).await;
                }
                if workspace.state().is_some_and(|c| c.md5 == version.md5 && c.serial == version.serial) {
                    return repeat(&mut tx, &workspace, &version, false).await;
                }
                store::blob::insert(&mut tx, &blob).await?;
                let late = StateVersion {
                    status: "errored".into(),
                    blob_id: Some(blob.id.to_string()),
                    size: blob.size,
                    ..version.clone()
                };
                store::state::insert(&mut tx, &late).await?;
                Ok(Written { version: late, repeated: false })
            })
            .await;
        self.settle(&new, stored).await
    }

    /// Forgets the current state: `DELETE` of a `backend "http"`. Its versions stay.
    pub async fn delete_state(&self, caller: &Caller, id: &WorkspaceId, source: &Source) -> Result<()> {
        let now = self.now();
        let gone = self
            .store
            .write(async |mut tx| {
                let workspace = access::hold(&mut tx, caller, id, Permission::WriteState).await?;
                may_write(&workspace, &writer(caller, source)?)?;
                let gone = store::state::list_current_hashes(&mut tx, id).await?;
                let gone: Vec<&str> = gone.iter().map(|(address, _)| address.as_str()).collect();
                store::state::close_resources(&mut tx, id, workspace.state_sequence + 1, &gone).await?;
                store::workspace::clear_current_state(&mut tx, id, now).await?;
                Ok::<_, Error>(workspace.current_state_id)
            })
            .await?;
        if let Some(gone) = gone {
            self.hub.remembered.forget(&gone);
        }
        self.hub.announce([Event::Workspace(id.clone())]);
        Ok(())
    }

    fn new_version(&self, workspace: &Workspace, content: &Content, announced: Option<&Announced>) -> StateVersion {
        StateVersion {
            id: StateVersionId::new(&self.entropy()),
            organization_id: workspace.organization_id.clone(),
            workspace_id: workspace.id.clone(),
            sequence: None,
            parent_id: None,
            status: "pending".into(),
            serial: announced.map_or(content.serial, |a| a.serial),
            lineage: announced.map_or_else(|| content.lineage.clone(), |a| a.lineage.clone()),
            md5: content.md5.clone(),
            sha256: Some(content.sha256.clone()),
            size: 0,
            forced: announced.is_some_and(|a| a.force),
            terraform_version: content.terraform_version.clone(),
            format: content.format,
            resource_count: i64::try_from(content.resources.len()).unwrap_or(i64::MAX),
            blob_id: None,
            json_blob_id: None,
            run_id: None,
            rollback_id: None,
            created_by: None,
            created_at: self.now(),
            purged_at: None,
            indexed: false,
        }
    }

    fn new_outputs(&self, version: &StateVersionId, content: &Content) -> Vec<Output> {
        let new = |name: &String| Output {
            id: OutputId::new(&self.entropy()),
            state_version_id: version.clone(),
            name: name.clone(),
        };
        content.outputs.iter().map(new).collect()
    }

    /// After the transaction: an object that no row points at is removed at once, not left to the sweep.
    async fn settle(&self, new: &New<'_>, stored: Result<Written>) -> Result<Written> {
        points::pass("state.stored");
        match &stored {
            Ok(Written { version, repeated: false }) => {
                if version.sequence.is_some() {
                    self.hub.remembered.put(&version.id, &new.held, version.parent_id.as_deref());
                }
                self.hub.announce([Event::Workspace(version.workspace_id.clone())]);
                self.hub.supersede();
                self.hub.unindex();
            }
            _ => self.forget_blob(new.blob).await,
        }
        stored
    }
}

/// The workspace of an announced state, held, if who announced it may still write there.
async fn hold_for_upload(tx: &mut Tx, version: &StateVersion) -> Result<Workspace> {
    let announcer = version.created_by.as_deref();
    access::hold_for_announcer(tx, announcer, &version.workspace_id, Permission::WriteState).await
}

/// What is known of the lease under which a runner hands in a state, beside who holds the workspace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Late {
    /// It is the phase's last one: an older one no longer decides what is current.
    pub(crate) fenced: bool,
    /// The phase was ended without its runner, which then never said that this is the last state.
    pub(crate) ended_without_it: bool,
}

fn judged(workspace: &Workspace, new: &StateVersion) -> Verdict {
    let new = Identity { serial: new.serial, lineage: new.lineage.clone(), md5: new.md5.clone() };
    judge(workspace.state().as_ref(), &new, Standing::Free, false)
}

fn is_older(workspace: &Workspace, new: &StateVersion) -> bool {
    matches!(judged(workspace, new), Verdict::Refuse(Refusal::Older { .. }))
}

/// Whether a state that comes late, after its run was ended without it, follows what is current: nobody wrote since the run applied.
async fn follows(tx: &mut Tx, workspace: &Workspace, late: &StateVersion, run: &RunId) -> Result<bool> {
    if judged(workspace, late) != Verdict::Append {
        return Ok(false);
    }
    let Some(current) = store::state::current(tx, &workspace.id).await? else { return Ok(true) };
    if current.run_id.as_deref() == Some(run.as_str()) {
        return Ok(true);
    }
    let apply = store::phase::find(tx, run.apply().as_str()).await?;
    Ok(apply.and_then(|apply| apply.started_at).is_some_and(|begun| current.created_at.micros() <= begun))
}
