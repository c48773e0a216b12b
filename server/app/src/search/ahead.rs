//! Instances of places that a search is about to visit, read in one go: a query of common words passes hundreds where nothing is found.

use crate::Result;
use domain::search::{OWN_SHELF, Query, Run, fold};
use std::collections::{BTreeSet, HashMap};
use store::{
    Tx,
    search::{Instance, Place, SHELVES, Shelved},
    workspace::Workspace,
};

/// So many places are read ahead at once.
pub(super) const PLACES: usize = SHELVES;
/// So many instances are held: where there are more, few places fill an answer, and each is read when it is visited.
const MOST: i64 = 250;

/// What may be found at some places, each instance at the one where it is told.
pub(super) struct Ahead {
    at: HashMap<Place, Vec<Instance>>,
}

impl Ahead {
    /// Reads what these places of a stretch hold that a query may find; nothing where that is too much.
    pub(super) async fn read(
        tx: &mut Tx,
        query: &Query,
        run: &Run,
        places: &[Place],
        there: &HashMap<&str, &Workspace>,
    ) -> Result<Option<Self>> {
        let mut at: HashMap<Place, Vec<Instance>> = HashMap::new();
        let mut shelves = BTreeSet::new();
        for place in places.iter().filter(|place| place.shelf != OWN_SHELF) {
            if there.contains_key(place.workspace_id.as_str()) {
                shelves.insert((place.workspace_id.as_str(), place.shelf));
                at.insert(place.clone(), Vec::new());
            }
        }
        let shelves: Vec<_> = shelves.into_iter().collect();
        let names: HashMap<&str, _> = there.iter().map(|(id, workspace)| (*id, fold(&workspace.name))).collect();
        let others = query.texts().filter(|text| !names.values().any(|name| name.contains(text)));
        let texts: Vec<&str> = std::iter::once(run.text()).chain(others).collect();
        let found = store::search::list_holding_on(tx, &shelves, &texts, MOST).await?;
        if i64::try_from(found.len()).is_ok_and(|count| count >= MOST) {
            return Ok(None);
        }
        for Shelved { workspace_id, shelf, instance } in found {
            let name = names.get(workspace_id.as_str()).map_or("", AsRef::as_ref);
            let document = instance.document(name);
            let Some((word, false)) = document.place_in(run) else { continue };
            let place = Place { word: word.as_bytes().to_vec(), workspace_id, shelf };
            drop(document);
            if let Some(there) = at.get_mut(&place) {
                there.push(instance);
            }
        }
        Ok(Some(Self { at }))
    }

    /// What was read of a place, by address; `None` where it was not.
    pub(super) fn take(&mut self, place: &Place) -> Option<Vec<Instance>> {
        self.at.remove(place)
    }
}
