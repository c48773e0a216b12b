//! What became of a state between two of its versions, told as people speak of it: resources by address, attributes by path, outputs by name.
//! Values that are sensitive in either are told to have changed, and never shown.

mod attributes;
mod exact;
mod moved;
mod snapshot;
#[cfg(test)]
mod tests;
mod told;

use crate::Result;
use attributes::Parts;
use serde_json::{Value, value::RawValue};
use snapshot::{Instance, Output, Snapshot};
use std::collections::BTreeMap;
pub(super) use told::RESOURCES;
use told::Told;

/// What differs between two versions of a state.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Diff {
    /// Whether only addresses were compared, since the states are too large: nothing is known of attributes, outputs and versions.
    pub brief: bool,
    /// Whether more differs than is told: there are bounds on how many resources, attributes and outputs are, and on what is read of each.
    pub truncated: bool,
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

/// Compares two states.
///
/// # Errors
/// When one of them is none of format 4, which is the first that names instances one by one, or cannot be read as one.
pub(super) fn diff(before: &[u8], after: &[u8]) -> Result<Diff> {
    let (before, after) = (Snapshot::read(before)?, Snapshot::read(after)?);
    let terraform_version = (before.terraform_version != after.terraform_version)
        .then(|| (before.terraform_version.clone(), after.terraform_version.clone()));
    let mut told = Told::new();
    let resources = resources(&before.instances, &after.instances, &mut told);
    let outputs = outputs(&before, &after, &mut told)?;
    Ok(Diff { brief: false, truncated: told.truncated, terraform_version, resources, outputs })
}

fn resources(
    before: &BTreeMap<String, Instance<'_>>,
    after: &BTreeMap<String, Instance<'_>>,
    told: &mut Told,
) -> Vec<ResourceChange> {
    let mut gone: BTreeMap<&str, &Instance<'_>> =
        before.iter().filter(|(address, _)| !after.contains_key(*address)).map(|(a, i)| (a.as_str(), i)).collect();
    let mut new: BTreeMap<&str, &Instance<'_>> =
        after.iter().filter(|(address, _)| !before.contains_key(*address)).map(|(a, i)| (a.as_str(), i)).collect();
    let mut changes: Vec<ResourceChange> = Vec::new();
    for ((from, was), (to, is)) in moved::pairs(&mut gone, &mut new) {
        if !told.resource() {
            break;
        }
        let change = compare(to, was, is, told).unwrap_or_else(|| entry(Action::Moved, to, is));
        changes.push(ResourceChange { action: Action::Moved, previous_address: Some(from.to_owned()), ..change });
    }
    for (action, placed) in [(Action::Removed, &gone), (Action::Added, &new)] {
        for (address, instance) in placed {
            if !told.resource() {
                break;
            }
            let read = Parts::of(instance);
            let (was, is) = if action == Action::Removed { (Some(&read), None) } else { (None, Some(&read)) };
            changes.push(ResourceChange {
                attributes: attributes::compare(was, is, told),
                ..entry(action, address, instance)
            });
        }
    }
    let both = after.iter().filter_map(|(address, is)| Some((address, before.get(address)?, is)));
    for (address, was, is) in both {
        let Some(change) = compare(address, was, is, told) else { continue };
        if !told.resource() {
            break;
        }
        changes.push(change);
    }
    changes.sort_by(|a, b| a.address.cmp(&b.address).then(a.action.cmp(&b.action)));
    changes
}

/// What differs in an instance that both have, if anything does.
fn compare(address: &str, was: &Instance<'_>, is: &Instance<'_>, told: &mut Told) -> Option<ResourceChange> {
    let elsewhere = was.provider != is.provider;
    if was.raw.get() == is.raw.get() && !elsewhere {
        return None;
    }
    let mut change = ResourceChange {
        previous_provider: elsewhere.then(|| was.provider.to_string()),
        ..entry(Action::Changed, address, is)
    };
    let (was, is) = (Parts::of(was), Parts::of(is));
    let before = std::mem::take(&mut told.truncated);
    change.attributes = attributes::compare(Some(&was), Some(&is), told);
    // An instance of which something is left out differs, even if nothing of it is told.
    let cut = told.truncated;
    told.truncated |= before;
    change.other = attributes::others(&was, &is);
    (elsewhere || cut || !change.attributes.is_empty() || !change.other.is_empty()).then_some(change)
}

fn entry(action: Action, address: &str, instance: &Instance<'_>) -> ResourceChange {
    ResourceChange {
        action,
        address: address.to_owned(),
        previous_address: None,
        kind: instance.kind.to_string(),
        module: instance.module.to_string(),
        provider: instance.provider.to_string(),
        previous_provider: None,
        attributes: Vec::new(),
        other: Vec::new(),
    }
}

fn outputs(before: &Snapshot<'_>, after: &Snapshot<'_>, told: &mut Told) -> Result<Vec<OutputChange>> {
    let mut names: Vec<&String> = before.outputs.keys().chain(after.outputs.keys()).collect();
    names.sort();
    names.dedup();
    let mut changes = Vec::new();
    for name in names {
        let raw = [before.outputs.get(name), after.outputs.get(name)];
        if let [Some(was), Some(is)] = raw
            && was.get() == is.get()
        {
            continue;
        }
        let read = |raw: Option<&&RawValue>| raw.map(|raw| Output::read(name, raw)).transpose();
        let [was, is] = [read(raw[0])?, read(raw[1])?];
        if was.iter().chain(&is).any(|output| output.is_none()) {
            told.leave_out();
            continue;
        }
        let (was, is) = (was.flatten(), is.flatten());
        let action = match (&was, &is) {
            (None, _) => Action::Added,
            (_, None) => Action::Removed,
            (Some(was), Some(is)) if was == is => continue,
            _ => Action::Changed,
        };
        let values = [&was, &is].map(|output| output.as_ref().map(|output| &output.value));
        if !told.output(values) {
            break;
        }
        let hidden = was.iter().chain(&is).any(|output| output.sensitive);
        let [before, after] = values.map(|value| Shown::of(value, hidden));
        changes.push(OutputChange { action, name: name.clone(), before, after });
    }
    Ok(changes)
}
