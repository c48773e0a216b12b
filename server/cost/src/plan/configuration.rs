//! The configuration part of a plan: which expressions stand behind the attributes, and which provider a resource uses.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::node::Node;

#[derive(Deserialize)]
pub(super) struct ConfigurationDocument<'a> {
    #[serde(borrow, default)]
    provider_config: HashMap<Cow<'a, str>, Provider<'a>>,
    #[serde(borrow, default)]
    root_module: ModuleDocument<'a>,
}

/// A configured provider.
#[derive(Debug, Deserialize)]
pub(crate) struct Provider<'a> {
    #[serde(borrow, default)]
    pub(crate) name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) module_address: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) expressions: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct ModuleDocument<'a> {
    #[serde(borrow, default)]
    resources: Vec<ResourceDocument<'a>>,
    #[serde(borrow, default)]
    module_calls: HashMap<Cow<'a, str>, CallDocument<'a>>,
    #[serde(borrow, default)]
    outputs: HashMap<Cow<'a, str>, Output<'a>>,
    #[serde(borrow, default)]
    variables: HashMap<Cow<'a, str>, Variable<'a>>,
}

#[derive(Deserialize)]
struct Variable<'a> {
    #[serde(borrow, default)]
    default: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow, default)]
    expression: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct CallDocument<'a> {
    #[serde(borrow, default)]
    expressions: Option<&'a RawValue>,
    #[serde(borrow, default)]
    module: Option<ModuleDocument<'a>>,
}

#[derive(Deserialize)]
struct ResourceDocument<'a> {
    #[serde(borrow)]
    address: Cow<'a, str>,
    #[serde(borrow, default)]
    provider_config_key: Cow<'a, str>,
    #[serde(borrow, default)]
    expressions: Option<&'a RawValue>,
    #[serde(borrow, default)]
    for_each_expression: Option<&'a RawValue>,
}

/// How one resource is configured.
#[derive(Debug)]
pub(crate) struct Configured<'a> {
    pub(crate) provider: Cow<'a, str>,
    pub(crate) expressions: Option<&'a RawValue>,
    pub(crate) for_each: Option<&'a RawValue>,
}

/// The configuration, flattened: every key is a place, an address without indices.
#[derive(Debug, Default)]
pub(crate) struct Configuration<'a> {
    pub(crate) resources: HashMap<String, Configured<'a>>,
    pub(crate) providers: HashMap<Cow<'a, str>, Provider<'a>>,
    /// `module.a` to the expressions of its call.
    pub(crate) calls: HashMap<String, &'a RawValue>,
    /// `module.a.output` to its expression.
    pub(crate) outputs: HashMap<String, &'a RawValue>,
    /// `module.a.variable` to its default; the root module's are `variable`.
    pub(crate) defaults: HashMap<String, &'a RawValue>,
}

impl<'a> From<ConfigurationDocument<'a>> for Configuration<'a> {
    fn from(document: ConfigurationDocument<'a>) -> Self {
        let mut configuration = Self { providers: document.provider_config, ..Self::default() };
        configuration.flatten("", document.root_module);
        configuration
    }
}

impl<'a> Configuration<'a> {
    fn flatten(&mut self, prefix: &str, module: ModuleDocument<'a>) {
        for resource in module.resources {
            let configured = Configured {
                provider: resource.provider_config_key,
                expressions: resource.expressions,
                for_each: resource.for_each_expression,
            };
            self.resources.insert(format!("{prefix}{}", resource.address), configured);
        }
        for (name, output) in module.outputs {
            if let Some(expression) = output.expression {
                self.outputs.insert(format!("{prefix}{name}"), expression);
            }
        }
        for (name, variable) in module.variables {
            if let Some(default) = variable.default {
                self.defaults.insert(format!("{prefix}{name}"), default);
            }
        }
        for (name, call) in module.module_calls {
            let path = format!("{prefix}module.{name}");
            if let Some(expressions) = call.expressions {
                self.calls.insert(path.clone(), expressions);
            }
            if let Some(module) = call.module {
                self.flatten(&format!("{path}."), module);
            }
        }
    }

    /// The expression of `name` in the call of a module.
    pub(crate) fn argument(&self, module: &str, name: &str) -> Option<Node<'a>> {
        let expressions: Node<'a> = serde_json::from_str(self.calls.get(module)?.get()).ok()?;
        expressions.get(name).cloned()
    }
}

/// `module.a.module.b` is inside of `module.a`; the root module is "".
pub(crate) fn parent(module: &str) -> &str {
    module.rfind(".module.").map_or("", |at| &module[..at])
}

/// Joins a module and a name in it.
pub(crate) fn join(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}.{name}") }
}
