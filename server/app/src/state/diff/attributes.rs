//! Attributes by path, and which of them are not to be shown.

use super::{AttributeChange, Shown, snapshot::Instance};
use serde_json::{Map, Value};

/// What holds the attributes of an instance: the second in states that came from before format 4.
const HOLDERS: [&str; 2] = ["attributes", "attributes_flat"];
/// What an instance has beside attributes that is no news by itself: its name, and what to hide of it.
const SILENT: [&str; 3] = ["index_key", "deposed", "sensitive_attributes"];
/// Names of attributes that hold secrets, whether or not the provider said so: older versions of the engines did not write that down.
const SECRETS: [&str; 9] = [
    "password",
    "passwd",
    "secret",
    "token",
    "private_key",
    "access_key",
    "api_key",
    "credential",
    "connection_string",
];

/// Which attributes are sensitive.
pub(super) struct Sensitive(Vec<Vec<Step>>);

#[derive(PartialEq)]
enum Step {
    Name(String),
    Index(usize),
}

impl Sensitive {
    /// Those that any of these instances says are.
    pub(super) fn of<'a, 'b: 'a>(instances: impl IntoIterator<Item = &'a Instance<'b>>) -> Self {
        let read = instances.into_iter().map(Instance::read);
        Self(read.flat_map(|instance| paths(&instance["sensitive_attributes"])).collect())
    }

    fn hides(&self, path: &[Step]) -> bool {
        let secret = |step: &Step| match step {
            Step::Name(name) => SECRETS.iter().any(|secret| name.to_ascii_lowercase().contains(secret)),
            Step::Index(_) => false,
        };
        self.0.iter().any(|hidden| path.starts_with(hidden)) || path.iter().any(secret)
    }

    /// Whether it, or something inside it, is.
    fn hides_of(&self, path: &mut Vec<Step>, value: Option<&Value>) -> bool {
        let mut inside = |step, value: &Value| {
            path.push(step);
            let hidden = self.hides_of(path, Some(value));
            path.pop();
            hidden
        };
        let parts = match value {
            Some(Value::Object(map)) => map.iter().any(|(name, value)| inside(Step::Name(name.clone()), value)),
            Some(Value::Array(list)) => list.iter().enumerate().any(|(index, value)| inside(Step::Index(index), value)),
            _ => false,
        };
        parts || self.hides(path)
    }
}

/// The paths as the engines write them: steps that are the name of an attribute, or an index by number or by key.
fn paths(sensitive: &Value) -> Vec<Vec<Step>> {
    let step = |step: &Value| match &step["value"] {
        Value::String(name) => Some(Step::Name(name.clone())),
        Value::Object(index) => match index.get("value") {
            Some(Value::String(name)) => Some(Step::Name(name.clone())),
            Some(Value::Number(number)) => Some(Step::Index(usize::try_from(number.as_u64()?).ok()?)),
            _ => None,
        },
        _ => None,
    };
    let path = |path: &Value| {
        // A step that cannot be read ends the path: what is hidden is then more, not less.
        path.as_array().map(|steps| steps.iter().map_while(step).collect())
    };
    sensitive.as_array().map(|all| all.iter().filter_map(path).collect()).unwrap_or_default()
}

/// The attributes that differ between what was and what is, by path.
pub(super) fn compare(
    was: Option<&Instance<'_>>,
    is: Option<&Instance<'_>>,
    sensitive: &Sensitive,
) -> Vec<AttributeChange> {
    let attributes = |instance: Option<&Instance<'_>>| {
        let mut read = instance.map(Instance::read)?;
        HOLDERS.iter().find_map(|holder| read.get_mut(holder).map(Value::take)).filter(Value::is_object)
    };
    let (was, is) = (attributes(was), attributes(is));
    let mut changes = Vec::new();
    walk(was.as_ref(), is.as_ref(), sensitive, &mut Vec::new(), &mut changes);
    changes
}

fn walk(
    was: Option<&Value>,
    is: Option<&Value>,
    sensitive: &Sensitive,
    path: &mut Vec<Step>,
    changes: &mut Vec<AttributeChange>,
) {
    if was == is {
        return;
    }
    let none = |value: Option<&Value>| value.is_none_or(Value::is_null);
    // An attribute that is there and null says what one that is not there says.
    if none(was) && none(is) {
        return;
    }
    // Gone through to its parts where nothing but that kind of thing is on either side.
    let through = |kind: fn(&Value) -> bool| {
        [was, is].into_iter().all(|value| none(value) || value.is_some_and(kind)) && !sensitive.hides(path)
    };
    let before = changes.len();
    let mut leaf = false;
    if through(Value::is_object) {
        let empty = Map::new();
        let (was, is) = (was.and_then(Value::as_object), is.and_then(Value::as_object));
        let (was, is) = (was.unwrap_or(&empty), is.unwrap_or(&empty));
        let mut names: Vec<&String> = was.keys().chain(is.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            path.push(Step::Name(name.clone()));
            walk(was.get(name), is.get(name), sensitive, path, changes);
            path.pop();
        }
    } else if through(Value::is_array) {
        let (was, is) = (was.and_then(Value::as_array), is.and_then(Value::as_array));
        let (was, is) = (was.map_or(&[][..], Vec::as_slice), is.map_or(&[][..], Vec::as_slice));
        for index in 0..was.len().max(is.len()) {
            path.push(Step::Index(index));
            walk(was.get(index), is.get(index), sensitive, path, changes);
            path.pop();
        }
    } else {
        leaf = true;
    }
    // An empty list in the place of none has no part that says so.
    let empty = !path.is_empty() && changes.len() == before && (none(was) || none(is));
    if leaf || empty {
        let hidden = sensitive.hides_of(path, was) || sensitive.hides_of(path, is);
        let (before, after) = (Shown::of(was, hidden), Shown::of(is, hidden));
        changes.push(AttributeChange { path: written(path), before, after });
    }
}

/// `tags.Name`, `ingress[0].from_port`, `labels["app.kubernetes.io/name"]`
fn written(path: &[Step]) -> String {
    let plain = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    let mut text = String::new();
    for step in path {
        match step {
            Step::Name(name) if plain(name) && text.is_empty() => text.push_str(name),
            Step::Name(name) if plain(name) => text.extend([".", name]),
            Step::Name(name) => text.push_str(&format!("[{}]", Value::from(name.as_str()))),
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// What else differs between two instances, by name.
pub(super) fn others(was: &Instance<'_>, is: &Instance<'_>) -> Vec<String> {
    let (was, is) = (was.read(), is.read());
    let (Some(was), Some(is)) = (was.as_object(), is.as_object()) else { return Vec::new() };
    let mut names: Vec<&String> = was.keys().chain(is.keys()).collect();
    names.sort();
    names.dedup();
    let said = |name: &&String| !HOLDERS.contains(&name.as_str()) && !SILENT.contains(&name.as_str());
    names.into_iter().filter(said).filter(|name| was.get(*name) != is.get(*name)).cloned().collect()
}
