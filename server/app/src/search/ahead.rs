//! Instances of places that a search is about to visit, read in one go: a query of common words passes hundreds where nothing is found.

use std::{collections::HashMap, sync::Arc};
use store::search::{Instance, Shelved};

/// What stands on some shelves, as far as it can be found.
#[derive(Default)]
pub(super) struct Ahead {
    by_workspace: HashMap<String, HashMap<i64, Arc<Vec<Instance>>>>,
}

impl Ahead {
    /// What was read of these shelves, by address.
    pub(super) fn of(shelves: &[(&str, i64)], found: Vec<Shelved>) -> Self {
        let mut by_workspace: HashMap<String, HashMap<i64, Arc<Vec<Instance>>>> = HashMap::new();
        for (workspace, shelf) in shelves {
            by_workspace.entry((*workspace).to_owned()).or_default().entry(*shelf).or_default();
        }
        for Shelved { workspace_id, shelf, instance } in found {
            let there = by_workspace.entry(workspace_id).or_default().entry(shelf).or_default();
            Arc::make_mut(there).push(instance);
        }
        Self { by_workspace }
    }

    /// What stands on a shelf; `None` where that was not read.
    pub(super) fn on(&self, workspace: &str, shelf: i64) -> Option<Arc<Vec<Instance>>> {
        self.by_workspace.get(workspace)?.get(&shelf).cloned()
    }
}
