//! Who names whom. Ids are unknown before the apply, so the way leads through the configuration's expressions, through
//! variables and outputs of modules; in a state, where there is no configuration, through equal values.

use std::collections::HashMap;

use super::configuration::{join, parent};
use super::{Resource, Side, World, without_indices};
use crate::node::Node;

/// Type and attribute that name, whether before, to: who is named by whom.
pub(crate) type Backs = HashMap<(String, String, bool), HashMap<usize, Vec<usize>>>;

/// References through modules may run in circles; nobody nests this deep.
const DEPTH: usize = 24;

impl<'a> World<'a> {
    /// The resources that an attribute of `from` names, in the order of the configuration.
    pub(crate) fn named_by(&self, from: usize, path: &str, types: &[String], side: Side) -> Vec<usize> {
        let resource = &self.resources[from];
        let place = resource.place();
        let (mut found, mut written) = (Vec::new(), true);
        if let Some(configured) = self.configuration.resources.get(place.as_ref()) {
            let module = module_of(&place, &resource.kind);
            // Most resources write few of the attributes a definition asks for: looking is cheaper than reading.
            let first = path.split('.').next().unwrap_or_default();
            let expressions = configured.expressions.filter(|raw| raw.get().contains(first));
            let expressions = expressions.and_then(|raw| serde_json::from_str::<Node<'a>>(raw.get()).ok());
            let mut names = Vec::new();
            written = false;
            if let Some(expressions) = &expressions {
                descend(expressions, path.split('.'), &mut |node| {
                    written = true;
                    references(node, &mut names);
                });
            }
            if names.iter().any(|name| name.starts_with("each.")) {
                let each = configured.for_each.and_then(|raw| serde_json::from_str::<Node<'a>>(raw.get()).ok());
                if let Some(each) = &each {
                    references(each, &mut names);
                }
            }
            for name in names {
                self.resolve(module, &name, resource, 0, &mut found);
            }
        }
        found.retain(|&at| self.suits(at, from, types, side));
        if found.is_empty() && written && !types.is_empty() {
            found = self.by_equal_value(from, path, types, side);
        } else if found.len() > 1 && !types.is_empty() {
            // Where the value is known already, it says which of the instances is meant.
            let same = self.by_equal_value(from, path, types, side);
            if found.iter().any(|at| same.contains(at)) {
                found.retain(|at| same.contains(at));
            }
        }
        let mut unique = Vec::with_capacity(found.len());
        found.into_iter().for_each(|at| {
            if !unique.contains(&at) {
                unique.push(at);
            }
        });
        unique
    }

    /// The resources of type `kind` whose `attribute` names `to`.
    pub(crate) fn naming(&self, to: usize, kind: &str, attribute: &str, side: Side) -> Vec<usize> {
        let key = (kind.to_owned(), attribute.to_owned(), side == Side::Before);
        if let Some(found) = self.backs.borrow().get(&key) {
            return found.get(&to).cloned().unwrap_or_default();
        }
        let mut found: HashMap<usize, Vec<usize>> = HashMap::new();
        let types = [self.resources[to].kind.clone().into_owned()];
        for (at, _) in self.resources.iter().enumerate().filter(|(_, r)| r.kind == kind && r.exists(side)) {
            for target in self.named_by(at, attribute, &types, side) {
                found.entry(target).or_default().push(at);
            }
        }
        let answer = found.get(&to).cloned().unwrap_or_default();
        self.backs.borrow_mut().insert(key, found);
        answer
    }

    /// Whether the configuration writes an attribute of a resource.
    pub(crate) fn is_configured(&self, resource: &Resource<'a>, attribute: &str) -> bool {
        let configured = self.configuration.resources.get(resource.place().as_ref());
        let raw = configured.and_then(|configured| configured.expressions);
        let expressions = raw.and_then(|raw| serde_json::from_str::<Node<'a>>(raw.get()).ok());
        expressions.is_some_and(|expressions| expressions.get(attribute).is_some_and(|node| !node.is_blank()))
    }

    /// Every resource that any attribute of `from` names.
    pub(crate) fn neighbours(&self, from: usize, side: Side) -> Vec<usize> {
        self.named_by(from, "", &[], side)
    }

    fn suits(&self, at: usize, from: usize, types: &[String], side: Side) -> bool {
        let resource = &self.resources[at];
        let fits = types.is_empty() || types.iter().any(|kind| *kind == resource.kind);
        at != from && fits && resource.exists(side)
    }

    fn resolve(&self, module: &str, name: &str, from: &Resource<'a>, depth: usize, found: &mut Vec<usize>) {
        if depth > DEPTH {
            return;
        }
        let clean = without_indices(name);
        let segments: Vec<&str> = clean.split('.').collect();
        let mut follow = |module: &str, node: &Node<'a>| {
            let mut names = Vec::new();
            references(node, &mut names);
            names.iter().for_each(|name| self.resolve(module, name, from, depth + 1, found));
        };
        match segments.as_slice() {
            ["var", variable, ..] if !module.is_empty() => {
                if let Some(argument) = self.configuration.argument(module, variable) {
                    follow(parent(module), &argument);
                }
            }
            ["module", call, output, ..] => {
                let inner = join(module, &format!("module.{call}"));
                let raw = self.configuration.outputs.get(&join(&inner, output));
                if let Some(node) = raw.and_then(|raw| serde_json::from_str::<Node<'a>>(raw.get()).ok()) {
                    follow(&inner, &node);
                }
            }
            [kind, _, ..] if kind.contains('_') => {
                let place = join(module, &segments[..2].join("."));
                let candidates = self.by_place.get(&place).map_or(&[][..], Vec::as_slice);
                self.pick(candidates, name, from, found);
            }
            _ => {}
        }
    }

    /// Of several instances: the one whose index is written, else the one with the referrer's index, else the one whose
    /// key is a part of the referrer's key (`["Hot.LRS"]` means `["LRS"]`), else all.
    fn pick(&self, candidates: &[usize], name: &str, from: &Resource<'a>, found: &mut Vec<usize>) {
        let written = name.find('[').and_then(|start| Some(&name[start..=start + name[start..].find(']')?]));
        let with = |index: &str| candidates.iter().find(|&&at| self.resources[at].index() == Some(index));
        let exact = written.and_then(with).or_else(|| with(from.index()?));
        let part = || {
            let own = from.index()?.trim_matches(['[', ']', '"']);
            let is_part = |at: &&usize| {
                let key = self.resources[**at].index().map(|index| index.trim_matches(['[', ']', '"']));
                key.is_some_and(|key| own.split(['.', '-', '_', '/', ':', ' ']).any(|part| part == key))
            };
            let mut parts = candidates.iter().filter(is_part);
            parts.next().filter(|_| parts.next().is_none())
        };
        match exact.or_else(part) {
            Some(&at) => found.push(at),
            None => found.extend(candidates),
        }
    }

    fn by_equal_value(&self, from: usize, path: &str, types: &[String], side: Side) -> Vec<usize> {
        let attributes = self.resources[from].read(side);
        let mut values = Vec::new();
        descend(&attributes, path.split('.'), &mut |node| texts(node, &mut values));
        if values.is_empty() {
            return Vec::new();
        }
        let index = self.by_value[usize::from(side == Side::After)].get_or_init(|| self.index_values(side));
        let named = values.iter().filter_map(|value| index.get(value)).flatten().copied();
        named.filter(|&at| self.suits(at, from, types, side)).collect()
    }

    fn index_values(&self, side: Side) -> HashMap<String, Vec<usize>> {
        let mut index: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, resource) in self.resources.iter().enumerate() {
            let attributes = resource.read(side);
            for name in ["id", "arn", "self_link", "name", "resource_id"] {
                if let Some(value) = attributes.get(name).and_then(Node::text).filter(|value| !value.is_empty()) {
                    let places = index.entry(value.to_owned()).or_default();
                    if places.last() != Some(&at) {
                        places.push(at);
                    }
                }
            }
        }
        index
    }
}

/// `module.a.aws_x.b` is in `module.a`.
pub(super) fn module_of<'p>(place: &'p str, kind: &str) -> &'p str {
    place.rfind(&format!(".{kind}.")).map_or("", |at| &place[..at])
}

fn descend<'n, 'a>(node: &'n Node<'a>, mut path: std::str::Split<'_, char>, visit: &mut impl FnMut(&'n Node<'a>)) {
    match (node, path.clone().next()) {
        (node, None | Some("")) => visit(node),
        (Node::List(items), Some(_)) => items.iter().for_each(|item| descend(item, path.clone(), visit)),
        (Node::Object(_), Some(field)) => {
            path.next();
            if let Some(inner) = node.get(field) {
                descend(inner, path, visit);
            }
        }
        _ => {}
    }
}

/// Collects `references` of an expression, however deep it is nested in blocks.
fn references(node: &Node<'_>, names: &mut Vec<String>) {
    match node {
        Node::List(items) => items.iter().for_each(|item| references(item, names)),
        Node::Object(entries) => {
            for (key, value) in entries {
                if key == "references" {
                    names.extend(value.items().iter().filter_map(Node::text).map(str::to_owned));
                } else {
                    references(value, names);
                }
            }
        }
        _ => {}
    }
}

fn texts(node: &Node<'_>, values: &mut Vec<String>) {
    match node {
        Node::Text(text) if !text.is_empty() => values.push(text.clone().into_owned()),
        Node::List(items) => items.iter().for_each(|item| texts(item, values)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_part_of_the_referrers_key_names_the_instance() {
        let plan = r#"{"resource_changes":[
              {"address":"aws_a_b.x[\"LRS\"]","type":"aws_a_b","change":{"before":null,"after":{}}},
              {"address":"aws_a_b.x[\"GRS\"]","type":"aws_a_b","change":{"before":null,"after":{}}},
              {"address":"aws_c_d.y[\"Hot.GRS\"]","type":"aws_c_d","change":{"before":null,"after":{}}}],
            "configuration":{"root_module":{"resources":[
              {"address":"aws_c_d.y","expressions":{"of":{"references":["aws_a_b.x","each.value"]}}}]}}}"#;
        let world = World::read(plan).unwrap();
        assert_eq!(world.named_by(2, "of", &["aws_a_b".to_owned()], Side::After), [1]);
    }

    #[test]
    fn a_known_value_says_which_instance_is_meant() {
        let plan = r#"{"resource_changes":[
              {"address":"aws_a_b.x[0]","type":"aws_a_b","change":{"before":null,"after":{"name":"one"}}},
              {"address":"aws_a_b.x[1]","type":"aws_a_b","change":{"before":null,"after":{"name":"two"}}},
              {"address":"aws_c_d.y","type":"aws_c_d","change":{"before":null,"after":{"of":"two"}}}],
            "configuration":{"root_module":{"resources":[
              {"address":"aws_c_d.y","expressions":{"of":{"references":["aws_a_b.x"]}}}]}}}"#;
        let world = World::read(plan).unwrap();
        assert_eq!(world.named_by(2, "of", &["aws_a_b".to_owned()], Side::After), [1]);
    }
}
