//! Which providers and modules a workspace uses, told by the instances of its state.

use crate::{App, Result, state::address::indexed};
use domain::explorer::{module, provider};
use std::collections::BTreeSet;
use store::{explorer::Use, search::Due};

impl App {
    /// Those that its instances name now.
    pub(super) async fn named_uses(&self, due: &Due) -> Result<Vec<Use>> {
        let named = self.store.look(async |mut tx| store::explorer::list_named(&mut tx, &due.id).await).await?;
        let mut uses = BTreeSet::new();
        let mut add = |kind: &str, name: &str, source: &str| {
            let (kind, name, source) = (kind.to_owned(), indexed(name.to_owned()), indexed(source.to_owned()));
            // A state says no version of either.
            uses.insert(Use { kind, name, source, version: String::new() });
        };
        for (provider_address, module_address) in &named {
            let (name, source) = provider(provider_address);
            add("provider", name, source);
            if !module_address.is_empty() {
                add("module", &module(module_address), "");
            }
        }
        Ok(uses.into_iter().collect())
    }
}
