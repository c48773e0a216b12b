//! What a plan changes, object by object, where its document is small enough to be read for a page.

use app::{App, Artifact, Caller, Error};
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;

/// A larger document is left to the log.
const LARGEST: u64 = 2 << 20;
/// The most objects that are listed.
const MOST: usize = 200;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    resource_changes: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    address: String,
    change: Actions,
}

#[derive(Deserialize)]
struct Actions {
    actions: Vec<String>,
}

/// An object and what happens to it.
pub(crate) struct Change {
    /// Its address.
    pub(crate) address: String,
    /// The sign that engines use.
    pub(crate) sign: &'static str,
    /// The same in a word.
    pub(crate) word: &'static str,
    /// The name of a class.
    pub(crate) tone: &'static str,
}

/// The objects that a plan changes; none when there is no document, or one that is too large.
pub(crate) async fn changes(app: &App, caller: &Caller, plan: &str) -> Result<Vec<Change>, Error> {
    let Some(reader) = app.plan_artifact(caller, plan, Artifact::PlanJson).await? else { return Ok(Vec::new()) };
    let mut bytes = Vec::new();
    let read = reader.take(LARGEST + 1).read_to_end(&mut bytes).await;
    let length = read.map_err(|e| Error::internal("reading a plan's JSON", e))?;
    if length as u64 > LARGEST {
        return Ok(Vec::new());
    }
    // Written by another program: a form that we do not know is no failure of the page, which has the log.
    let Ok(document) = serde_json::from_slice::<Document>(&bytes) else { return Ok(Vec::new()) };
    Ok(document.resource_changes.into_iter().filter_map(change).take(MOST).collect())
}

fn change(resource: Resource) -> Option<Change> {
    let has = |action: &str| resource.change.actions.iter().any(|a| a == action);
    let (sign, word, tone) = match (has("create"), has("delete"), has("update")) {
        (true, true, _) => ("±", "replace", "ask"),
        (true, ..) => ("+", "create", "good"),
        (_, true, _) => ("−", "destroy", "bad"),
        (.., true) => ("~", "update", "ask"),
        _ if has("forget") => ("·", "forget", "off"),
        _ => return None,
    };
    Some(Change { address: resource.address, sign, word, tone })
}
