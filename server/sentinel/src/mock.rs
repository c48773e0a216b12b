//! `policy mock`: the files of a mock bundle, made from plan JSON, so that people can write tests.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use crate::terraform::Host;
use crate::value::Value;

const PLAN: [&str; 7] =
    ["terraform_version", "planned_values", "variables", "resource_changes", "resource_drift", "output_changes", "raw"];
const STATE: [&str; 3] = ["terraform_version", "outputs", "resources"];
const CONFIGURATION: [&str; 6] = ["providers", "resources", "provisioners", "variables", "outputs", "module_calls"];

/// A file of the bundle and the import it mocks.
const FILES: [(&str, &str, &str); 7] = [
    ("tfconfig", "mock-tfconfig", "mock-tfconfig.sentinel"),
    ("tfconfig/v2", "mock-tfconfig-v2", "mock-tfconfig-v2.sentinel"),
    ("tfplan", "mock-tfplan", "mock-tfplan.sentinel"),
    ("tfplan/v2", "mock-tfplan-v2", "mock-tfplan-v2.sentinel"),
    ("tfrun", "mock-tfrun", "mock-tfrun.sentinel"),
    ("tfstate", "mock-tfstate", "mock-tfstate.sentinel"),
    ("tfstate/v2", "mock-tfstate-v2", "mock-tfstate-v2.sentinel"),
];

const STRIP_INDEX: &str = "strip_index = func(addr) {\n\ts = strings.split(addr, \".\")\n\tfor s as i, v {\n\t\ts[i] = strings.split(v, \"[\")[0]\n\t}\n\treturn strings.join(s, \".\")\n}\n";

/// The namespace of a module, found in `_modules` by its address.
const MODULE: &str = "module = func(path) {\n\tif length(path) is 0 {\n\t\treturn _modules.root\n\t}\n\taddr = []\n\tfor path as p {\n\t\tappend(addr, \"module\")\n\t\tappend(addr, p)\n\t}\n\treturn _modules[strings.join(addr, \".\")]\n}\n";

/// Names and texts of the bundle's files: the Terraform imports of both generations, `tfrun`, and a `sentinel.hcl` that mounts them.
#[must_use]
pub fn bundle(plan: &Json, run: Option<&Json>) -> Vec<(&'static str, String)> {
    let empty = json!({});
    let run = run.unwrap_or(&empty);
    let names: Vec<&str> = run.as_object().into_iter().flat_map(|m| m.keys().map(String::as_str)).collect();
    let mut configuration = String::new();
    let mut files = Vec::new();
    for (path, stem, name) in FILES {
        let text = match path {
            "tfconfig" => first(Host::FirstConfiguration, plan),
            "tfplan" => first(Host::FirstPlan, plan),
            "tfstate" => first(Host::FirstState, plan),
            "tfconfig/v2" => {
                let collections = file(Host::Configuration, plan, &CONFIGURATION);
                format!("import \"strings\"\n\n{collections}\n{STRIP_INDEX}")
            }
            "tfplan/v2" => file(Host::Plan, plan, &PLAN),
            "tfstate/v2" => file(Host::State, plan, &STATE),
            _ => file(Host::Run, run, &names),
        };
        files.push((name, text));
        let _ =
            writeln!(configuration, "mock \"{path}\" {{\n  module {{\n    source = \"{stem}.sentinel\"\n  }}\n}}\n");
    }
    files.push(("sentinel.hcl", configuration));
    files
}

/// A mock of an import of the first generation.
fn first(host: Host, plan: &Json) -> String {
    let bump = bumpalo::Bump::new();
    let mut out = String::from("import \"strings\"\n\n_modules = ");
    let modules = crate::terraform::modules_by_address(&bump, host, plan);
    literal(modules.thaw(&bump), 0, &mut out);
    out.push_str("\n\n");
    out.push_str(&file(host, plan, &["module_paths", "terraform_version", "variables"]));
    let Value::Map(modules) = modules.thaw(&bump) else { return out };
    if let Some(Value::Map(root)) = modules.get(crate::value::Key::Str(b"root")) {
        for (name, _) in root.entries() {
            if let crate::value::Key::Str(name) = name {
                let name = String::from_utf8_lossy(name);
                let _ = writeln!(out, "{name} = _modules.root.{name}");
            }
        }
    }
    let _ = write!(out, "\n{MODULE}");
    out
}

fn file(host: Host, document: &Json, names: &[&str]) -> String {
    let bump = bumpalo::Bump::new();
    let mut out = String::new();
    for name in names {
        if let Some(view) = crate::terraform::view(&bump, host, document, name) {
            let _ = write!(out, "{name} = ");
            literal(view.thaw(&bump), 0, &mut out);
            out.push_str("\n\n");
        }
    }
    out
}

/// A value as a literal; the depth of documents is bounded by their parser.
fn literal(value: Value<'_>, depth: usize, out: &mut String) {
    let indent = "\t".repeat(depth);
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if b { "true" } else { "false" }),
        Value::Int(i) => out.push_str(&i.to_string()),
        Value::Float(f) => {
            let _ = write!(out, "{f:?}");
        }
        Value::Str(text) => quoted(text, out),
        Value::List(list) if list.len() == 0 => out.push_str("[]"),
        Value::Map(map) if map.len() == 0 => out.push_str("{}"),
        Value::List(list) => {
            out.push_str("[\n");
            for item in list.items() {
                let _ = write!(out, "{indent}\t");
                literal(item, depth + 1, out);
                out.push_str(",\n");
            }
            let _ = write!(out, "{indent}]");
        }
        Value::Map(map) => {
            out.push_str("{\n");
            for (key, item) in map.entries() {
                let _ = write!(out, "{indent}\t");
                literal(key.value(), depth + 1, out);
                out.push_str(": ");
                literal(item, depth + 1, out);
                out.push_str(",\n");
            }
            let _ = write!(out, "{indent}}}");
        }
        _ => out.push_str("undefined"),
    }
}

fn quoted(text: &[u8], out: &mut String) {
    out.push('"');
    for c in String::from_utf8_lossy(text).chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
