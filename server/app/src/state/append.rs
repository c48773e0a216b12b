//! How a state becomes the current one, inside the transaction that judged it.

use super::{Content, Source, Written};
use crate::{Caller, Error, Result, lock::locked};
use domain::{
    id::RunId,
    lock::{Standing, Writer, standing},
    search::shelf_of,
    state::{Identity, Verdict, judge},
};
use std::collections::HashMap;
use store::{
    Tx,
    blob::Blob,
    state::{Output, Resource, StateVersion},
    workspace::Workspace,
};

/// Appends a state to the one that this transaction read as current. The workspace is held.
#[expect(clippy::too_many_arguments, reason = "what belongs to one state, prepared outside the transaction")]
pub(super) async fn append(
    tx: &mut Tx,
    workspace: &Workspace,
    version: &StateVersion,
    content: &Content,
    outputs: &[Output],
    blob: &Blob,
    stands: Standing,
    announced: bool,
) -> Result<Written> {
    let now = version.created_at;
    let new = Identity { serial: version.serial, lineage: version.lineage.clone(), md5: version.md5.clone() };
    match judge(workspace.state().as_ref(), &new, stands, version.forced) {
        Verdict::Refuse(refusal) => return Err(Error::Conflict(refusal.to_string())),
        Verdict::Repeat => return repeat(tx, workspace, version, announced).await,
        Verdict::Append => {}
    }
    let sequence = workspace.state_sequence + 1;
    let version = StateVersion {
        sequence: Some(sequence),
        parent_id: workspace.current_state_id.clone(),
        status: "finalized".into(),
        size: blob.size,
        blob_id: Some(blob.id.to_string()),
        ..version.clone()
    };
    store::blob::insert(tx, blob).await?;
    if announced {
        store::state::finalize(tx, &version).await?;
    } else {
        store::state::insert(tx, &version).await?;
    }
    store::workspace::set_current_state(tx, &workspace.id, &version, workspace.state_sequence, now).await?;
    store::state::insert_outputs(tx, outputs).await?;
    index(tx, &version, sequence, &content.resources).await?;
    Ok(Written { version, repeated: false })
}

/// Writes what changed between the state before and this one: nothing else.
async fn index(tx: &mut Tx, version: &StateVersion, sequence: i64, resources: &[Resource]) -> Result<()> {
    let known = store::state::list_current_hashes(tx, &version.workspace_id).await?;
    let mut known: HashMap<String, Vec<u8>> = known.into_iter().collect();
    let mut closed: Vec<&str> = Vec::new();
    let mut opened: HashMap<&str, &Resource> = HashMap::new();
    // A state that names an address twice is damaged, and stored as it is; the index holds each address once, as it came last.
    let once: HashMap<&str, &Resource> = resources.iter().map(|r| (r.address.as_str(), r)).collect();
    for resource in once.into_values() {
        match known.remove(&resource.address) {
            Some(hash) if hash == resource.hash => {}
            Some(_) => {
                closed.push(&resource.address);
                opened.insert(&resource.address, resource);
            }
            None => drop(opened.insert(&resource.address, resource)),
        }
    }
    closed.extend(known.keys().map(String::as_str));
    let mut opened: Vec<&Resource> = opened.into_values().collect();
    opened.sort_by(|a, b| a.address.cmp(&b.address));
    let opened: Vec<(&Resource, i64)> =
        opened.into_iter().map(|resource| (resource, shelf_of(&resource.address, resources.len()))).collect();
    store::state::close_resources(tx, &version.workspace_id, sequence, &closed).await?;
    Ok(store::state::open_resources(tx, version, sequence, &opened).await?)
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
