//! Tell what differs between two versions, and find the version of a moment.

use super::{
    diff::{self, Action, Diff, RESOURCES, ResourceChange},
    room::Room,
};
use crate::{App, Caller, Error, Result, access::Which, sharing::must_be_own};
use domain::{
    id::{StateVersionId, WorkspaceId},
    permission::Permission,
    time::Time,
};
use objects::LARGEST_DELTA;
use store::state::StateVersion;

/// What comparing states takes in memory, in times of their bytes.
const COMPARED: i64 = 8;

impl App {
    /// What differs between two versions of one workspace's state. Of states that together have more than 64 MiB only the addresses are told.
    ///
    /// # Errors
    /// [`Error::Conflict`] when they are not of one workspace, or are of a format that names no instances.
    pub async fn compare_states(
        &self,
        caller: &Caller,
        from: &StateVersionId,
        to: &StateVersionId,
    ) -> Result<(Diff, StateVersion, StateVersion)> {
        let before = self.own_version(caller, from).await?;
        let after = self.own_version(caller, to).await?;
        if before.workspace_id != after.workspace_id {
            return Err(Error::Conflict(format!(
                "state versions {from} and {to} are of two workspaces: only versions of one are compared"
            )));
        }
        for version in [&before, &after] {
            if version.status == "pending" {
                return Err(Error::Conflict(format!(
                    "state version {} was announced, and its bytes did not come yet",
                    version.id
                )));
            }
        }
        let size = before.size.saturating_add(after.size);
        if size > i64::try_from(LARGEST_DELTA).unwrap_or(i64::MAX) {
            return Ok((self.compare_briefly(&before, &after).await?, before, after));
        }
        // Taken before they are loaded. What is made of a state to compare it takes several times its bytes.
        let held = Room::of_verb(size).take(size.saturating_mul(COMPARED)).await;
        let (was, is) = (self.state_bytes(&before).await?, self.state_bytes(&after).await?);
        // What was begun goes on when nobody waits for it any more, and keeps its room.
        let compared = tokio::task::spawn_blocking(move || {
            let compared = diff::diff(&was, &is);
            drop((was, is, held));
            compared
        });
        let compared = compared.await;
        Ok((compared.map_err(|e| Error::internal("comparing states", e))??, before, after))
    }

    /// The version that was current at a moment.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there was none yet.
    pub async fn state_at(&self, caller: &Caller, id: &WorkspaceId, moment: Time) -> Result<StateVersion> {
        let workspace = self.workspace(caller, Which::Id(id), Permission::ReadState).await?;
        must_be_own(caller, &workspace)?;
        let found = self.store.look(async |mut tx| store::state::find_at(&mut tx, id, moment).await).await?;
        found.ok_or_else(|| Error::not_found(format!("a state of workspace {id} at {moment}")))
    }

    async fn own_version(&self, caller: &Caller, id: &StateVersionId) -> Result<StateVersion> {
        let version = self.state_version(caller, id).await?;
        must_be_own(caller, &self.workspace(caller, Which::Id(&version.workspace_id), Permission::ReadState).await?)?;
        Ok(version)
    }

    async fn compare_briefly(&self, before: &StateVersion, after: &StateVersion) -> Result<Diff> {
        let (Some(from), Some(to)) = (before.sequence, after.sequence) else {
            return Err(Error::Conflict(
                "states that large are compared by what is indexed of them, and one that never was current is not: download both".into(),
            ));
        };
        let workspace = &before.workspace_id;
        // Two of each address, and of one more, which may be cut off.
        let rows = i64::try_from(2 * RESOURCES + 2).unwrap_or(i64::MAX);
        let rows =
            self.store.look(async |mut tx| store::state::list_differing(&mut tx, workspace, from, to, rows).await);
        let mut resources: Vec<ResourceChange> = Vec::new();
        for (resource, is_later) in rows.await? {
            // Both of one address follow each other.
            if let Some(last) = resources.last_mut().filter(|last| last.address == resource.address) {
                last.action = Action::Changed;
                continue;
            }
            resources.push(ResourceChange {
                action: if is_later { Action::Added } else { Action::Removed },
                address: resource.address,
                previous_address: None,
                kind: resource.kind,
                module: resource.module,
                provider: resource.provider,
                previous_provider: None,
                attributes: Vec::new(),
                other: Vec::new(),
            });
        }
        let truncated = resources.len() > RESOURCES;
        resources.truncate(RESOURCES);
        Ok(Diff { brief: true, truncated, resources, ..Diff::default() })
    }
}
