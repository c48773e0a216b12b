//! The definitions inside the binary. A file is read when the first resource of its type comes by.

use std::sync::OnceLock;

use super::claims::{self, Keys};
use super::language::{Definition, Fragment, fields, parse};
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
                let read = parse::definition(text);
                let mut definition = read.unwrap_or_else(|(line, what)| panic!("definitions/{name}:{line}: {what}"));
                definition.fields = fields(&definition, fragments());
                definition
            }))
        }
        Err(_) if free().binary_search(&kind).is_ok() => Known::Free,
        Err(_) => Known::Nothing,
    }
}

/// The shared statements under a name.
pub(crate) fn fragment(name: &str) -> Option<&'static Fragment> {
    fragments().iter().find(|fragment| fragment.name == name)
}

fn fragments() -> &'static [Fragment] {
    static READ: OnceLock<Vec<Fragment>> = OnceLock::new();
    READ.get_or_init(|| {
        parse::fragments(FRAGMENTS).unwrap_or_else(|(line, what)| panic!("definitions/fragments.def:{line}: {what}"))
    })
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

/// Checks that every price that a definition names is in `catalogue`, in every region that the definition claims. That
/// the definitions can be read, and that the claims hold for the committed catalogue, is checked when the crate is built.
#[must_use]
pub fn check(catalogue: &Catalogue) -> Vec<Check> {
    let keys = Keys::of(catalogue.text());
    let mut found = Vec::new();
    for (file, text) in FILES {
        let whats = match parse::definition(text) {
            Ok(definition) => claims::wrong(&definition, fragments(), &keys),
            Err((line, what)) => vec![format!("line {line}: {what}")],
        };
        found.extend(whats.into_iter().map(|what| Check { file: (*file).to_owned(), what }));
    }
    found
}
