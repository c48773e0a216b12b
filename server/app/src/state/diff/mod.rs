//! What became of a state between two of its versions, told as people speak of it: resources by address, attributes by path, outputs by name.
//! Values that are sensitive in either are told to have changed, and never shown.

mod attributes;
mod moved;
mod snapshot;
#[cfg(test)]
mod tests;

use crate::Result;
use attributes::Sensitive;
use serde_json::Value;
use snapshot::{Instance, Snapshot};
use std::collections::BTreeMap;

/// What differs between two versions of a state.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Diff {
    /// Whether only addresses were compared, since the states are too large: nothing is known of attributes, outputs and versions.
    pub brief: bool,
    /// The version of the program that wrote each, where they differ.
    pub terraform_version: Option<(String, String)>,
    /// Resource instances that differ, by address.
    pub resources: Vec<ResourceChange>,
    /// Outputs that differ, by name.
    pub outputs: Vec<OutputChange>,
}

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Only the later version has it.
    Added,
    /// Both have it, and it differs.
    Changed,
    /// Both have it, under another address.
    Moved,
    /// Only the earlier version has it.
    Removed,
}

impl Action {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Moved => "moved",
            Self::Removed => "removed",
        }
    }
}

/// A resource instance that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceChange {
    /// What became of it.
    pub action: Action,
    /// Where it is in the later version, or was in the earlier one if it is gone.
    pub address: String,
    /// Where it was, if that is elsewhere.
    pub previous_address: Option<String>,
    /// `aws_instance`
    pub kind: String,
    /// The module's address; empty for the root.
    pub module: String,
    /// The provider's address in the later version.
    pub provider: String,
    /// The provider's address in the earlier one, if that was another.
    pub previous_provider: Option<String>,
    /// Attributes that differ, by path.
    pub attributes: Vec<AttributeChange>,
    /// What else is kept of an instance and differs: `status`, `schema_version`, `private`, `dependencies`, …
    pub other: Vec<String>,
}

/// An attribute that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeChange {
    /// `tags.Name`, `ingress[0].from_port`
    pub path: String,
    /// What it was.
    pub before: Shown,
    /// What it is.
    pub after: Shown,
}

/// An output that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputChange {
    /// What became of it.
    pub action: Action,
    /// Its name.
    pub name: String,
    /// What it was.
    pub before: Shown,
    /// What it is.
    pub after: Shown,
}

/// A value, as far as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// There is none.
    Absent,
    /// It is sensitive.
    Hidden,
    /// It is this.
    Value(Value),
}

impl Shown {
    fn of(value: Option<&Value>, hidden: bool) -> Self {
        match value {
            None => Self::Absent,
            Some(_) if hidden => Self::Hidden,
            Some(value) => Self::Value(value.clone()),
        }
    }
}

/// Compares two states.
///
/// # Errors
/// When one of them is none of format 4, which is the first that names instances one by one.
pub(super) fn diff(before: &[u8], after: &[u8]) -> Result<Diff> {
    let (before, after) = (Snapshot::read(before)?, Snapshot::read(after)?);
    let terraform_version = (before.terraform_version != after.terraform_version)
        .then(|| (before.terraform_version.clone(), after.terraform_version.clone()));
    Ok(Diff {
        brief: false,
        terraform_version,
        resources: resources(&before.instances, &after.instances),
        outputs: outputs(&before, &after),
    })
}

fn resources(before: &BTreeMap<String, Instance<'_>>, after: &BTreeMap<String, Instance<'_>>) -> Vec<ResourceChange> {
    let mut gone: BTreeMap<&str, &Instance<'_>> =
        before.iter().filter(|(address, _)| !after.contains_key(*address)).map(|(a, i)| (a.as_str(), i)).collect();
    let mut new: BTreeMap<&str, &Instance<'_>> =
        after.iter().filter(|(address, _)| !before.contains_key(*address)).map(|(a, i)| (a.as_str(), i)).collect();
    let mut changes: Vec<ResourceChange> = moved::pairs(&mut gone, &mut new)
        .into_iter()
        .map(|((from, was), (to, is))| {
            let change = compare(to, was, is);
            let unchanged = || entry(Action::Moved, to, is);
            ResourceChange {
                action: Action::Moved,
                previous_address: Some(from.to_owned()),
                ..change.unwrap_or_else(unchanged)
            }
        })
        .collect();
    changes.extend(gone.into_iter().map(|(address, was)| {
        let attributes = attributes::compare(Some(was), None, &Sensitive::of([was]));
        ResourceChange { attributes, ..entry(Action::Removed, address, was) }
    }));
    changes.extend(new.into_iter().map(|(address, is)| {
        let attributes = attributes::compare(None, Some(is), &Sensitive::of([is]));
        ResourceChange { attributes, ..entry(Action::Added, address, is) }
    }));
    let both = after.iter().filter_map(|(address, is)| Some((address, before.get(address)?, is)));
    changes.extend(both.filter_map(|(address, was, is)| compare(address, was, is)));
    changes.sort_by(|a, b| a.address.cmp(&b.address).then(a.action.cmp(&b.action)));
    changes
}

/// What differs in an instance that both have, if anything does.
fn compare(address: &str, was: &Instance<'_>, is: &Instance<'_>) -> Option<ResourceChange> {
    if was.raw.get() == is.raw.get() && was.provider == is.provider {
        return None;
    }
    let change = ResourceChange {
        previous_provider: (was.provider != is.provider).then(|| was.provider.clone()),
        attributes: attributes::compare(Some(was), Some(is), &Sensitive::of([was, is])),
        other: attributes::others(was, is),
        ..entry(Action::Changed, address, is)
    };
    let differs = change.previous_provider.is_some() || !change.attributes.is_empty() || !change.other.is_empty();
    differs.then_some(change)
}

fn entry(action: Action, address: &str, instance: &Instance<'_>) -> ResourceChange {
    ResourceChange {
        action,
        address: address.to_owned(),
        previous_address: None,
        kind: instance.kind.clone(),
        module: instance.module.clone(),
        provider: instance.provider.clone(),
        previous_provider: None,
        attributes: Vec::new(),
        other: Vec::new(),
    }
}

fn outputs(before: &Snapshot<'_>, after: &Snapshot<'_>) -> Vec<OutputChange> {
    let mut names: Vec<&String> = before.outputs.keys().chain(after.outputs.keys()).collect();
    names.sort();
    names.dedup();
    let change = |name: &String| {
        let (was, is) = (before.outputs.get(name), after.outputs.get(name));
        let action = match (was, is) {
            (None, _) => Action::Added,
            (_, None) => Action::Removed,
            (Some(was), Some(is)) if was == is => return None,
            _ => Action::Changed,
        };
        let hidden = [was, is].into_iter().flatten().any(|output| output.sensitive);
        let shown = |output: Option<&snapshot::Output>| Shown::of(output.map(|output| &output.value), hidden);
        Some(OutputChange { action, name: name.clone(), before: shown(was), after: shown(is) })
    };
    names.into_iter().filter_map(change).collect()
}
