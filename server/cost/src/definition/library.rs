//! The definitions inside the binary. A file is read when the first resource of its type comes by.

use std::sync::OnceLock;

use super::expression::Expression;
use super::parse::{self, fixed_prefix};
use super::{Definition, Fragment, Statement};
use crate::catalogue::Catalogue;

mod files {
    include!(concat!(env!("OUT_DIR"), "/definitions.rs"));
}

use files::{FILES, TYPES};

static FRAGMENTS: &str = include_str!("../../definitions/fragments.def");
static FREE: &str = include_str!("../../definitions/free.txt");

/// What is known of a resource type.
pub(crate) enum Known {
    Priced(&'static Definition),
    /// On the reviewed list of types that cost nothing by themselves.
    Free,
    Nothing,
}

/// Finds how a type is priced.
pub(crate) fn find(kind: &str) -> Known {
    static READ: OnceLock<Vec<OnceLock<Definition>>> = OnceLock::new();
    let read = READ.get_or_init(|| FILES.iter().map(|_| OnceLock::new()).collect());
    match TYPES.binary_search_by(|(name, _)| (*name).cmp(kind)) {
        Ok(at) => {
            let place = TYPES[at].1;
            Known::Priced(read[place].get_or_init(|| {
                let (name, text) = FILES[place];
                parse::definition(text).unwrap_or_else(|(line, what)| panic!("definitions/{name}:{line}: {what}"))
            }))
        }
        Err(_) if free().binary_search(&kind).is_ok() => Known::Free,
        Err(_) => Known::Nothing,
    }
}

/// The shared statements under a name.
pub(crate) fn fragment(name: &str) -> Option<&'static Fragment> {
    static READ: OnceLock<Vec<Fragment>> = OnceLock::new();
    let read = READ.get_or_init(|| {
        parse::fragments(FRAGMENTS).unwrap_or_else(|(line, what)| panic!("definitions/fragments.def:{line}: {what}"))
    });
    read.iter().find(|fragment| fragment.name == name)
}

fn free() -> &'static [&'static str] {
    static READ: OnceLock<Vec<&'static str>> = OnceLock::new();
    READ.get_or_init(|| {
        let mut types: Vec<&str> = FREE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        types.sort_unstable();
        types
    })
}

/// Every type that has a definition, sorted.
#[must_use]
pub fn priced_types() -> Vec<&'static str> {
    TYPES.iter().map(|(name, _)| *name).collect()
}

/// Every type on the reviewed list of those that cost nothing by themselves, sorted.
#[must_use]
pub fn known_free() -> &'static [&'static str] {
    free()
}

/// Something wrong with a definition or its prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The definition file.
    pub file: String,
    /// What is wrong with it.
    pub what: String,
}

/// Checks that every definition can be read, that every fragment it includes exists, and that every price key it
/// names leads somewhere in `catalogue`.
#[must_use]
pub fn check(catalogue: &Catalogue) -> Vec<Check> {
    let mut found = Vec::new();
    for (file, text) in FILES {
        let mut add = |what: String| found.push(Check { file: (*file).to_owned(), what });
        match parse::definition(text) {
            Ok(definition) => walk(&definition.body, catalogue, &mut add),
            Err((line, what)) => add(format!("line {line}: {what}")),
        }
    }
    let mut add = |what: String| found.push(Check { file: "fragments.def".to_owned(), what });
    match parse::fragments(FRAGMENTS) {
        Ok(fragments) => fragments.iter().for_each(|fragment| walk(&fragment.body, catalogue, &mut add)),
        Err((line, what)) => add(format!("line {line}: {what}")),
    }
    found
}

fn walk(body: &[Statement], catalogue: &Catalogue, add: &mut impl FnMut(String)) {
    for statement in body {
        match statement {
            Statement::Each { body, .. }
            | Statement::When { body, .. }
            | Statement::Part { body, .. }
            | Statement::Times { body, .. }
            | Statement::With { body, .. } => walk(body, catalogue, add),
            Statement::Include { fragment: name, arguments } => match fragment(name) {
                None => add(format!("there is no fragment `{name}`")),
                Some(fragment) => {
                    for (argument, _) in arguments.iter().filter(|(a, _)| !fragment.parameters.contains(a)) {
                        add(format!("fragment `{name}` takes no `{argument}`"));
                    }
                }
            },
            Statement::Component(component) => {
                let tiers = component.tiers.iter().map(|tier| format!(">{}", tier.start.normalize()));
                let suffixes: Vec<String> =
                    if component.tiers.is_empty() { vec![String::new()] } else { tiers.collect() };
                prices(&component.price, &mut |prefix, whole| {
                    for suffix in &suffixes {
                        let key = if whole { format!("{prefix}{suffix}") } else { prefix.to_owned() };
                        let there =
                            if whole { !catalogue.regions_of(&key).is_empty() } else { catalogue.has_prefix(&key) };
                        if !there {
                            add(format!("the catalogue has no price under `{key}`"));
                        }
                    }
                });
            }
            Statement::Let { .. } | Statement::Free | Statement::Unpriced { .. } => {}
        }
    }
}

/// Calls `each` with every price key of an expression: its fixed beginning, and whether that is all of it.
fn prices(expression: &Expression, each: &mut impl FnMut(&str, bool)) {
    match expression {
        Expression::Call(name, arguments) => {
            if name == "price"
                && let Some((prefix, whole)) = arguments.first().and_then(fixed_prefix)
            {
                each(&prefix, whole);
            }
            arguments.iter().for_each(|argument| prices(argument, each));
        }
        Expression::Binary(_, left, right) => {
            prices(left, each);
            prices(right, each);
        }
        Expression::Choose(condition, yes, no) => [condition, yes, no].into_iter().for_each(|e| prices(e, each)),
        Expression::Not(inner) | Expression::Negate(inner) => prices(inner, each),
        _ => {}
    }
}
