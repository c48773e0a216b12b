//! A state as it is compared: each instance under its address, its attributes not read until they differ.

use crate::{Error, Result};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use std::collections::BTreeMap;

/// A state of format 4.
pub(super) struct Snapshot<'a> {
    pub(super) terraform_version: String,
    pub(super) instances: BTreeMap<String, Instance<'a>>,
    pub(super) outputs: BTreeMap<String, Output>,
}

/// A resource instance.
pub(super) struct Instance<'a> {
    pub(super) kind: String,
    pub(super) module: String,
    pub(super) provider: String,
    /// All that the state says of it.
    pub(super) raw: &'a RawValue,
}

#[derive(Deserialize, PartialEq)]
pub(super) struct Output {
    #[serde(default)]
    pub(super) value: Value,
    #[serde(default, rename = "type")]
    kind: Value,
    #[serde(default)]
    pub(super) sensitive: bool,
}

#[derive(Deserialize)]
struct RawState<'a> {
    #[serde(default)]
    version: i64,
    #[serde(default)]
    terraform_version: Option<String>,
    #[serde(default)]
    outputs: Option<BTreeMap<String, Output>>,
    #[serde(borrow, default)]
    resources: Option<Vec<RawResource<'a>>>,
}

#[derive(Deserialize)]
struct RawResource<'a> {
    #[serde(default)]
    module: Option<String>,
    #[serde(default)]
    mode: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    provider: String,
    #[serde(borrow, default)]
    instances: Vec<&'a RawValue>,
}

/// What names an instance among those of its resource.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, default)]
    index_key: Option<&'a RawValue>,
    #[serde(default)]
    deposed: Option<String>,
}

impl<'a> Snapshot<'a> {
    pub(super) fn read(state: &'a [u8]) -> Result<Self> {
        let doing = "comparing states";
        let state: RawState<'a> = serde_json::from_slice(state).map_err(|e| Error::internal(doing, e))?;
        if state.version != 4 {
            return Err(Error::Conflict(format!(
                "a state of format {} names no instances that could be compared; the next apply writes format 4",
                state.version
            )));
        }
        let mut instances = BTreeMap::new();
        for RawResource { module, mode, kind, name, provider, instances: raws } in state.resources.unwrap_or_default() {
            let module = module.unwrap_or_default();
            let prefix = if module.is_empty() { String::new() } else { format!("{module}.") };
            let data = if mode == "data" { "data." } else { "" };
            for raw in raws {
                let named: Named<'_> = serde_json::from_str(raw.get()).map_err(|e| Error::internal(doing, e))?;
                let index = named.index_key.map(|key| format!("[{}]", key.get())).unwrap_or_default();
                let deposed = named.deposed.map(|key| format!(" (deposed {key})")).unwrap_or_default();
                let instance = Instance { kind: kind.clone(), module: module.clone(), provider: provider.clone(), raw };
                // Each address once, as it came last: as the index has it.
                instances.insert(format!("{prefix}{data}{kind}.{name}{index}{deposed}"), instance);
            }
        }
        Ok(Self {
            terraform_version: state.terraform_version.unwrap_or_default(),
            instances,
            outputs: state.outputs.unwrap_or_default(),
        })
    }
}

impl Instance<'_> {
    /// All that the state says of it, read.
    pub(super) fn read(&self) -> Value {
        serde_json::from_str(self.raw.get()).unwrap_or_default()
    }

    /// The `id` among its attributes, if it has one that says anything.
    pub(super) fn id(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Identified {
            #[serde(default)]
            attributes: Option<Attributes>,
        }
        #[derive(Deserialize)]
        struct Attributes {
            #[serde(default)]
            id: Value,
        }
        let read: Identified = serde_json::from_str(self.raw.get()).ok()?;
        match read.attributes?.id {
            Value::String(id) if !id.is_empty() => Some(id),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        }
    }
}
