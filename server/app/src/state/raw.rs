//! A state, read to its end one instance at a time.

use super::{
    instance::Instance,
    source::{Malformed, Source},
};
use serde::de::IgnoredAny;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
};

/// A state as it stands there, of which only what matters is kept.
#[derive(Default)]
pub(super) struct RawState {
    pub(super) version: i64,
    pub(super) terraform_version: Option<String>,
    pub(super) serial: i64,
    pub(super) lineage: Option<String>,
    pub(super) outputs: Option<BTreeMap<String, IgnoredAny>>,
    pub(super) resources: Vec<RawResource>,
}

/// A resource of one.
#[derive(Default)]
pub(super) struct RawResource {
    pub(super) module: Option<String>,
    pub(super) mode: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) provider: String,
    pub(super) instances: Vec<Instance>,
}

impl RawState {
    pub(super) fn read<R: Read>(state: R) -> Result<Self, Malformed> {
        let (mut source, mut read, mut seen) = (Source::new(state), Self::default(), BTreeSet::new());
        source.object(|source, key| {
            match key {
                "version" => read.version = source.value()?,
                "terraform_version" => read.terraform_version = source.value()?,
                "serial" => read.serial = source.value()?,
                "lineage" => read.lineage = source.value()?,
                "outputs" => read.outputs = source.value()?,
                "resources" if source.null()? => {}
                "resources" => source.array(|source| {
                    read.resources.push(RawResource::read(source)?);
                    Ok(())
                })?,
                _ => return source.value::<IgnoredAny>().map(drop),
            }
            once(source, &mut seen, key)
        })?;
        source.end().map(|()| read)
    }
}

impl RawResource {
    pub(super) fn read<R: Read>(source: &mut Source<R>) -> Result<Self, Malformed> {
        let (mut read, mut seen, mut raw) = (Self::default(), BTreeSet::new(), Vec::new());
        source.object(|source, key| {
            match key {
                "module" => read.module = source.value()?,
                "mode" => read.mode = source.value()?,
                "type" => read.kind = source.value()?,
                "name" => read.name = source.value()?,
                "provider" => read.provider = source.value()?,
                "instances" => source.array(|source| {
                    source.copy_object(&mut raw)?;
                    read.instances.push(Instance::read(&raw).map_err(|error| source.misread(&error))?);
                    Ok(())
                })?,
                _ => return source.value::<IgnoredAny>().map(drop),
            }
            once(source, &mut seen, key)
        })?;
        Ok(read)
    }
}

/// What matters comes once.
fn once<R: Read>(source: &Source<R>, seen: &mut BTreeSet<String>, key: &str) -> Result<(), Malformed> {
    if seen.insert(key.to_owned()) { Ok(()) } else { Err(source.wrong(format!("{key:?} comes twice"))) }
}
