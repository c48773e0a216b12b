//! Containers that an earlier runner left and nobody will ask for.

use super::{
    Docker,
    container::{Note, told},
    wall::RUNNER,
};
use crate::{layout::Layout, supervise::spec::name};
use bollard::query_parameters::ListContainersOptionsBuilder;
use std::{
    collections::{BTreeSet, HashMap},
    fs,
};

impl Docker {
    /// Removes every container of this runner but those of these phases.
    pub(crate) async fn remove_orphans<'a>(&self, phases: impl Iterator<Item = &'a Layout>) {
        let kept = |layout: &Layout| {
            let note = fs::read(layout.root().join(name::CONTAINER)).ok()?;
            Some(serde_json::from_slice::<Note>(&note).ok()?.id)
        };
        let kept: BTreeSet<_> = phases.filter_map(kept).collect();
        let filters = HashMap::from([("label", vec![format!("{RUNNER}={}", self.runner)])]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let found = match self.api.list_containers(Some(options)).await {
            Ok(found) => found,
            Err(error) => {
                return tracing::warn!(error = told(&error), "containers of an earlier runner cannot be looked for");
            }
        };
        for id in found.into_iter().filter_map(|container| container.id).filter(|id| !kept.contains(id)) {
            tracing::info!(container = id, "a container of an earlier runner is removed");
            self.remove(&id).await;
        }
    }
}
