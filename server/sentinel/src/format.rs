//! `policy fmt`: one way to lay out a source file. Tokens and comments stay as they are; only the space around them changes.

use crate::diagnostic::Diagnostic;
use crate::syntax::token::{Kind, Token, lex};

/// The text in the canonical layout: tabs, one space around operators, no space at line ends, at most one empty line.
///
/// # Errors
/// The first thing that is wrong with the text.
pub fn format(file: &str, text: &str) -> Result<String, Diagnostic> {
    crate::Program::parse(file, text.as_bytes())?;
    let (tokens, comments) = lex(file, text)?;
    let mut pieces: Vec<(u32, u32, Option<Token>)> = tokens
        .iter()
        .filter(|t| t.kind != Kind::Eof && t.end > t.at)
        .map(|t| (t.at, t.end, Some(*t)))
        .chain(comments.iter().map(|c| (c.0, c.1, None)))
        .collect();
    pieces.sort_by_key(|p| p.0);
    let mut layout = Layout { text, out: String::new(), open: Vec::new(), indent: 0 };
    let mut last: Option<(u32, u32, Option<Token>)> = None;
    for (n, piece) in pieces.iter().enumerate() {
        let lines = last.map_or(0, |l| text[l.1 as usize..piece.0 as usize].matches('\n').count());
        let word = &text[piece.0 as usize..piece.1 as usize];
        if lines > 0 {
            let closers = if piece.2.is_some() { layout.closers(&pieces[n..]) } else { 0 };
            layout.line(lines, closers);
        } else if let Some(last) = &last
            && layout.spaced(last, piece, n.checked_sub(2).map(|before| &pieces[before]))
        {
            layout.out.push(' ');
        }
        if piece.2.is_some() {
            match word {
                "{" | "[" | "(" => layout.open.push(layout.indent + 1),
                "}" | "]" | ")" => {
                    layout.open.pop();
                }
                _ => {}
            }
        }
        layout.out.push_str(if piece.2.is_some() { word } else { word.trim_end() });
        last = Some(*piece);
    }
    if !layout.out.is_empty() {
        layout.out.push('\n');
    }
    Ok(layout.out)
}

struct Layout<'s> {
    text: &'s str,
    out: String,
    /// For every open bracket the indent of what stands in it: brackets opened on one line share it.
    open: Vec<usize>,
    /// The indent of the current line.
    indent: usize,
}

type Piece = (u32, u32, Option<Token>);

impl<'s> Layout<'s> {
    fn word(&self, piece: &Piece) -> &'s str {
        &self.text[piece.0 as usize..piece.1 as usize]
    }

    /// How many brackets the line that starts with these pieces closes first.
    fn closers(&self, pieces: &[Piece]) -> usize {
        let closes = |p: &Piece| p.2.is_some() && matches!(self.word(p), "}" | "]" | ")");
        let mut count = 0;
        for (n, piece) in pieces.iter().enumerate() {
            let same_line = n == 0 || !self.text[pieces[n - 1].1 as usize..piece.0 as usize].contains('\n');
            if !(same_line && closes(piece)) {
                break;
            }
            count += 1;
        }
        count
    }

    fn line(&mut self, lines: usize, closers: usize) {
        self.out.push_str(if lines > 1 { "\n\n" } else { "\n" });
        self.indent = match closers {
            0 => self.open.last().copied().unwrap_or(0),
            _ => self.open.len().checked_sub(closers).and_then(|at| self.open.get(at)).map_or(0, |i| i - 1),
        };
        self.out.extend(std::iter::repeat_n('\t', self.indent));
    }

    fn spaced(&self, left: &Piece, right: &Piece, before: Option<&Piece>) -> bool {
        let (Some(first), Some(second)) = (left.2, right.2) else { return true };
        let (l, r) = (self.word(left), self.word(right));
        let operand = |p: &Piece, t: Token| {
            matches!(t.kind, Kind::Ident | Kind::Int | Kind::Float | Kind::Str | Kind::RawStr)
                || matches!(self.word(p), ")" | "]" | "}")
        };
        let had_space = self.text[left.1 as usize..right.0 as usize].contains([' ', '\t']);
        if second.kind == Kind::Semi || matches!(r, "," | ")" | "]" | ".") || matches!(l, "(" | "[" | "." | "!") {
            return false;
        }
        if r == ":" {
            return false;
        }
        if l == ":" {
            return had_space;
        }
        if matches!(r, "(" | "[") && (operand(left, first) || l == "func") {
            return false;
        }
        let sign = matches!(l, "-" | "+") && !before.is_some_and(|b| b.2.is_some_and(|t| operand(b, t)));
        if sign {
            return false;
        }
        !(l == "{" && r == "}") && (had_space || !matches!((l, r), ("{", _) | (_, "}")))
    }
}
