//! Go back to an earlier version: its content becomes a new version, which follows the current one as a state that a client pushes would.

use super::{
    Announced, Source, Upload, Written,
    append::{may_write, writer},
    content::md5_hex,
    room::Room,
};
use crate::{App, Caller, Error, Result, Unlock, access::Which};
use domain::{
    id::{StateVersionId, WorkspaceId},
    permission::Permission,
};
use objects::LARGEST_DELTA;
use serde::Deserialize;
use serde_json::value::RawValue;

/// So many copies of a state are in memory at once.
const COPIES: i64 = 4;

impl App {
    /// Makes an earlier version of a workspace's state current again, as a new version with the next serial. The caller holds the workspace's
    /// lock. `seen` is the id of the version that was current when the caller decided this, empty for none. Nothing that the state describes is touched: the next plan says what differs. Done once: the version that is current because of
    /// this already is the answer.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the version is none of this workspace, [`Error::Conflict`] without the lock, or when another version is current
    /// than was seen.
    pub async fn roll_back_state(
        &self,
        caller: &Caller,
        id: &WorkspaceId,
        to: &StateVersionId,
        seen: Option<&str>,
    ) -> Result<Written> {
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
        // Taken before it is loaded: it is there as it was, with another serial, and as it is compared and written.
        let _held = Room::of_verb(version.size).take(version.size.saturating_mul(COPIES)).await;
        let bytes = self.state_bytes(&version).await?;
        let current = workspace.state();
        if let Some(current) = &current
            && md5_hex(&at_serial(&bytes, current.serial)?) == current.md5
        {
            let version = self.store.look(async |mut tx| store::state::current(&mut tx, id).await).await?;
            return Ok(Written { version: version.ok_or_else(missing)?, repeated: true });
        }
        if seen.is_some_and(|seen| seen != workspace.current_state_id.as_deref().unwrap_or_default()) {
            return Err(Error::Conflict(
                "another state version became current since the one that was shown: see what differs now, then go back"
                    .into(),
            ));
        }
        let serial = current.as_ref().map_or(version.serial, |current| current.serial.max(version.serial));
        let serial =
            serial.checked_add(1).ok_or_else(|| Error::Conflict("there is no serial after this one".into()))?;
        let content = at_serial(&bytes, serial)?;
        drop(bytes);
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

    /// The same with the workspace's lock, which is taken for it and given back, also when nobody waits for the answer any more. Where the caller
    /// holds it already, it stays.
    ///
    /// # Errors
    /// As [`App::roll_back_state`], and when the lock cannot be given back.
    pub async fn roll_back_locked(
        &self,
        caller: &Caller,
        id: &WorkspaceId,
        to: &StateVersionId,
        seen: Option<&str>,
        reason: &str,
    ) -> Result<Written> {
        let (app, caller, id, to) = (self.clone(), caller.clone(), id.clone(), to.clone());
        let (seen, reason) = (seen.map(str::to_owned), reason.to_owned());
        let whole = tokio::spawn(async move {
            let locked = match app.lock(&caller, &id, &reason, None).await {
                Ok(_) => true,
                // If it is the caller's own, going back is theirs too; if not, that says whose it is.
                Err(Error::Locked { .. } | Error::Conflict(_)) => false,
                Err(error) => return Err(error),
            };
            let written = app.roll_back_state(&caller, &id, &to, seen.as_deref()).await;
            if locked {
                app.unlock(&caller, &id, Unlock::Own).await?;
            }
            written
        });
        whole.await.map_err(|e| Error::internal("going back", e))?
    }
}

/// The same state with another serial: every other byte stays.
fn at_serial(state: &[u8], serial: i64) -> Result<Vec<u8>> {
    #[derive(Deserialize)]
    struct Numbered<'a> {
        #[serde(borrow)]
        serial: &'a RawValue,
    }
    // What the error says more may be a value, which may be a secret.
    let numbered: Numbered<'_> = serde_json::from_slice(state).map_err(|_| {
        Error::Conflict(
            "that state version has no serial that could be raised, or is no JSON: download it, mend it, and push it"
                .into(),
        )
    })?;
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
        for none in [&b"{}"[..], b"[", b"{\"a\": 1}"] {
            assert!(matches!(at_serial(none, 1), Err(Error::Conflict(why)) if why.contains("no serial")));
        }
    }
}
