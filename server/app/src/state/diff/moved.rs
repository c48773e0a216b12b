//! Which of the instances that are gone are those that are new: the same thing under another address.

use super::snapshot::Instance;
use std::collections::BTreeMap;

/// An instance and its address.
type Placed<'a, 'b> = (&'a str, &'a Instance<'b>);

/// Takes what was moved out of both: the same type and the same id, which only one of each side has.
pub(super) fn pairs<'a, 'b>(
    gone: &mut BTreeMap<&'a str, &'a Instance<'b>>,
    new: &mut BTreeMap<&'a str, &'a Instance<'b>>,
) -> Vec<(Placed<'a, 'b>, Placed<'a, 'b>)> {
    let (were, are) = (by_id(gone), by_id(new));
    let mut pairs = Vec::new();
    for (identity, addresses) in were {
        if let ([from], Some([to])) = (addresses.as_slice(), are.get(&identity).map(Vec::as_slice))
            && let (Some(was), Some(is)) = (gone.remove(from), new.remove(to))
        {
            pairs.push(((*from, was), (*to, is)));
        }
    }
    pairs
}

fn by_id<'a>(instances: &BTreeMap<&'a str, &'a Instance<'_>>) -> BTreeMap<(&'a str, String), Vec<&'a str>> {
    let mut found: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for (address, instance) in instances {
        if let Some(id) = instance.id() {
            found.entry((&*instance.kind, id)).or_default().push(address);
        }
    }
    found
}
