//! Reading plan JSON. Only what is needed is looked at: the changes and the configuration; attributes stay raw text
//! until their resource is priced.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::configuration::{Configuration, ConfigurationDocument};
use super::{Error, Resource, World, state};
use crate::node::Node;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    resource_changes: Option<Vec<Change<'a>>>,
    #[serde(borrow, default)]
    planned_values: Option<&'a RawValue>,
    #[serde(borrow, default)]
    prior_state: Option<&'a RawValue>,
    #[serde(borrow, default)]
    configuration: Option<ConfigurationDocument<'a>>,
    #[serde(borrow, default)]
    variables: Option<HashMap<Cow<'a, str>, Variable<'a>>>,
    /// `terraform show -json` of a state.
    #[serde(borrow, default)]
    values: Option<Values<'a>>,
    /// A state file.
    #[serde(borrow, default)]
    resources: Option<Vec<state::Stored<'a>>>,
    #[serde(default)]
    lineage: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Variable<'a> {
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Prior<'a> {
    #[serde(borrow, default)]
    values: Option<Values<'a>>,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow)]
    address: Cow<'a, str>,
    #[serde(borrow, default)]
    mode: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    change: Difference<'a>,
    /// The old object of a replacement that failed half way: it is destroyed and is no instance of its own.
    #[serde(default)]
    deposed: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Difference<'a> {
    #[serde(borrow, default)]
    before: Option<&'a RawValue>,
    #[serde(borrow, default)]
    after: Option<&'a RawValue>,
    #[serde(borrow, default)]
    after_unknown: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Values<'a> {
    #[serde(borrow, default)]
    root_module: Option<Module<'a>>,
}

#[derive(Deserialize)]
struct Module<'a> {
    #[serde(borrow, default)]
    resources: Vec<Planned<'a>>,
    #[serde(borrow, default)]
    child_modules: Vec<Module<'a>>,
}

#[derive(Deserialize)]
struct Planned<'a> {
    #[serde(borrow)]
    address: Cow<'a, str>,
    #[serde(borrow, default)]
    mode: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    values: Option<&'a RawValue>,
}

impl<'a> World<'a> {
    /// Reads a plan or a state.
    pub(crate) fn read(text: &'a str) -> Result<Self, Error> {
        let document: Document<'a> = serde_json::from_str(text)?;
        let (changes, planned) = (document.resource_changes, document.planned_values);
        if changes.is_none() && planned.is_none() {
            return match (document.values, document.resources) {
                (Some(values), _) => Ok(World::new(instances(values), Configuration::default())),
                (None, Some(resources)) => Ok(World::new(state::instances(resources), Configuration::default())),
                // An empty state has no `values`; a plan always has one of the above.
                (None, None) if document.lineage.is_some() => Ok(World::default()),
                (None, None) => Err(Error::Form),
            };
        }
        let resources = match changes {
            Some(changes) => changes.into_iter().filter_map(changed).collect(),
            None => {
                let prior: Option<Prior<'a>> = document.prior_state.map(parse).transpose()?;
                let prior = prior.and_then(|prior| prior.values);
                let planned: Option<Values<'a>> = planned.map(parse).transpose()?;
                merged(prior.map(instances).unwrap_or_default(), planned.map(instances).unwrap_or_default())
            }
        };
        let configuration = document.configuration.map(Configuration::from).unwrap_or_default();
        let mut world = World::new(resources, configuration);
        for (name, variable) in document.variables.into_iter().flatten() {
            if let Some(value) = variable.value.and_then(|raw| serde_json::from_str::<Node<'a>>(raw.get()).ok()) {
                world.variables.insert(name, value);
            }
        }
        Ok(world)
    }
}

fn parse<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, serde_json::Error> {
    serde_json::from_str(raw.get())
}

fn changed(change: Change<'_>) -> Option<Resource<'_>> {
    let managed = change.mode != "data" && change.deposed.is_none();
    managed.then(|| Resource {
        address: change.address,
        kind: change.kind,
        before: change.change.before,
        after: change.change.after,
        after_unknown: change.change.after_unknown,
        ..Resource::default()
    })
}

fn instances(values: Values<'_>) -> Vec<Resource<'_>> {
    let (mut found, mut modules) = (Vec::new(), Vec::from_iter(values.root_module));
    while let Some(module) = modules.pop() {
        modules.extend(module.child_modules);
        found.extend(module.resources.into_iter().filter(|planned| planned.mode != "data").map(|planned| Resource {
            address: planned.address,
            kind: planned.kind,
            after: planned.values,
            ..Resource::default()
        }));
    }
    found
}

fn merged<'a>(prior: Vec<Resource<'a>>, mut planned: Vec<Resource<'a>>) -> Vec<Resource<'a>> {
    let places: HashMap<Cow<'a, str>, usize> =
        planned.iter().enumerate().map(|(at, resource)| (resource.address.clone(), at)).collect();
    for resource in prior {
        match places.get(&resource.address) {
            Some(&at) => planned[at].before = resource.after,
            None => planned.push(Resource { before: resource.after, after: None, ..resource }),
        }
    }
    planned
}
