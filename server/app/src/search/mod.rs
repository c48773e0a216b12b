//! Search over what all workspaces of an organization hold. States write rows of instances within their own transaction; `index` puts the words of
//! those rows where they are looked up, after it; `find` goes along one stretch of them and judges what it meets.

mod ahead;
mod change;
mod cursor;
mod find;
mod forget;
mod index;
mod indexing;
mod list;
mod outputs;
mod unread;
mod uses;

pub use find::{Found, Thing};
pub(crate) use indexing::Indexing;

use crate::state::secret;
use domain::{
    id::{Entropy, ResourceId, WorkspaceId},
    tag::Tag,
};
use ring::digest::{SHA256, digest};

/// What names a resource instance through all states of its workspace.
#[must_use]
pub fn resource_id(workspace: &WorkspaceId, address: &str) -> ResourceId {
    let named = digest(&SHA256, format!("{workspace} {address}").as_bytes());
    let mut bytes = Entropy::default();
    bytes.copy_from_slice(named.as_ref());
    ResourceId::new(&bytes)
}

/// The tags of a workspace as lines, as those of an instance are known: without what says that it is a secret.
fn tag_lines(tags: &[Tag]) -> String {
    tags.iter()
        .filter(|tag| !secret::is_named(&tag.key) && !secret::is_in(&tag.key) && !secret::is_in(&tag.value))
        .map(|tag| format!("tag:{}={}\n", tag.key, tag.value))
        .collect()
}

/// Tags as their row keeps them: a list of pairs.
fn tags(list: &str) -> Vec<Tag> {
    let pairs: Vec<(String, String)> = serde_json::from_str(list).unwrap_or_default();
    pairs.into_iter().map(|(key, value)| Tag { key, value }).collect()
}
