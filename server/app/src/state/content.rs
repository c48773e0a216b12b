//! What a state says about itself, read without touching its bytes: those are stored and served exactly as they came (client contract,
//! trap 31). Everything a client may leave out is derived from here (trap 36).

use crate::{Error, Result};
use md5::{Digest as _, Md5};
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::BTreeMap};
use store::state::Resource;

/// What is read of a state.
#[derive(Debug, Clone)]
pub struct Content {
    /// The client's count.
    pub serial: i64,
    /// The client's name for the history; empty in very old states.
    pub lineage: String,
    /// The version of the program that wrote it.
    pub terraform_version: String,
    /// The version of its format.
    pub format: i64,
    /// Hex MD5 of its bytes.
    pub md5: String,
    /// The names of its outputs.
    pub outputs: Vec<String>,
    /// Its resource instances.
    pub resources: Vec<Resource>,
}

/// An output with its value.
#[derive(Debug, Clone)]
pub struct OutputValue {
    /// Its name.
    pub name: String,
    /// Whether its value is to be hidden.
    pub sensitive: bool,
    /// Its value: JSON.
    pub value: Box<RawValue>,
    /// Its type as Terraform writes it: JSON, `"string"` or `["list","string"]`.
    pub kind: Box<RawValue>,
}

#[derive(Deserialize)]
struct RawState<'a> {
    #[serde(default)]
    version: i64,
    #[serde(default, borrow)]
    terraform_version: Option<Cow<'a, str>>,
    #[serde(default)]
    serial: i64,
    #[serde(default, borrow)]
    lineage: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    outputs: Option<BTreeMap<Cow<'a, str>, RawOutput<'a>>>,
    #[serde(default, borrow)]
    resources: Option<Vec<RawResource<'a>>>,
}

#[derive(Deserialize)]
struct RawOutput<'a> {
    #[serde(default, borrow)]
    value: Option<&'a RawValue>,
    #[serde(default, borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(default)]
    sensitive: bool,
}

#[derive(Deserialize)]
struct RawResource<'a> {
    #[serde(default, borrow)]
    module: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    mode: Cow<'a, str>,
    #[serde(default, borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default, borrow)]
    name: Cow<'a, str>,
    #[serde(default, borrow)]
    provider: Cow<'a, str>,
    #[serde(default, borrow)]
    instances: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawInstance<'a> {
    #[serde(default, borrow)]
    index_key: Option<&'a RawValue>,
    #[serde(default, borrow)]
    deposed: Option<Cow<'a, str>>,
}

fn refuse(error: impl std::fmt::Display) -> Error {
    Error::invalid("state", format!("the body is no Terraform state: {error}"))
}

/// Hex MD5, as clients compare it.
pub(crate) fn md5_hex(bytes: &[u8]) -> String {
    hex::encode(Md5::digest(bytes))
}

impl Content {
    /// Reads a state. Only a JSON object with a `version` is one.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let state: RawState<'_> = serde_json::from_slice(bytes).map_err(refuse)?;
        if !(1..=4).contains(&state.version) {
            return Err(refuse(format!("its format version is {}; 1 to 4 are known", state.version)));
        }
        let mut resources = Vec::new();
        // Older formats nest their resources; the first engine that writes the state again brings it to version 4.
        if state.version == 4 {
            for resource in state.resources.unwrap_or_default() {
                read_instances(&resource, &mut resources)?;
            }
        }
        Ok(Self {
            serial: state.serial,
            lineage: state.lineage.unwrap_or_default().into_owned(),
            terraform_version: state.terraform_version.unwrap_or_default().into_owned(),
            format: state.version,
            md5: md5_hex(bytes),
            outputs: state.outputs.unwrap_or_default().into_keys().map(Cow::into_owned).collect(),
            resources,
        })
    }

    /// Whether these bytes are a whole JSON object that could be a state, and no lock that somebody sent to the wrong address.
    pub fn is_lock(bytes: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Lock {
            #[serde(rename = "ID")]
            _id: String,
            #[serde(rename = "Operation")]
            _operation: String,
        }
        serde_json::from_slice::<Lock>(bytes).is_ok()
    }
}

/// The outputs of a state, with their values.
pub(crate) fn outputs(bytes: &[u8]) -> Result<Vec<OutputValue>> {
    let state: RawState<'_> = serde_json::from_slice(bytes).map_err(refuse)?;
    let raw = |value: Option<&RawValue>, default: &str| match value {
        Some(value) => Ok(value.to_owned()),
        None => RawValue::from_string(default.to_owned()).map_err(refuse),
    };
    let outputs = state.outputs.unwrap_or_default().into_iter();
    outputs
        .map(|(name, output)| {
            Ok(OutputValue {
                name: name.into_owned(),
                sensitive: output.sensitive,
                value: raw(output.value, "null")?,
                kind: raw(output.kind, "\"dynamic\"")?,
            })
        })
        .collect()
}

fn read_instances(resource: &RawResource<'_>, into: &mut Vec<Resource>) -> Result<()> {
    let module = resource.module.as_deref().unwrap_or_default();
    let prefix = if module.is_empty() { String::new() } else { format!("{module}.") };
    let data = if resource.mode == "data" { "data." } else { "" };
    for raw in &resource.instances {
        let instance: RawInstance<'_> = serde_json::from_str(raw.get()).map_err(refuse)?;
        let index = instance.index_key.map(|key| format!("[{}]", key.get())).unwrap_or_default();
        let deposed = instance.deposed.map(|key| format!(" (deposed {key})")).unwrap_or_default();
        into.push(Resource {
            address: format!("{prefix}{data}{}.{}{index}{deposed}", resource.kind, resource.name),
            kind: resource.kind.clone().into_owned(),
            module: module.to_owned(),
            provider: resource.provider.clone().into_owned(),
            // Half a SHA-256 tells two versions of an instance apart; nobody can choose attributes to collide with themselves usefully.
            hash: digest(&SHA256, raw.get().as_bytes()).as_ref()[..16].to_vec(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = r#"{"version":4,"terraform_version":"1.11.4","serial":7,"lineage":"l","outputs":{"a":{"value":12345678901234567890,"type":"number"},
        "p":{"value":"\u0026","type":"string","sensitive":true}},"resources":[{"module":"module.m[\"x\"]","mode":"managed","type":"t","name":"n",
        "provider":"provider[\"p\"]","instances":[{"index_key":0,"attributes":{"a":1}},{"index_key":"k","attributes":{"a":2}}]},
        {"mode":"data","type":"d","name":"n","provider":"p","instances":[{"attributes":{}}]}]}"#;

    #[test]
    fn it_is_read_without_being_changed() {
        let content = Content::read(STATE.as_bytes()).unwrap();
        assert_eq!((content.serial, content.lineage.as_str(), content.format), (7, "l", 4));
        assert_eq!(content.outputs, ["a", "p"]);
        let addresses: Vec<_> = content.resources.iter().map(|r| r.address.as_str()).collect();
        assert_eq!(addresses, [r#"module.m["x"].t.n[0]"#, r#"module.m["x"].t.n["k"]"#, "data.d.n"]);
        assert_ne!(content.resources[0].hash, content.resources[1].hash);
    }

    #[test]
    fn an_output_keeps_its_digits() {
        let outputs = outputs(STATE.as_bytes()).unwrap();
        assert_eq!(outputs[0].value.get(), "12345678901234567890");
        assert!(outputs[1].sensitive);
    }

    #[test]
    fn what_is_no_state_is_refused() {
        for bytes in ["", "null", "[]", "{}", "{\"version\":99}", "{\"version\":4", "\u{0}"] {
            assert!(Content::read(bytes.as_bytes()).is_err(), "{bytes}");
        }
        assert!(Content::is_lock(br#"{"ID":"1","Operation":"plan","Info":""}"#));
        assert!(!Content::is_lock(STATE.as_bytes()));
    }
}
