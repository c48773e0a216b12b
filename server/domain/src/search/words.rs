//! Words: what a text is looked up by. The index holds each word together with the one behind it (`team-7`, `web[0`): by single words a number would
//! lead to nearly everything.

use std::borrow::Cow;

/// The most bytes of a word of the index; what follows is compared with the text itself.
pub const LONGEST_WORD: usize = 32;

/// A text as it is compared: in small letters.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    // One character at a time: what a character becomes must not depend on those beside it, which a query may lack.
    Cow::Owned(text.chars().flat_map(char::to_lowercase).collect())
}

/// The words of a folded text as the index holds them: from the beginning of each stretch of letters and digits to the end of the next one in its
/// line.
pub fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.lines().flat_map(|line| Words { line, at: 0 })
}

struct Words<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;
    fn next(&mut self) -> Option<&'a str> {
        let rest = self.line.get(self.at..)?;
        let start = rest.find(char::is_alphanumeric)?;
        let rest = &rest[start..];
        let end = stretch(rest);
        self.at += start + end;
        let next = rest[end..].find(char::is_alphanumeric).map_or(end, |gap| end + gap + stretch(&rest[end + gap..]));
        Some(cut(&rest[..next]))
    }
}

/// Where the letters and digits end with which this begins.
fn stretch(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len())
}

/// As much of a word as the index holds.
fn cut(word: &str) -> &str {
    let mut end = word.len().min(LONGEST_WORD);
    while !word.is_char_boundary(end) {
        end -= 1;
    }
    &word[..end]
}

/// A stretch of the index that has to hold a thing, if the thing is to be found: every word that begins so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run(pub(super) String);

impl Run {
    /// The stretches that hold whatever holds this folded text from the beginning of a word on.
    pub(super) fn of(folded: &str) -> Vec<Self> {
        let mut words: Vec<&str> = words(folded).collect();
        // The last word is in the stretch before it, which is narrower, unless the index has no more than the beginning of that.
        if let [.., before, last] = words[..]
            && before.len() > last.len()
            && before.ends_with(last)
        {
            words.pop();
        }
        words.into_iter().map(|word| Self(word.to_owned())).collect()
    }

    /// Where it begins.
    #[must_use]
    pub fn from(&self) -> Vec<u8> {
        self.0.as_bytes().to_vec()
    }

    /// What comes right behind it, in the order of bytes.
    #[must_use]
    pub fn to(&self) -> Vec<u8> {
        // In no UTF-8.
        [self.0.as_bytes(), &[0xff]].concat()
    }

    /// What its words begin with.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether a word of the index lies in it.
    #[must_use]
    pub fn holds(&self, word: &str) -> bool {
        word.starts_with(&self.0)
    }

    /// The first word of a folded text that lies in it, in the order of bytes.
    #[must_use]
    pub fn first_in<'a>(&self, folded: &'a str) -> Option<&'a str> {
        self.first_of(folded, usize::MAX)
    }

    /// The same among the first words of that text.
    pub(super) fn first_of<'a>(&self, folded: &'a str, most: usize) -> Option<&'a str> {
        if !folded.contains(&self.0) {
            return None;
        }
        words(folded).take(most).filter(|word| self.holds(word)).min()
    }
}
