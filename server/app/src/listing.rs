//! The workspaces of an organization, listed. Whoever looks for a part of a name compares it with every name there is: they are kept in memory,
//! under the number that the database gives to their latest change, so that what is found is as true as what is read.

use crate::{App, Caller, Result, cache::Bounded};
use domain::{id::OrganizationId, permission::Permission};
use memchr::memmem;
use std::{collections::HashMap, ops::Range, sync::Arc};
use store::{
    Tx,
    workspace::{Filter, Listing, Workspace},
};
use tokio::sync::Semaphore;

/// So much of all organizations' names is kept: bytes, about.
const KEPT: usize = 16 << 20;
/// So many names of an organization, and no more, are kept.
const MOST: i64 = 100_000;
/// What an organization takes beside its workspaces: bytes, about.
const EACH: usize = 256;

/// The names of the workspaces of organizations, as they were when somebody looked for one.
#[derive(Debug)]
pub(crate) struct Names {
    kept: Bounded<Listed>,
    /// The number that was met last: names are read where it is met again, not while they change.
    met: Bounded<i64>,
    /// Who reads names: one at a time, since they are many.
    reading: Semaphore,
}

impl Default for Names {
    fn default() -> Self {
        Self { kept: Bounded::new(KEPT), met: Bounded::new(KEPT), reading: Semaphore::new(1) }
    }
}

/// The names of the workspaces of an organization.
#[derive(Debug)]
struct Listed {
    /// At which change they were so.
    version: i64,
    /// In small letters, by name, each with a line of its own.
    text: String,
    /// Where each ends, and whose it is.
    lines: Vec<(usize, String)>,
}

impl Listed {
    fn new(version: i64, names: Vec<(String, String)>) -> Self {
        let length = names.iter().map(|(_, name)| name.len() + 1).sum();
        let mut listed = Self { version, text: String::with_capacity(length), lines: Vec::with_capacity(names.len()) };
        for (id, name) in names {
            listed.text.push_str(&name.to_ascii_lowercase());
            listed.text.push('\n');
            listed.lines.push((listed.text.len(), id));
        }
        listed
    }

    /// Whose names have this in them, in letters of either case.
    fn holding(&self, part: &str) -> Vec<&str> {
        let part = part.to_ascii_lowercase();
        let finder = memmem::Finder::new(&part);
        let (mut found, mut from) = (Vec::new(), 0);
        // A name has no end of a line in it, and what is empty is in every name.
        while !part.contains('\n')
            && from < self.text.len()
            && let Some(at) = finder.find(&self.text.as_bytes()[from..])
        {
            let line = self.lines.partition_point(|(end, _)| *end <= from + at);
            let Some((end, id)) = self.lines.get(line) else { break };
            found.push(id.as_str());
            from = *end;
        }
        found
    }

    /// What it takes in memory: bytes, about.
    fn takes(&self) -> usize {
        let line = |(_, id): &(usize, String)| size_of::<(usize, String)>() + id.len();
        EACH + self.text.len() + self.lines.iter().map(line).sum::<usize>()
    }
}

impl App {
    /// A page of an organization's workspaces by name, and how many there are in all.
    pub async fn list_workspaces(
        &self,
        caller: &Caller,
        organization: &str,
        filter: &Filter,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<Workspace>, i64)> {
        let organization = self.organization(caller, organization, Permission::Read).await?;
        let (id, user) = (&organization.id, caller.user_id());
        let listed = self.store.read(async |mut tx| {
            if let Some(part) = filter.only_name()
                && let Some(names) = self.names(&mut tx, id).await?
            {
                let found = names.holding(part);
                let page = listed_by_id(&mut tx, &found[page(found.len(), limit, offset)], user).await?;
                return Ok((page, i64::try_from(found.len()).unwrap_or(i64::MAX)));
            }
            store::workspace::list(&mut tx, id, user, filter, limit, offset).await
        });
        Ok(listed.await?)
    }

    /// Those of an organization's workspaces that these ids name, by name.
    pub async fn list_workspaces_by_id(
        &self,
        caller: &Caller,
        organization: &str,
        ids: &[String],
    ) -> Result<Vec<Workspace>> {
        let organization = self.organization(caller, organization, Permission::Read).await?;
        let (ids, user) = (ids.iter().map(String::as_str).collect::<Vec<_>>(), caller.user_id());
        let mut found = self.store.look(async |mut tx| store::workspace::list_by_id(&mut tx, &ids, user).await).await?;
        found.retain(|workspace| workspace.organization_id == organization.id);
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// The names of an organization's workspaces as this transaction sees them, if they are kept or are to be: without them the database is asked.
    async fn names(&self, tx: &mut Tx, organization: &OrganizationId) -> store::Result<Option<Arc<Listed>>> {
        let Some(Listing { version, count }) = store::workspace::find_listing(tx, organization).await? else {
            return Ok(None);
        };
        let Names { kept, met, reading } = &self.hub.names;
        if let Some(names) = kept.of(organization.as_str()).filter(|names| names.version == version) {
            return Ok(Some(names));
        }
        if met.of(organization.as_str()).is_none_or(|met| *met != version) {
            met.put(organization.to_string(), Arc::new(version), EACH);
            return Ok(None);
        }
        let Ok(_turn) = reading.try_acquire() else { return Ok(None) };
        if count > MOST {
            return Ok(None);
        }
        let names = Arc::new(Listed::new(version, store::workspace::list_names(tx, organization).await?));
        kept.put(organization.to_string(), names.clone(), names.takes());
        Ok(Some(names))
    }
}

/// Which of so many are on a page.
fn page(count: usize, limit: i64, offset: i64) -> Range<usize> {
    let [limit, offset] = [limit, offset].map(|number| usize::try_from(number).unwrap_or_default());
    let from = offset.min(count);
    from..from.saturating_add(limit).min(count)
}

/// The workspaces of these ids, in their order.
async fn listed_by_id(tx: &mut Tx, ids: &[&str], user: &str) -> store::Result<Vec<Workspace>> {
    let place: HashMap<&str, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let mut found = store::workspace::list_by_id(tx, ids, user).await?;
    found.sort_by_key(|workspace| place.get(workspace.id.as_str()));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(names: &[&str], part: &str) -> Vec<String> {
        let names = names.iter().map(|name| (format!("ws-{name}"), (*name).to_owned())).collect();
        Listed::new(1, names).holding(part).into_iter().map(ToOwned::to_owned).collect()
    }

    #[test]
    fn a_part_is_found_in_every_name_that_has_it_and_once() {
        let names = ["Aab", "aaaa", "b", "ba", "cab"];
        assert_eq!(holding(&names, "AB"), ["ws-Aab", "ws-cab"], "in letters of either case");
        assert_eq!(holding(&names, "aa"), ["ws-Aab", "ws-aaaa"], "once, however often it is there");
        assert_eq!(holding(&names, "b"), ["ws-Aab", "ws-b", "ws-ba", "ws-cab"]);
        assert_eq!(holding(&names, "cab"), ["ws-cab"], "the last one");
        assert_eq!(holding(&names, "").len(), 5);
        for nowhere in ["bb", "b\nb", "\n", "%", "é", "caba"] {
            assert!(holding(&names, nowhere).is_empty(), "{nowhere:?}");
        }
        assert!(holding(&[], "").is_empty() && holding(&[], "a").is_empty());
    }

    #[test]
    fn a_page_is_within_what_there_is() {
        assert_eq!([page(5, 2, 0), page(5, 2, 4), page(5, 2, 9), page(5, i64::MAX, 1)], [0..2, 4..5, 5..5, 1..5]);
        assert!(page(5, -1, -1).is_empty());
    }
}
