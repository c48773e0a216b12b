//! What a state says about itself, read without touching its bytes: those are stored and served exactly as they came (client contract,
//! trap 31). Everything a client may leave out is derived from here (trap 36).

use super::{
    address::indexed,
    instance::Instance,
    raw::{RawResource, RawState},
};
use crate::{Error, Result};
use md5::{Digest as _, Md5};
use ring::digest::{Context, SHA256};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    collections::BTreeMap,
    io::{self, BufReader, Read},
};
use store::state::Resource;

/// The most bytes of all addresses, types, modules and providers of a state together: its index is made in memory.
const NAMES: usize = 512 << 20;
/// The most bytes of what is known of all its attributes. Nothing is known of those behind them.
const KNOWN: usize = 256 << 20;
/// The most bytes of the name of an output: it is the key of an index.
const LONGEST_OUTPUT: usize = 1_500;
/// A stream is read in such pieces: bytes.
const PIECE: usize = 64 << 10;

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
    /// Hex SHA-256 of its bytes.
    pub sha256: String,
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
struct RawOutputs {
    #[serde(default)]
    outputs: Option<BTreeMap<String, RawOutput>>,
}

#[derive(Deserialize)]
struct RawOutput {
    #[serde(default)]
    value: Option<Box<RawValue>>,
    #[serde(default, rename = "type")]
    kind: Option<Box<RawValue>>,
    #[serde(default)]
    sensitive: bool,
}

fn refuse(error: impl std::fmt::Display) -> Error {
    Error::invalid("state", format!("the body is no Terraform state: {error}"))
}

/// Hex MD5, as clients compare it.
pub(crate) fn md5_hex(bytes: &[u8]) -> String {
    hex::encode(Md5::digest(bytes))
}

impl Content {
    /// Reads a state as it streams in, to its end. Only a JSON object with a `version` is one.
    pub fn read(state: impl Read) -> Result<Self> {
        let mut hashed = Hashed { inner: state, md5: Md5::new(), sha256: Context::new(&SHA256) };
        let state = RawState::read(&mut hashed).map_err(refuse)?;
        let hashes = Hashes { md5: hex::encode(hashed.md5.finalize()), sha256: hex::encode(hashed.sha256.finish()) };
        Self::of(state, hashes)
    }

    fn of(state: RawState, hashes: Hashes) -> Result<Self> {
        if !(1..=4).contains(&state.version) {
            return Err(refuse(format!("its format version is {}; 1 to 4 are known", state.version)));
        }
        let outputs: Vec<String> = state.outputs.unwrap_or_default().into_keys().collect();
        let (lineage, version) = (state.lineage.unwrap_or_default(), state.terraform_version.unwrap_or_default());
        refuse_nul("its lineage", &lineage)?;
        refuse_nul("its terraform_version", &version)?;
        for name in &outputs {
            refuse_nul("the name of an output", name)?;
            if name.len() > LONGEST_OUTPUT {
                let begins: String = name.chars().take(40).collect();
                let length = name.len();
                return Err(refuse(format!(
                    "the name of the output that begins with {begins:?} has {length} bytes; {LONGEST_OUTPUT} are kept: shorten it"
                )));
            }
        }
        let mut resources = Vec::new();
        // Older formats nest their resources; the first engine that writes the state again brings it to version 4.
        if state.version == 4 {
            let mut room = Room { names: NAMES, known: KNOWN };
            for resource in state.resources {
                read_instances(resource, &mut resources, &mut room)?;
            }
        }
        Ok(Self {
            serial: state.serial,
            lineage,
            terraform_version: version,
            format: state.version,
            md5: hashes.md5,
            sha256: hashes.sha256,
            outputs,
            resources,
        })
    }

    /// Forgets what is known of attributes: nothing of them is to be kept in clear.
    pub(crate) fn forget_attributes(&mut self) {
        for resource in &mut self.resources {
            resource.attributes.clear();
        }
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
pub(crate) fn outputs(state: impl Read) -> Result<Vec<OutputValue>> {
    let state: RawOutputs = serde_json::from_reader(BufReader::with_capacity(PIECE, state)).map_err(refuse)?;
    let raw = |value: Option<Box<RawValue>>, default: &str| match value {
        Some(value) => Ok(value),
        None => RawValue::from_string(default.to_owned()).map_err(refuse),
    };
    let outputs = state.outputs.unwrap_or_default().into_iter();
    outputs
        .map(|(name, output)| {
            Ok(OutputValue {
                name,
                sensitive: output.sensitive,
                value: raw(output.value, "null")?,
                kind: raw(output.kind, "\"dynamic\"")?,
            })
        })
        .collect()
}

/// So many bytes may be kept yet.
struct Room {
    names: usize,
    known: usize,
}

fn read_instances(resource: RawResource, into: &mut Vec<Resource>, room: &mut Room) -> Result<()> {
    let RawResource { module, mode, kind, name, provider, instances } = resource;
    let module = module.unwrap_or_default();
    for (field, text) in [("module", &module), ("type", &kind), ("name", &name), ("provider", &provider)] {
        refuse_nul(&format!("the {field} of a resource"), text)?;
    }
    let prefix = if module.is_empty() { String::new() } else { format!("{module}.") };
    let data = if mode == "data" { "data." } else { "" };
    for Instance { index, deposed, hash, told } in instances {
        refuse_nul("the deposed key of an instance", &deposed)?;
        let names = [&module, &prefix, &kind, &kind, &name, &provider, &index, &deposed];
        let length: usize = names.iter().map(|name| name.len()).sum();
        room.names = room.names.checked_sub(length).ok_or_else(|| {
            refuse(format!("its addresses, types and providers have more than {NAMES} bytes; split the configuration"))
        })?;
        let mut attributes = told.lines(&kind);
        match room.known.checked_sub(attributes.len()) {
            Some(left) => room.known = left,
            None => attributes.clear(),
        }
        into.push(Resource {
            address: indexed(format!("{prefix}{data}{kind}.{name}{index}{deposed}")),
            kind: kind.clone(),
            module: module.clone(),
            provider: provider.clone(),
            hash,
            attributes,
        });
    }
    Ok(())
}

/// No engine writes one, and not every database keeps it.
fn refuse_nul(field: &str, text: &str) -> Result<()> {
    if text.contains('\0') {
        return Err(refuse(format!("{field} holds the NUL character; leave it out")));
    }
    Ok(())
}

/// Both in hexadecimal.
struct Hashes {
    md5: String,
    sha256: String,
}

/// Tells the hashes of what was read of it.
struct Hashed<R> {
    inner: R,
    md5: Md5,
    sha256: Context,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.md5.update(&buffer[..read]);
        self.sha256.update(&buffer[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::digest::digest;

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
        // What follows its end belongs to its hashes.
        let bytes = format!("{STATE} \n");
        let content = Content::read(bytes.as_bytes()).unwrap();
        assert_eq!(content.sha256, hex::encode(digest(&SHA256, bytes.as_bytes())));
        assert_eq!(content.md5, md5_hex(bytes.as_bytes()));
        let outputs = outputs(STATE.as_bytes()).unwrap();
        assert_eq!(outputs[0].value.get(), "12345678901234567890");
        assert!(outputs[1].sensitive);
    }

    #[test]
    fn names_that_would_fill_the_memory_are_refused() {
        let (module, instances) = ("m".repeat(1 << 20), vec!["{}"; 300].join(","));
        let state =
            format!("{{\"version\":4,\"resources\":[{{\"module\":\"{module}\",\"instances\":[{instances}]}}]}}");
        let refused = Content::read(state.as_bytes()).unwrap_err().to_string();
        assert!(refused.contains("addresses"), "{refused}");
    }

    #[test]
    fn what_is_known_is_left_out_before_a_state_is_refused() {
        let resource = r#"{"type":"t","name":"n","instances":[{"attributes":{"id":"a"}},{"index_key":1,"attributes":{"id":"b"}}]}"#;
        let (mut read, mut room) = (Vec::new(), Room { names: 100, known: 6 });
        let resource = RawResource::read(&mut super::super::source::Source::new(resource.as_bytes())).unwrap();
        read_instances(resource, &mut read, &mut room).unwrap();
        assert_eq!(read.iter().map(|one| one.attributes.as_str()).collect::<Vec<_>>(), ["id=a\n", ""]);
    }

    #[test]
    fn an_output_of_no_reasonable_name_is_refused_and_named() {
        let state = |length: usize| format!(r#"{{"version":4,"outputs":{{"{}":{{}}}}}}"#, "o".repeat(length));
        assert!(Content::read(state(LONGEST_OUTPUT).as_bytes()).is_ok());
        let refused = Content::read(state(LONGEST_OUTPUT + 1).as_bytes()).unwrap_err().to_string();
        assert!(refused.contains("\"oooo") && refused.contains("1501 bytes"), "{refused}");
    }

    #[test]
    fn a_name_with_nul_is_refused_and_named() {
        for (state, field) in [
            (r#"{"version":4,"lineage":"\u0000"}"#, "lineage"),
            (r#"{"version":4,"terraform_version":"\u0000"}"#, "terraform_version"),
            (r#"{"version":4,"outputs":{"a\u0000":{}}}"#, "output"),
            (r#"{"version":4,"resources":[{"type":"\u0000"}]}"#, "type"),
            (r#"{"version":4,"resources":[{"name":"\u0000"}]}"#, "name"),
            (r#"{"version":4,"resources":[{"module":"\u0000"}]}"#, "module"),
            (r#"{"version":4,"resources":[{"provider":"\u0000"}]}"#, "provider"),
            (r#"{"version":4,"resources":[{"instances":[{"deposed":"\u0000"}]}]}"#, "deposed"),
        ] {
            let refused = Content::read(state.as_bytes()).unwrap_err().to_string();
            assert!(refused.contains(field) && refused.contains("NUL"), "{refused}");
        }
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
