//! What can be found, as it is compared with a query.

use super::{
    query::{Field, Query, Term},
    words::{Run, fold, words},
};
use std::borrow::Cow;

/// The most words that the index takes of an address or a name.
const ADDRESS_WORDS: usize = 60;
/// The most that it takes of a provider's address.
const PROVIDER_WORDS: usize = 20;
/// The most that it takes of the attributes of an instance.
const ATTRIBUTE_WORDS: usize = 160;
/// The most that it takes of the tags of a workspace.
const OWN_WORDS: usize = 1_000;

/// What kind of thing is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A workspace, by its name and tags.
    Workspace,
    /// An output of its current state, by its name.
    Output,
    /// A resource instance of its current state.
    Resource,
}

impl Kind {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Output => "output",
            Self::Resource => "resource",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Workspace, Self::Output, Self::Resource].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A thing with all that it may be found by, folded.
#[derive(Debug, Clone)]
pub struct Document<'a> {
    kind: Kind,
    /// The name of its workspace.
    workspace: &'a str,
    /// Its address; the name of an output; nothing for a workspace.
    address: Cow<'a, str>,
    resource_type: Cow<'a, str>,
    provider: Cow<'a, str>,
    module: Cow<'a, str>,
    /// A line `name=value` for each attribute; `tag:KEY=value` for each tag.
    attributes: Cow<'a, str>,
}

impl<'a> Document<'a> {
    /// A workspace of this folded name; `tags` are lines `tag:KEY=value`.
    #[must_use]
    pub fn workspace(name: &'a str, tags: &'a str) -> Self {
        let none = Cow::Borrowed("");
        Self {
            kind: Kind::Workspace,
            workspace: name,
            address: none.clone(),
            resource_type: none.clone(),
            provider: none.clone(),
            module: none,
            attributes: fold(tags),
        }
    }

    /// An output of a workspace of this folded name.
    #[must_use]
    pub fn output(workspace: &'a str, name: &'a str) -> Self {
        Self { kind: Kind::Output, address: fold(name), ..Self::workspace(workspace, "") }
    }

    /// An instance of a workspace of this folded name.
    #[must_use]
    pub fn resource(
        workspace: &'a str,
        address: &'a str,
        resource_type: &'a str,
        module: &'a str,
        provider: &'a str,
        attributes: &'a str,
    ) -> Self {
        Self {
            kind: Kind::Resource,
            workspace,
            address: fold(address),
            resource_type: fold(resource_type),
            provider: fold(provider),
            module: fold(module),
            attributes: fold(attributes),
        }
    }

    /// What it says of itself, beside the name of its workspace: the texts whose words the index has of it.
    fn texts(&self) -> [&str; 3] {
        [&self.address, &self.provider, &self.attributes]
    }

    /// The same, each with how many of its words the index takes: what follows is compared, and leads nowhere.
    fn told(&self) -> [(&str, usize); 4] {
        let [address, provider, attributes] = self.texts();
        let own = if self.kind == Kind::Workspace { self.workspace } else { "" };
        let tags = if self.kind == Kind::Workspace { OWN_WORDS } else { ATTRIBUTE_WORDS };
        [(own, ADDRESS_WORDS), (address, ADDRESS_WORDS), (provider, PROVIDER_WORDS), (attributes, tags)]
    }

    /// The words that the index has of it, without the name of its workspace; that of a workspace is its own. Some come twice.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.told().into_iter().flat_map(|(text, most)| words(text).take(most))
    }

    /// Whether a query finds it.
    #[must_use]
    pub fn is_found_by(&self, query: &Query) -> bool {
        query.kind.is_none_or(|kind| kind == self.kind) && query.terms.iter().all(|term| self.has(term))
    }

    fn has(&self, term: &Term) -> bool {
        let lines = || self.attributes.lines();
        match term.field {
            None => self.texts().into_iter().chain([self.workspace]).any(|text| term.is_in(text)),
            Some(Field::Address) => term.is_in(&self.address),
            Some(Field::Type) => term.is_in(&self.resource_type),
            Some(Field::Provider) => term.is_in(&self.provider),
            Some(Field::Module) => term.is_in(&self.module),
            Some(Field::Workspace) => term.is_in(self.workspace),
            Some(Field::Attribute(name)) => {
                lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('=')).any(|value| term.is_in(value))
            }
            Some(Field::Tag) => lines().filter_map(|line| line.strip_prefix("tag:")).any(|tag| {
                // With its key, or by a word of either.
                if term.text.contains('=') { tag.starts_with(&term.text) } else { term.is_in(tag) }
            }),
        }
    }

    /// Where on a stretch of the index it is told: at the first of its words there, in the order of bytes, and whether that stands on the shelf of its
    /// workspace itself. Who goes along the stretch meets it at other places too.
    #[must_use]
    pub fn place_in(&self, run: &Run) -> Option<(&str, bool)> {
        let own = self.told().into_iter().skip(1).filter_map(|(text, most)| run.first_of(text, most)).min();
        let of_workspace = |word| (word, true);
        let own = own.map(|word| (word, self.kind != Kind::Resource));
        let name = run.first_in(self.workspace).map(of_workspace);
        match (own, name) {
            (Some(own), Some(name)) => Some(if own.0 < name.0 { own } else { name }),
            (own, name) => own.or(name),
        }
    }
}
