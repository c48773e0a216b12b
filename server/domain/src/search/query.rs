//! What somebody looks for.

use super::{
    Kind,
    words::{Run, fold},
};

/// The most bytes of a query.
pub const LONGEST: usize = 256;
/// The most terms of one.
const TERMS: usize = 16;

/// Why a query is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing to look for.
    #[error("the query has no word: name what is to be found with a letter or a digit at least")]
    Empty,
    /// Too much of it.
    #[error("the query has {0} bytes, and {LONGEST} are read: leave words out")]
    TooLong(usize),
    /// Too many terms.
    #[error("the query has {0} words, and {TERMS} are read: leave words out")]
    TooMany(usize),
    /// A character that no text has.
    #[error("the query holds the NUL character; leave it out")]
    Nul,
    /// A kind that is none.
    #[error("{0:?} is no kind: it is resource, output or workspace")]
    Kind(String),
}

/// Where a term has to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Address,
    Type,
    Provider,
    Module,
    Workspace,
    /// An attribute of this name.
    Attribute(&'static str),
    Tag,
}

/// The fields by their names.
const FIELDS: [(&str, Field); 10] = [
    ("address", Field::Address),
    ("type", Field::Type),
    ("provider", Field::Provider),
    ("module", Field::Module),
    ("workspace", Field::Workspace),
    ("id", Field::Attribute("id")),
    ("arn", Field::Attribute("arn")),
    ("name", Field::Attribute("name")),
    ("region", Field::Attribute("region")),
    ("tag", Field::Tag),
];

/// One text that has to be there, from the beginning of a word on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub(super) field: Option<Field>,
    /// Folded; it begins with a letter or a digit.
    pub(super) text: String,
}

impl Term {
    fn of(field: Option<Field>, text: &str) -> Option<Self> {
        let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
        (!text.is_empty()).then(|| Self { field, text: text.to_owned() })
    }

    /// Whether a folded text has it, from the beginning of a word on.
    pub(super) fn is_in(&self, folded: &str) -> bool {
        // An occurrence that does not count may overlap with one that does.
        let first = self.text.chars().next().map_or(1, char::len_utf8);
        let mut from = 0;
        while let Some(at) = folded.get(from..).and_then(|rest| rest.find(&self.text)) {
            if !folded[..from + at].chars().next_back().is_some_and(char::is_alphanumeric) {
                return true;
            }
            from += at + first;
        }
        false
    }
}

/// What somebody looks for: terms that all have to be there, in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub(super) terms: Vec<Term>,
    /// What kind of thing, if that was said.
    pub kind: Option<Kind>,
}

impl Query {
    /// Reads `web type:aws_instance tag:Owner=team-7 kind:resource`. What stands before a colon and is the name of no field is text, as the rest is.
    ///
    /// # Errors
    /// When there is nothing to look for, or too much.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        if text.len() > LONGEST {
            return Err(Unreadable::TooLong(text.len()));
        }
        if text.contains('\0') {
            return Err(Unreadable::Nul);
        }
        let folded = fold(text);
        let (mut terms, mut kind) = (Vec::new(), None);
        for part in folded.split_whitespace() {
            let (field, rest) = match part.split_once(':') {
                Some(("kind", rest)) => {
                    kind = Some(Kind::parse(rest).ok_or_else(|| Unreadable::Kind(rest.to_owned()))?);
                    continue;
                }
                // An ARN, and not what the attribute of that name is to be.
                Some(("arn", rest)) if rest.contains(':') && !rest.starts_with("arn:") => (None, part),
                Some((name, rest)) => match FIELDS.iter().find(|(known, _)| *known == name) {
                    Some((_, field)) => (Some(*field), rest),
                    None => (None, part),
                },
                None => (None, part),
            };
            terms.extend(Term::of(field, rest));
        }
        match terms.len() {
            0 => Err(Unreadable::Empty),
            1..=TERMS => Ok(Self { terms, kind }),
            many => Err(Unreadable::TooMany(many)),
        }
    }

    /// What an instance that is found has in its address, its provider or what is known of it, if it is not in the name of its workspace.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        // A long address does not hold all of these two.
        let elsewhere = [Some(Field::Type), Some(Field::Module)];
        self.terms.iter().filter(move |term| !elsewhere.contains(&term.field)).map(|term| term.text.as_str())
    }

    /// Every stretch of the index that has to hold what is found, each once, in the order of the query.
    #[must_use]
    pub fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for run in self.terms.iter().flat_map(|term| Run::of(&term.text)) {
            if !runs.contains(&run) {
                runs.push(run);
            }
        }
        runs
    }
}
