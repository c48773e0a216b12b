//! What is wrong with a source text, told with the place and a way out: every stage before the run speaks through this type.

use std::fmt;

/// One problem found in a policy, module, mock or configuration text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The name the text was given, as people know it.
    pub file: String,
    /// Byte offset into the text.
    pub offset: usize,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How it is usually put right.
    pub hint: Option<String>,
    excerpt: String,
}

impl Diagnostic {
    /// A problem at a byte offset of `text`; an offset past the end means the end.
    #[must_use]
    pub fn new(file: &str, text: &str, offset: usize, message: impl Into<String>) -> Self {
        let (line, column) = line_and_column(text, offset);
        let excerpt = text.lines().nth(line - 1).unwrap_or_default();
        let excerpt = if excerpt.len() > 400 { String::new() } else { excerpt.to_owned() };
        Self { file: file.to_owned(), offset, line, column, message: message.into(), hint: None, excerpt }
    }

    /// The same problem with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        if !self.excerpt.is_empty() {
            write!(f, "\n  {}\n  {}^", self.excerpt.replace('\t', " "), " ".repeat(self.column.saturating_sub(1)))?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

/// Line and column (both from 1, columns in characters) of a byte offset.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.bytes().filter(|b| *b == b'\n').count() + 1, before[start..].chars().count() + 1)
}
