//! Colours of terminals as names of classes. Everything else that a terminal would obey is left out.

use super::line::Part;

#[derive(Default, Clone, Copy, PartialEq, Eq)]
struct Style {
    bold: bool,
    dim: bool,
    underline: bool,
    colour: Option<u8>,
}

const COLOURS: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

impl Style {
    fn class(self) -> String {
        let mut names = Vec::new();
        names.extend(self.bold.then_some("bold"));
        names.extend(self.dim.then_some("dim"));
        names.extend(self.underline.then_some("underline"));
        names.extend(self.colour.and_then(|colour| COLOURS.get(usize::from(colour)).copied()));
        names.join(" ")
    }
    /// Obeys `ESC [ parameters m`.
    fn select(&mut self, parameters: &str) {
        let mut codes = parameters.split([';', ':']).map(|code| code.parse::<u16>().unwrap_or(0));
        while let Some(code) = codes.next() {
            match code {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                4 => self.underline = true,
                22 => (self.bold, self.dim) = (false, false),
                24 => self.underline = false,
                30..=37 => self.colour = u8::try_from(code - 30).ok(),
                90..=97 => self.colour = u8::try_from(code - 90).ok(),
                39 => self.colour = None,
                // A colour by number or by red, green and blue: its parameters are no codes.
                38 | 48 => match codes.next() {
                    Some(5) => drop(codes.next()),
                    Some(2) => drop((codes.next(), codes.next(), codes.next())),
                    _ => {}
                },
                _ => {}
            }
        }
    }
}

/// The parts of a line of text, none of which holds a control character but the tabulator.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let (mut style, mut plain) = (Style::default(), String::new());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            if c == '\t' || !is_hidden(c) {
                plain.push(c);
            }
            continue;
        }
        match chars.next() {
            Some('[') => {
                let mut parameters = String::new();
                let mut end = None;
                for c in chars.by_ref() {
                    if ('\u{40}'..='\u{7e}').contains(&c) {
                        end = Some(c);
                        break;
                    }
                    if parameters.len() < 64 {
                        parameters.push(c);
                    }
                }
                if end == Some('m') {
                    let before = style;
                    style.select(&parameters);
                    if style != before && !plain.is_empty() {
                        parts.push(Part(before.class(), std::mem::take(&mut plain)));
                    }
                }
            }
            // A title or a link: up to its end.
            Some(']' | 'P' | '_' | '^' | 'X') => {
                while let Some(c) = chars.next() {
                    if c == '\u{7}' {
                        break;
                    }
                    if c == '\u{1b}' {
                        chars.next_if_eq(&'\\');
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    if !plain.is_empty() {
        parts.push(Part(style.class(), plain));
    }
    parts
}

/// Control characters, and those that turn the direction of what follows: a log must look like what it says.
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<(String, String)> {
        parts(text).into_iter().map(|Part(class, text)| (class, text)).collect()
    }
    fn part(class: &str, text: &str) -> (String, String) {
        (class.to_owned(), text.to_owned())
    }

    #[test]
    fn colours_become_classes() {
        let line = "\u{1b}[1m\u{1b}[32m+\u{1b}[0m create \u{1b}[38;5;31;4mx\u{1b}[24;91my";
        let parts = [part("bold green", "+"), part("", " create "), part("underline", "x"), part("red", "y")];
        assert_eq!(said(line), parts);
    }

    #[test]
    fn nothing_else_is_obeyed() {
        let hostile =
            "\u{2}a\u{1b}]8;;https://evil\u{7}b\u{1b}]0;t\u{1b}\\c\u{1b}[2Jd\u{8}\u{1b}[31e\u{202e}f\u{3}\u{1b}";
        assert_eq!(said(hostile), [part("", "abcdf")].map(|p| p));
    }
}
