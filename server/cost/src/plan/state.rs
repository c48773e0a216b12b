//! Reading a state file as terraform stores it: version 4, resources with instances.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Resource;

#[derive(Deserialize)]
pub(super) struct Stored<'a> {
    #[serde(borrow, default)]
    module: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    mode: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    instances: Vec<Instance<'a>>,
}

#[derive(Deserialize)]
struct Instance<'a> {
    #[serde(borrow, default)]
    attributes: Option<&'a RawValue>,
    #[serde(default)]
    index_key: Option<serde_json::Value>,
    #[serde(default)]
    deposed: Option<serde::de::IgnoredAny>,
}

pub(super) fn instances(resources: Vec<Stored<'_>>) -> Vec<Resource<'_>> {
    let mut found = Vec::new();
    for stored in resources.into_iter().filter(|stored| stored.mode != "data") {
        let place = match &stored.module {
            Some(module) => format!("{module}.{}.{}", stored.kind, stored.name),
            None => format!("{}.{}", stored.kind, stored.name),
        };
        for instance in stored.instances.into_iter().filter(|instance| instance.deposed.is_none()) {
            let address = match instance.index_key {
                Some(key) => format!("{place}[{key}]"),
                None => place.clone(),
            };
            found.push(Resource {
                address: Cow::Owned(address),
                kind: stored.kind.clone(),
                after: instance.attributes,
                ..Resource::default()
            });
        }
    }
    found
}
