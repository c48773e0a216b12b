//! Configuration files: `sentinel.hcl`, the same in JSON, the legacy JSON form, and test cases.

mod build;
mod hcl;
mod legacy;

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// A block of a configuration file: its type, labels and body.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) kind: String,
    pub(crate) labels: Vec<String>,
    pub(crate) body: Body,
}

/// Attributes and inner blocks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body {
    pub(crate) attributes: BTreeMap<String, Json>,
    pub(crate) blocks: Vec<Block>,
}

/// How strictly a failed policy counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Enforcement {
    /// Reported only.
    #[default]
    Advisory,
    /// Stops, may be overridden.
    SoftMandatory,
    /// Stops.
    HardMandatory,
}

impl Enforcement {
    /// The word of configuration files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Advisory => "advisory",
            Self::SoftMandatory => "soft-mandatory",
            Self::HardMandatory => "hard-mandatory",
        }
    }
}

/// A policy of a configuration.
#[derive(Debug, Clone, Default)]
pub struct PolicyEntry {
    /// Its name.
    pub name: String,
    /// Where its text is; relative to the configuration file.
    pub source: Option<String>,
    /// How strictly a failure counts.
    pub enforcement: Enforcement,
    /// Parameters of this policy alone.
    pub params: BTreeMap<String, Json>,
}

/// What stands behind an import path or a mock.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A Sentinel file, relative to the configuration file.
    Module(String),
    /// A JSON file, relative to the configuration file.
    Static(String),
    /// Literal members.
    Members(Json),
    /// A plugin: settings of a standard import, otherwise not supported.
    Plugin,
}

/// A configuration file, read.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    /// Policies in file order.
    pub policies: Vec<PolicyEntry>,
    /// Modules, static data and plugins by import path.
    pub imports: BTreeMap<String, Source>,
    /// Mocks by import path.
    pub mocks: BTreeMap<String, Source>,
    /// Names bound in every file scope.
    pub globals: BTreeMap<String, Json>,
    /// Parameter values.
    pub params: BTreeMap<String, Json>,
    /// Expected values of rules; `None` when the file has no test block.
    pub expected: Option<BTreeMap<String, Json>>,
    /// Switches of the `sentinel` block, such as `apply-all`.
    pub features: BTreeMap<String, Json>,
    /// Whether the file has the legacy form.
    pub legacy: bool,
}

impl Configuration {
    /// Reads a configuration; the name's extension tells HCL from JSON.
    ///
    /// # Errors
    /// What is wrong with the text, with its place where there is one.
    pub fn parse(file: &str, source: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(source).map_err(|_| format!("{file}: the text is not UTF-8"))?;
        let text = text.trim_start_matches('\u{feff}');
        if !file.ends_with(".json") {
            return build::build(file, hcl::parse(file, text).map_err(|e| e.to_string())?);
        }
        let json: Json = serde_json::from_str(text).map_err(|e| format!("{file}: {e}"))?;
        let Json::Object(members) = json else { return Err(format!("{file}: a configuration is an object")) };
        legacy::read(file, members)
    }
}
