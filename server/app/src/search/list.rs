//! The instances that a workspace holds now.

use crate::{App, Caller, Result, access::Which, sharing::must_be_own};
use domain::permission::Permission;
use store::{search::Listed, workspace::Workspace};

impl App {
    /// A page of a workspace's resource instances by address, and how many there are; or the one of this address.
    ///
    /// # Errors
    /// When the caller may not read its state.
    pub async fn list_resources(
        &self,
        caller: &Caller,
        which: Which<'_>,
        only: Option<&str>,
        limit: i64,
        offset: i64,
    ) -> Result<(Workspace, Vec<Listed>, i64)> {
        let workspace = self.workspace(caller, which, Permission::ReadState).await?;
        must_be_own(caller, &workspace)?;
        let (listed, total) = self
            .store
            .read(async |mut tx| {
                let listed = store::search::list_with_states(&mut tx, &workspace.id, only, limit, offset).await?;
                let total = match only {
                    Some(_) => i64::try_from(listed.len()).unwrap_or(i64::MAX),
                    None => store::search::count_instances(&mut tx, &workspace.id, i64::MAX).await?,
                };
                Ok::<_, store::Error>((listed, total))
            })
            .await?;
        Ok((workspace, listed, total))
    }
}
