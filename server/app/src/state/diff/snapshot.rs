//! A state as it is compared: each instance under its address, its attributes not read until they differ.

use super::exact;
use crate::{Error, Result};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use std::{collections::BTreeMap, rc::Rc};

/// A state of format 4.
pub(super) struct Snapshot<'a> {
    pub(super) terraform_version: String,
    pub(super) instances: BTreeMap<String, Instance<'a>>,
    /// Not read until they differ.
    pub(super) outputs: BTreeMap<String, &'a RawValue>,
}

/// A resource instance.
pub(super) struct Instance<'a> {
    pub(super) kind: Rc<str>,
    pub(super) module: Rc<str>,
    pub(super) provider: Rc<str>,
    /// All that the state says of it.
    pub(super) raw: &'a RawValue,
}

/// An output.
#[derive(PartialEq)]
pub(super) struct Output {
    pub(super) value: Value,
    kind: Value,
    pub(super) sensitive: bool,
}

#[derive(Deserialize)]
struct RawState<'a> {
    #[serde(default)]
    version: i64,
    #[serde(default)]
    terraform_version: Option<String>,
    #[serde(default)]
    #[serde(borrow)]
    outputs: Option<BTreeMap<String, &'a RawValue>>,
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
        let state: RawState<'a> = serde_json::from_slice(state).map_err(|e| unreadable(&e))?;
        if state.version != 4 {
            return Err(Error::Conflict(format!(
                "a state of format {} names no instances that could be compared; the next apply writes format 4",
                state.version
            )));
        }
        let mut instances = BTreeMap::new();
        for RawResource { module, mode, kind, name, provider, instances: raws } in state.resources.unwrap_or_default() {
            let [module, kind, provider] = [module.unwrap_or_default(), kind, provider].map(Rc::<str>::from);
            let prefix = if module.is_empty() { String::new() } else { format!("{module}.") };
            let data = if mode == "data" { "data." } else { "" };
            for raw in raws {
                let named: Named<'_> = serde_json::from_str(raw.get()).map_err(|e| unreadable(&e))?;
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

/// Where a state cannot be read. What the error says more may be a value, which may be a secret.
fn unreadable(error: &serde_json::Error) -> Error {
    Error::Conflict(format!(
        "one of the states cannot be compared: it is not written as format 4 is (line {}, column {} of it, or of an instance in it); download both",
        error.line(),
        error.column()
    ))
}

impl Output {
    /// The output of this name; nothing if it is too large to be read here.
    ///
    /// # Errors
    /// When it is no output.
    pub(super) fn read(name: &str, raw: &RawValue) -> Result<Option<Self>> {
        let Some(mut read) = exact::read(raw) else { return Ok(None) };
        let sensitive = match &read["sensitive"] {
            Value::Bool(sensitive) => Some(*sensitive),
            Value::Null => Some(false),
            _ => None,
        };
        let (Some(sensitive), Some(output)) = (sensitive, read.as_object_mut()) else {
            return Err(Error::Conflict(format!(
                "the states cannot be compared: what one of them has as output {name:?} is no output; download both"
            )));
        };
        let mut take = |key| output.remove(key).unwrap_or_default();
        Ok(Some(Self { value: take("value"), kind: take("type"), sensitive }))
    }
}

impl Instance<'_> {
    /// All that the state says of it, read; nothing if that is too much.
    pub(super) fn read(&self) -> Option<Value> {
        exact::read(self.raw)
    }

    /// The `id` among its attributes, if it has one that says anything.
    pub(super) fn id(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Identified<'a> {
            #[serde(borrow, default)]
            attributes: Option<Attributes<'a>>,
        }
        #[derive(Deserialize)]
        struct Attributes<'a> {
            #[serde(borrow, default)]
            id: Option<&'a RawValue>,
        }
        let read: Identified<'_> = serde_json::from_str(self.raw.get()).ok()?;
        match exact::read(read.attributes?.id?)? {
            Value::String(id) if !id.is_empty() => Some(id),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        }
    }
}
