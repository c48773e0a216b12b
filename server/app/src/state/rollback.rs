//! Go back to an earlier version: its content becomes a new version, which follows the current one as a state that a client pushes would.

use super::{
    Announced, Source, Upload, Written,
    append::{may_write, writer},
    content::md5_hex,
};
use crate::{App, Caller, Error, Result, access::Which};
use domain::{
    id::{StateVersionId, WorkspaceId},
    permission::Permission,
};
use objects::LARGEST_DELTA;
use serde::Deserialize;
use serde_json::value::RawValue;

impl App {
    /// Makes an earlier version of a workspace's state current again, as a new version with the next serial. The caller holds the workspace's
    /// lock. Nothing that the state describes is touched: the next plan says what differs. Done once: the version that is current because of
    /// this already is the answer.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the version is none of this workspace, [`Error::Conflict`] without the lock.
    pub async fn roll_back_state(&self, caller: &Caller, id: &WorkspaceId, to: &StateVersionId) -> Result<Written> {
        let workspace = self.workspace(caller, Which::Id(id), Permission::WriteState).await?;
        may_write(&workspace, &writer(caller, &Source::Cloud)?)?;
        let missing = || Error::not_found(format!("state version {to} of this workspace"));
        let found = self.store.look(async |mut tx| store::state::find(&mut tx, to).await).await?;
        let version = found.filter(|version| version.workspace_id == workspace.id).ok_or_else(missing)?;
        if version.status == "pending" {
            return Err(Error::Conflict(format!(
                "state version {to} was announced and never came: there is nothing to go back to"
            )));
        }
        if version.size > i64::try_from(LARGEST_DELTA).unwrap_or(i64::MAX) {
            return Err(Error::Conflict(format!(
                "state version {to} has {} bytes, and up to {LARGEST_DELTA} are rolled back here: download it, raise its serial and push it",
                version.size
            )));
        }
        let bytes = self.state_bytes(&version).await?;
        let current = workspace.state();
        if let Some(current) = &current
            && md5_hex(&at_serial(&bytes, current.serial)?) == current.md5
        {
            let version = self.store.look(async |mut tx| store::state::current(&mut tx, id).await).await?;
            return Ok(Written { version: version.ok_or_else(missing)?, repeated: true });
        }
        let serial = current.as_ref().map_or(version.serial, |current| current.serial.max(version.serial));
        let serial =
            serial.checked_add(1).ok_or_else(|| Error::Conflict("there is no serial after this one".into()))?;
        let content = at_serial(&bytes, serial)?;
        let announced = Announced {
            serial,
            md5: md5_hex(&content),
            lineage: version.lineage.clone(),
            // Going back to another history is what was asked for.
            force: current.is_some_and(|current| current.lineage != version.lineage),
        };
        self.write_version(caller, &workspace, &Source::Cloud, Upload::of(content), Some(&announced), Some(&version))
            .await
    }
}

/// The same state with another serial: every other byte stays.
fn at_serial(state: &[u8], serial: i64) -> Result<Vec<u8>> {
    #[derive(Deserialize)]
    struct Numbered<'a> {
        #[serde(borrow)]
        serial: &'a RawValue,
    }
    let doing = "giving a state another serial";
    let numbered: Numbered<'_> = serde_json::from_slice(state).map_err(|e| Error::internal(doing, e))?;
    let old = numbered.serial.get();
    let start = old.as_ptr().addr() - state.as_ptr().addr();
    Ok([&state[..start], serial.to_string().as_bytes(), &state[start + old.len()..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_serial_changes() {
        let state = br#"{ "version": 4, "lineage": "\"serial\": 1", "outputs": {"serial": {"value": 1}}, "serial" : 41 , "z": [] }"#;
        let turned = at_serial(state, 1000).unwrap();
        assert_eq!(
            String::from_utf8(turned.clone()).unwrap(),
            String::from_utf8(state.to_vec()).unwrap().replace("41", "1000")
        );
        assert_eq!(at_serial(&turned, 41).unwrap(), state);
        assert!(at_serial(b"{}", 1).is_err());
        assert!(at_serial(b"[", 1).is_err());
    }
}
