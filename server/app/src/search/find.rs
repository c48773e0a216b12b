//! Finding things: along the stretch of the index with the fewest places, each thing there is judged by all of the query. How much is looked at
//! is bounded, so that a query of common words answers as fast as one of rare ones; where it went on is told instead of a count.

use super::{
    ahead::{Ahead, PLACES},
    cursor::{Cursor, Through},
    outputs::Outputs,
    tag_lines,
};
use crate::{App, Caller, Error, Result};
use domain::{
    id::{OrganizationId, OutputId},
    permission::Permission,
    search::{Document, Kind, OWN_SHELF, Query, Run, fold},
};
use std::collections::HashMap;
use store::{
    Tx,
    search::{Instance, Place},
    workspace::Workspace,
};

/// So many places of each stretch are counted before one is chosen: more only where no stretch has less.
const COUNTED: [i64; 3] = [256, 1_024, 4_096];
/// So many are counted for one answer at most.
const COUNTED_IN_ALL: i64 = 20_000;
/// So many places are read first: a few fill most answers.
const FIRST_PLACES: usize = 8;
/// So many instances of one place are read at once.
const INSTANCES: i64 = 200;
/// So many things are judged for one answer at most.
const JUDGED: usize = 4_000;
/// So many places are visited for one answer at most.
const VISITED: usize = 128;
/// So many instances of a workspace are looked through for the texts of a query: a larger one is gone through bit by bit.
const SMALL: i64 = 2_000;
/// So many instances are looked through so for one answer at most.
const LOOKED_THROUGH: i64 = 20_000;

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The things, in the order of the index.
    pub things: Vec<(Workspace, Thing)>,
    /// Where to go on, if there may be more.
    pub next: Option<String>,
}

/// Something that was found in a workspace.
#[derive(Debug, Clone)]
pub enum Thing {
    /// The workspace itself.
    Workspace,
    /// An output of its current state.
    Output(OutputId, String),
    /// A resource instance of its current state.
    Resource(Instance),
}

impl App {
    /// Finds the workspaces, outputs and resource instances of an organization that have all words of a query: up to `limit` of them, behind
    /// what an earlier answer named as its `next`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the query cannot be read; as [`App::workspace`], when the caller may not read the organization's states.
    pub async fn search(
        &self,
        caller: &Caller,
        organization: &str,
        query: &str,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Found> {
        let organization = self.organization(caller, organization, Permission::ReadState).await?;
        let query = Query::read(query).map_err(|e| Error::invalid("q", e))?;
        let runs = query.runs();
        let begun = after.map(|text| Cursor::read(text, &runs)).transpose()?;
        self.store
            .read(async |mut tx| {
                let begun = match &begun {
                    Some(cursor) => Some(cursor.clone()),
                    None => choose(&mut tx, &organization.id, &runs).await?,
                };
                let Some(cursor) = begun else { return Ok(Found::default()) };
                let walk = Walk {
                    query: &query,
                    run: &runs[cursor.run],
                    user: caller.user_id(),
                    limit,
                    at: cursor,
                    outputs: Outputs::default(),
                    ahead: None,
                    judged: 0,
                    looked_through: 0,
                    found: Found::default(),
                    end: None,
                };
                walk.go(&mut tx, &organization.id).await
            })
            .await
    }
}

/// The beginning of the stretch with the fewest places, or none where one of them has none: then nothing is found.
async fn choose(tx: &mut Tx, organization: &OrganizationId, runs: &[Run]) -> Result<Option<Cursor>> {
    let begin = |run: usize| Cursor { run, place: Place::first(&runs[run]), through: Through::None };
    if runs.len() == 1 {
        return Ok(Some(begin(0)));
    }
    // The longest first: it is likely to have the fewest, and the others need not be counted further than that.
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by_key(|run| std::cmp::Reverse(runs[*run].text().len()));
    let (mut best, mut counted) = (order.first().copied(), 0);
    for most in COUNTED {
        let mut fewest = most;
        for run in &order {
            let count = store::search::count_places(tx, organization, &runs[*run], fewest).await?;
            counted += count;
            if count == 0 {
                return Ok(None);
            }
            if count < fewest {
                (fewest, best) = (count, Some(*run));
            }
        }
        if fewest < most || counted > COUNTED_IN_ALL {
            break;
        }
    }
    Ok(best.map(begin))
}

/// On its way along a stretch.
struct Walk<'q> {
    query: &'q Query,
    run: &'q Run,
    user: &'q str,
    limit: usize,
    /// Everything before this was judged.
    at: Cursor,
    outputs: Outputs,
    /// What was read of places that are still to be visited.
    ahead: Option<Ahead>,
    judged: usize,
    looked_through: i64,
    found: Found,
    /// Behind the last thing that fits, once another was found.
    end: Option<Cursor>,
}

impl Walk<'_> {
    async fn go(mut self, tx: &mut Tx, organization: &OrganizationId) -> Result<Found> {
        let mut visited = 0;
        let mut reads_ahead = self.wants(Kind::Resource);
        loop {
            let most = if visited == 0 { FIRST_PLACES } else { PLACES.min(VISITED - visited) };
            let limit = i64::try_from(most).unwrap_or(i64::MAX);
            let places = store::search::list_places(tx, organization, self.run, &self.at.place, limit).await?;
            let last = places.len() < most;
            let ids: Vec<&str> = places.iter().map(|place| place.workspace_id.as_str()).collect();
            let there = store::workspace::list_by_id(tx, &ids, self.user).await?;
            let there: HashMap<&str, &Workspace> = there.iter().map(|one| (one.id.as_str(), one)).collect();
            if visited > 0 && reads_ahead {
                self.ahead = Ahead::read(tx, self.query, self.run, &places, &there).await?;
                reads_ahead = self.ahead.is_some();
            }
            for place in &places {
                if self.at.place != *place {
                    self.at.place = place.clone();
                    self.at.through = Through::None;
                }
                if let Some(workspace) = there.get(place.workspace_id.as_str())
                    && workspace.organization_id == *organization
                {
                    self.visit(tx, workspace).await?;
                }
                visited += 1;
                if let Some(end) = self.end {
                    return Ok(Found { next: Some(end.write()), ..self.found });
                }
                if self.judged >= JUDGED {
                    return Ok(Found { next: Some(self.at.write()), ..self.found });
                }
                self.at.place.shelf = place.shelf.saturating_add(1);
                self.at.through = Through::None;
                if visited >= VISITED || self.looked_through >= LOOKED_THROUGH {
                    return Ok(Found { next: Some(self.at.write()), ..self.found });
                }
            }
            if last {
                return Ok(self.found);
            }
        }
    }

    fn is_over(&self) -> bool {
        self.end.is_some() || self.judged >= JUDGED
    }

    fn wants(&self, kind: Kind) -> bool {
        self.query.kind.is_none_or(|wanted| wanted == kind)
    }

    /// Judges what stands at the place, from where it was left.
    async fn visit(&mut self, tx: &mut Tx, workspace: &Workspace) -> Result<()> {
        let name = fold(&workspace.name);
        if self.at.place.shelf != OWN_SHELF {
            let shelf = self.at.place.shelf;
            return self.visit_instances(tx, workspace, &name, Some(shelf)).await;
        }
        if !matches!(self.at.through, Through::Instance(_)) {
            self.visit_own(tx, workspace, &name).await?;
        }
        // A word of the name finds everything in the workspace.
        let word = String::from_utf8_lossy(&self.at.place.word).into_owned();
        if !self.is_over() && self.run.first_in(&name) == Some(word.as_str()) {
            self.visit_instances(tx, workspace, &name, None).await?;
        }
        Ok(())
    }

    async fn visit_own(&mut self, tx: &mut Tx, workspace: &Workspace, name: &str) -> Result<()> {
        let behind = match &self.at.through {
            Through::Output(behind) => Some(behind.clone()),
            _ => None,
        };
        if behind.is_none() {
            let tags = tag_lines(&workspace.tags());
            if self.judge(&Document::workspace(name, &tags)) {
                self.keep(workspace, Through::Output(String::new()), Thing::Workspace);
            } else {
                self.at.through = Through::Output(String::new());
            }
            if self.is_over() {
                return Ok(());
            }
        }
        let behind = behind.unwrap_or_default();
        if let Some(version) = workspace.current_state_id.as_deref().filter(|_| self.wants(Kind::Output)) {
            let outputs = self.outputs.at(tx, version, name, self.run, &self.at.place.word).await?;
            let outputs: Vec<_> = outputs.iter().filter(|output| output.name > behind).cloned().collect();
            for output in outputs {
                if self.is_over() {
                    return Ok(());
                }
                let through = Through::Output(output.name.clone());
                if self.judge(&Document::output(name, &output.name)) {
                    self.keep(workspace, through, Thing::Output(output.id, output.name));
                } else {
                    self.at.through = through;
                }
            }
        }
        Ok(())
    }

    async fn visit_instances(
        &mut self,
        tx: &mut Tx,
        workspace: &Workspace,
        name: &str,
        shelf: Option<i64>,
    ) -> Result<()> {
        if !self.wants(Kind::Resource) {
            return Ok(());
        }
        let mut after = match &self.at.through {
            Through::Instance(address) => address.clone(),
            _ => String::new(),
        };
        if let Some(some) = self.ahead.as_mut().and_then(|ahead| ahead.take(&self.at.place)) {
            self.judge_instances(workspace, name, &some);
            return Ok(());
        }
        let mut texts: Vec<&str> = self.query.texts().filter(|text| !name.contains(text)).collect();
        let word = String::from_utf8_lossy(&self.at.place.word).into_owned();
        if shelf.is_some() {
            // What is told at a place holds its word; where that is one of the workspace's name, anything is.
            texts.push(&word);
        } else if !texts.is_empty() {
            let count = store::search::count_instances(tx, &workspace.id, SMALL).await?;
            self.looked_through += count;
            if count == SMALL {
                texts.clear();
            }
        }
        loop {
            let some = store::search::list_holding(tx, &workspace.id, shelf, &after, &texts, INSTANCES).await?;
            let last = i64::try_from(some.len()).is_ok_and(|count| count < INSTANCES);
            if let Some(instance) = some.last() {
                after.clone_from(&instance.address);
            }
            self.judge_instances(workspace, name, &some);
            if last || self.is_over() {
                return Ok(());
            }
        }
    }

    /// Judges instances of the workspace, by address.
    fn judge_instances(&mut self, workspace: &Workspace, name: &str, instances: &[Instance]) {
        for instance in instances {
            if self.is_over() {
                return;
            }
            let through = Through::Instance(instance.address.clone());
            if self.judge(&instance.document(name)) {
                self.keep(workspace, through, Thing::Resource(instance.clone()));
            } else {
                self.at.through = through;
            }
        }
    }

    /// Whether the query finds it, and it is told at this place and at no other.
    fn judge(&mut self, document: &Document<'_>) -> bool {
        self.judged += 1;
        document.is_found_by(self.query)
            && document.place_in(self.run).is_some_and(|(word, own)| {
                word.as_bytes() == self.at.place.word && own == (self.at.place.shelf == OWN_SHELF)
            })
    }

    fn keep(&mut self, workspace: &Workspace, through: Through, thing: Thing) {
        if self.found.things.len() == self.limit {
            self.end.get_or_insert_with(|| self.at.clone());
            return;
        }
        self.at.through = through;
        self.found.things.push((workspace.clone(), thing));
    }
}
