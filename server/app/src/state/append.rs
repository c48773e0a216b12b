//! How a state becomes the current one, inside the transaction that judged it.

use super::{
    Content, Source, Written,
    remembered::{ByAddress, Hashes, by_address},
};
use crate::{App, Caller, Error, Result, lock::locked};
use domain::{
    id::RunId,
    lock::{Standing, Writer, standing},
    search::shelf_of,
    state::{Identity, Verdict, judge},
};
use std::sync::Arc;
use store::{
    Tx,
    blob::Blob,
    state::{Append, Output, Resource, StateVersion},
    workspace::Workspace,
};

/// A state that was read and sealed: what belongs to it, prepared outside the transaction.
pub(super) struct New<'a> {
    pub(super) version: &'a StateVersion,
    pub(super) content: &'a Content,
    /// Its instances.
    pub(super) held: ByAddress<'a>,
    pub(super) outputs: &'a [Output],
    pub(super) blob: &'a Blob,
    /// Its version is there, since it was announced.
    pub(super) announced: bool,
}

impl<'a> New<'a> {
    /// One that nobody announced.
    pub(super) fn of(version: &'a StateVersion, content: &'a Content, outputs: &'a [Output], blob: &'a Blob) -> Self {
        Self { version, content, held: by_address(&content.resources), outputs, blob, announced: false }
    }
}

impl App {
    /// Appends a state to the one that this transaction read as current. The workspace is held.
    pub(super) async fn append(
        &self,
        tx: &mut Tx,
        workspace: &Workspace,
        new: &New<'_>,
        stands: Standing,
    ) -> Result<Written> {
        let New { version, content, ref held, outputs, blob, announced } = *new;
        let identity = Identity { serial: version.serial, lineage: version.lineage.clone(), md5: version.md5.clone() };
        match judge(workspace.state().as_ref(), &identity, stands, version.forced) {
            Verdict::Refuse(refusal) => return Err(Error::Conflict(refusal.to_string())),
            Verdict::Repeat => return repeat(tx, workspace, version, announced).await,
            Verdict::Append => {}
        }
        let version = StateVersion {
            sequence: Some(workspace.state_sequence + 1),
            parent_id: workspace.current_state_id.clone(),
            status: "finalized".into(),
            size: blob.size,
            blob_id: Some(blob.id.to_string()),
            ..version.clone()
        };
        let current = workspace.current_state_id.as_deref();
        let known = match current.and_then(|current| self.hub.remembered.of(current)) {
            Some(known) => known,
            None => Arc::new(store::state::list_current_hashes(tx, &workspace.id).await?.into_iter().collect()),
        };
        let (closed, opened) = changed(&known, held, content.resources.len());
        let now = version.created_at;
        let append = Append { version: &version, announced, blob, closed: &closed, opened: &opened, now };
        let appended = store::state::append(tx, &append).await;
        if let (Err(_), Some(current)) = (&appended, current) {
            // Whatever it was, the next attempt reads the rows.
            self.hub.remembered.forget(current);
        }
        appended?;
        store::state::insert_outputs(tx, outputs).await?;
        Ok(Written { version, repeated: false })
    }
}

/// What the state before held that is no longer so, and what is new, each with the shelf on which it stands: nothing else is written.
fn changed<'a>(known: &'a Hashes, held: &ByAddress<'a>, count: usize) -> (Vec<&'a str>, Vec<(&'a Resource, i64)>) {
    let is_known = |resource: &Resource| known.get(&resource.address).is_some_and(|hash| *hash == resource.hash);
    let is_there = |address: &str, hash: &[u8]| held.get(address).is_some_and(|resource| resource.hash == hash);
    let closed = known.iter().filter(|(address, hash)| !is_there(address, hash)).map(|(address, _)| address.as_str());
    let mut closed: Vec<&str> = closed.collect();
    let mut opened: Vec<&Resource> = held.values().copied().filter(|resource| !is_known(resource)).collect();
    closed.sort_unstable();
    opened.sort_by(|a, b| a.address.cmp(&b.address));
    let shelf = |resource: &'a Resource| (resource, shelf_of(&resource.address, count));
    (closed, opened.into_iter().map(shelf).collect())
}

/// The state is current already. A version that was announced for it ends beside it.
pub(super) async fn repeat(
    tx: &mut Tx,
    workspace: &Workspace,
    version: &StateVersion,
    announced: bool,
) -> Result<Written> {
    let current = store::state::current(tx, &workspace.id).await?;
    let current = current.ok_or_else(|| Error::Internal(format!("{} lost its current state", workspace.id)))?;
    if !announced {
        return Ok(Written { version: current, repeated: true });
    }
    let discarded = StateVersion {
        status: "discarded".into(),
        blob_id: current.blob_id,
        sha256: current.sha256,
        ..version.clone()
    };
    store::state::finalize(tx, &discarded).await?;
    Ok(Written { version: discarded, repeated: true })
}

pub(super) fn run_of(caller: &Caller) -> Option<&RunId> {
    match caller {
        Caller::Phase { run_id, .. } => Some(run_id),
        Caller::User(_) => None,
    }
}

pub(super) fn writer(caller: &Caller, source: &Source) -> Result<Writer> {
    Ok(match (caller, source) {
        (Caller::Phase { run_id, .. }, _) => Writer::Run(run_id.clone()),
        (Caller::User(user), Source::Cloud) => Writer::Cloud(user.id.clone()),
        (Caller::User(user), Source::Http(id)) => Writer::Http(user.id.clone(), id.clone()),
    })
}

pub(super) fn announced_by(version: &StateVersion) -> Result<Writer> {
    let bad = |_| Error::Internal(format!("{} was announced by nobody", version.id));
    match (&version.run_id, &version.created_by) {
        (Some(run), _) => Ok(Writer::Run(run.parse().map_err(bad)?)),
        (None, Some(user)) => Ok(Writer::Cloud(user.parse().map_err(bad)?)),
        (None, None) => Err(Error::Internal(format!("{} was announced by nobody", version.id))),
    }
}

/// Through the TFE API only the holder of the lock writes; a `backend "http"` without locking takes an implicit lock for its moment.
pub(super) fn may_write(workspace: &Workspace, writer: &Writer) -> Result<Standing> {
    let lock = workspace.lock()?;
    let stands = standing(lock.as_ref(), writer);
    match (stands, lock, writer) {
        (Standing::Barred, Some(lock), _) => Err(locked(workspace, lock)),
        (Standing::Free, _, Writer::Cloud(_) | Writer::Run(_)) => Err(Error::Conflict(format!(
            "workspace {} is not locked: lock it before writing its state",
            workspace.name
        ))),
        (Standing::Free, _, Writer::Http(_, Some(id))) => Err(Error::Conflict(format!(
            "workspace {} is not locked, but the request says that lock {id:?} holds it; the lock was taken away: plan again",
            workspace.name
        ))),
        _ => Ok(stands),
    }
}
