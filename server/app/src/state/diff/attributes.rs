//! Attributes by path, and which of them are not to be shown.

use super::{super::secret, AttributeChange, Shown, snapshot::Instance, told::Told};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// What holds the attributes of an instance: the second in states that came from before format 4.
const HOLDERS: [&str; 2] = ["attributes", "attributes_flat"];
/// What an instance has beside attributes that is no news by itself: its name, and what to hide of it.
const SILENT: [&str; 3] = ["index_key", "deposed", "sensitive_attributes"];
/// No value is read that is nested deeper.
const DEEPEST: usize = 128;

/// Which attributes are sensitive, by the steps to them.
#[derive(Default)]
struct Sensitive {
    /// Whether all that begins here is.
    whole: bool,
    inside: HashMap<Step, Sensitive>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Step {
    Name(String),
    Index(usize),
}

/// An instance, read.
pub(super) struct Parts(Option<Value>);

impl Parts {
    /// What the state says of it.
    pub(super) fn of(instance: &Instance<'_>) -> Self {
        Self(instance.read().filter(Value::is_object))
    }

    /// Whether it was too much to read.
    fn is_unread(&self) -> bool {
        self.0.is_none()
    }

    fn attributes(&self) -> Option<&Value> {
        let read = self.0.as_ref()?;
        HOLDERS.iter().filter_map(|holder| read.get(holder)).find(|found| found.is_object())
    }
}

impl Sensitive {
    /// Those that any of these instances says are.
    fn of<'a>(instances: impl IntoIterator<Item = &'a Parts>) -> Self {
        let mut all = Self::default();
        for read in instances.into_iter().filter_map(|parts| parts.0.as_ref()) {
            all.add(&read["sensitive_attributes"]);
        }
        all
    }

    /// Adds the paths as the engines write them: steps that are the name of an attribute, or an index by number or by key. What cannot be read
    /// hides more, not less: a step ends its path, and what is no path hides everything.
    fn add(&mut self, paths: &Value) {
        let paths = match paths {
            Value::Null => return,
            Value::Array(paths) => paths.as_slice(),
            _ => return self.whole = true,
        };
        for path in paths {
            let steps = path.as_array().map(Vec::as_slice).unwrap_or_default();
            let mut at = &mut *self;
            for step in steps.iter().take(DEEPEST).map_while(step) {
                at = at.inside.entry(step).or_default();
            }
            at.whole = true;
        }
    }

    fn hides(&self, path: &[Step]) -> bool {
        let is_secret = |step: &Step| match step {
            Step::Name(name) => secret::is_named(name),
            Step::Index(_) => false,
        };
        let mut at = Some(self);
        for step in path {
            match at {
                Some(here) if here.whole => return true,
                Some(here) => at = here.inside.get(step),
                None => break,
            }
        }
        at.is_some_and(|here| here.whole) || path.iter().any(is_secret)
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

fn step(step: &Value) -> Option<Step> {
    match &step["value"] {
        Value::String(name) => Some(Step::Name(name.clone())),
        Value::Object(index) => match index.get("value") {
            Some(Value::String(name)) => Some(Step::Name(name.clone())),
            Some(Value::Number(number)) => Some(Step::Index(usize::try_from(number.as_u64()?).ok()?)),
            _ => None,
        },
        _ => None,
    }
}

/// The attributes that differ between what was and what is, by path, as far as they may be told.
pub(super) fn compare(was: Option<&Parts>, is: Option<&Parts>, told: &mut Told) -> Vec<AttributeChange> {
    let mut changes = Vec::new();
    let known = || was.into_iter().chain(is);
    // What is there and was not read may hold anything, and say what of the other is to be hidden.
    if known().any(Parts::is_unread) {
        told.leave_out();
        return changes;
    }
    let sensitive = Sensitive::of(known());
    let (was, is) = (was.and_then(Parts::attributes), is.and_then(Parts::attributes));
    walk(was, is, &sensitive, &mut Vec::new(), (&mut changes, told));
    changes
}

fn walk(
    was: Option<&Value>,
    is: Option<&Value>,
    sensitive: &Sensitive,
    path: &mut Vec<Step>,
    (changes, told): (&mut Vec<AttributeChange>, &mut Told),
) {
    if was == is {
        return;
    }
    let none = |value: Option<&Value>| value.is_none_or(Value::is_null);
    // An attribute that is there and null says what one that is not there says.
    if none(was) && none(is) {
        return;
    }
    if told.is_full() {
        return told.leave_out();
    }
    // Gone through to its parts where nothing but that kind of thing is on either side.
    let through = |kind: fn(&Value) -> bool| {
        [was, is].into_iter().all(|value| none(value) || value.is_some_and(kind))
            // All of them are gone through even where all are hidden: which of them differ is told.
            && (path.is_empty() || !sensitive.hides(path))
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
            walk(was.get(name), is.get(name), sensitive, path, (&mut *changes, &mut *told));
            path.pop();
        }
    } else if through(Value::is_array) {
        let (was, is) = (was.and_then(Value::as_array), is.and_then(Value::as_array));
        let (was, is) = (was.map_or(&[][..], Vec::as_slice), is.map_or(&[][..], Vec::as_slice));
        for index in 0..was.len().max(is.len()) {
            path.push(Step::Index(index));
            walk(was.get(index), is.get(index), sensitive, path, (&mut *changes, &mut *told));
            path.pop();
        }
    } else {
        leaf = true;
    }
    // An empty list in the place of none has no part that says so.
    let empty = !path.is_empty() && changes.len() == before && (none(was) || none(is));
    if leaf || empty {
        let hidden = sensitive.hides_of(path, was) || sensitive.hides_of(path, is);
        let shown = if hidden { [None, None] } else { [was, is] };
        if !told.attribute(shown) {
            return;
        }
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
pub(super) fn others(was: &Parts, is: &Parts) -> Vec<String> {
    let (Some(was), Some(is)) = (&was.0, &is.0) else { return Vec::new() };
    let (Some(was), Some(is)) = (was.as_object(), is.as_object()) else { return Vec::new() };
    let mut names: Vec<&String> = was.keys().chain(is.keys()).collect();
    names.sort();
    names.dedup();
    let said = |name: &&String| !HOLDERS.contains(&name.as_str()) && !SILENT.contains(&name.as_str());
    names.into_iter().filter(said).filter(|name| was.get(*name) != is.get(*name)).cloned().collect()
}
