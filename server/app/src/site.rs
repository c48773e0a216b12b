//! What all servers on one database have to agree on: which site it is.

use crate::{Error, Result};
use secrets::WrappedKey;
use store::Store;

/// The id of the site whose database this is; `None` while it is nobody's.
pub async fn id(store: &Store) -> Result<Option<String>> {
    let (said, sealed) = store
        .read(async |mut tx| {
            let said = store::site::find(&mut tx).await?;
            Ok::<_, Error>((said, store::site::find_oldest_key(&mut tx).await?))
        })
        .await?;
    match (said, sealed) {
        (Some(id), _) => Ok(Some(id)),
        // Written before sites said what they are called: that is what everything was sealed with then.
        (None, Some(sealed)) => {
            let wrapped = WrappedKey::from_bytes(&sealed).map_err(|e| Error::internal("reading a data key", e))?;
            Ok(Some(wrapped.by().to_owned()))
        }
        (None, None) => Ok(None),
    }
}
