//! What all servers on one database have to agree on. A server with another master key would find no token valid and open nothing that the
//! others sealed, and what it seals nobody else would open: it does not start.

use crate::{Error, Result};
use domain::time::Time;
use secrets::{MasterKey, WrappedKey};
use store::Store;

/// The id of the master key that this database is sealed with; `None` while nothing is.
pub async fn master_key_id(store: &Store) -> Result<Option<String>> {
    let (said, sealed) = store
        .read(async |mut tx| {
            let said = store::site::find_master_key(&mut tx).await?;
            Ok::<_, Error>((said, store::site::find_oldest_key(&mut tx).await?))
        })
        .await?;
    match (said, sealed) {
        (Some(id), _) => Ok(Some(id)),
        (None, Some(sealed)) => {
            let wrapped = WrappedKey::from_bytes(&sealed).map_err(|e| Error::internal("reading a data key", e))?;
            Ok(Some(wrapped.master().to_owned()))
        }
        (None, None) => Ok(None),
    }
}

/// Agrees with the other servers on this master key. [`Error::Conflict`] when the database is sealed with another one; of two servers that
/// start on an empty database with different keys, one.
pub async fn agree_on_master_key(store: &Store, master: &MasterKey, now: Time) -> Result<()> {
    let sealed_with = match master_key_id(store).await? {
        Some(id) if id != master.id() => id,
        _ => {
            store
                .write(async |mut tx| {
                    store::site::insert_master_key(&mut tx, master.id(), now).await?;
                    let said = store::site::find_master_key(&mut tx).await?;
                    Ok::<_, Error>(said.unwrap_or_default())
                })
                .await?
        }
    };
    if sealed_with == master.id() {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "the database is sealed with the master key {sealed_with}, but this one is {}: all servers on one database have the same key file; \
         name the right one with --master-key",
        master.id()
    )))
}
