//! One line of a log, for reading: text with colours, or the text of a JSON line.

use super::ansi;
use serde::{Deserialize, Serialize};

/// A piece of a line: its classes and its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Part(pub(crate) String, pub(crate) String);

/// The most bytes of a line that are shown.
const SHOWN: usize = 16 * 1024;

/// What engines say about a line of `-json` that people read.
#[derive(Deserialize)]
struct Said {
    #[serde(rename = "@message")]
    message: String,
    #[serde(rename = "@level", default)]
    level: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    diagnostic: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct Diagnostic {
    #[serde(default)]
    severity: String,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    range: Option<Range>,
    #[serde(default)]
    snippet: Option<Snippet>,
}

#[derive(Deserialize)]
struct Range {
    #[serde(default)]
    filename: String,
    #[serde(default)]
    start: Position,
}

#[derive(Deserialize, Default)]
struct Position {
    #[serde(default)]
    line: i64,
}

#[derive(Deserialize)]
struct Snippet {
    #[serde(default)]
    code: String,
}

/// The lines that this line of a log is shown as. `dropped` of its bytes are not there.
pub(super) fn render(bytes: &[u8], dropped: u64) -> Vec<Vec<Part>> {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    if bytes == b"\x02" || bytes == b"\x03" {
        return Vec::new(); // the frame of a log, for the CLI
    }
    let json = bytes.strip_prefix(b"\x02").unwrap_or(bytes);
    if dropped == 0
        && json.starts_with(b"{")
        && let Ok(said) = serde_json::from_slice::<Said>(json.strip_suffix(b"\x03").unwrap_or(json))
    {
        return spoken(&said);
    }
    let (shown, rest) = bytes.split_at(bytes.len().min(SHOWN));
    let mut parts = ansi::parts(&String::from_utf8_lossy(shown));
    let more = rest.len() as u64 + dropped;
    if more > 0 {
        parts.push(Part("dim".into(), format!(" … {more} more bytes in the full log")));
    }
    vec![parts]
}

fn spoken(said: &Said) -> Vec<Vec<Part>> {
    let Some(diagnostic) = &said.diagnostic else {
        let class = match (said.level.as_str(), said.kind.as_str()) {
            ("error", _) => "red",
            ("warn", _) => "yellow",
            (_, "change_summary") => "bold",
            (_, "planned_change" | "resource_drift") => "cyan",
            _ => "",
        };
        return said.message.lines().map(|line| plain(class, line)).collect();
    };
    let (class, word) = if diagnostic.severity == "warning" { ("yellow", "Warning") } else { ("red", "Error") };
    let mut lines = vec![Vec::new(), plain(&format!("bold {class}"), &format!("{word}: {}", diagnostic.summary))];
    let place = diagnostic.range.as_ref().map(|range| format!("on {} line {}", range.filename, range.start.line));
    let address = diagnostic.address.as_ref().map(|address| format!("with {address}"));
    lines.extend(address.into_iter().chain(place).map(|text| plain("dim", &format!("  {text}"))));
    let code = diagnostic.snippet.iter().flat_map(|snippet| snippet.code.lines());
    lines.extend(code.map(|line| plain("dim", &format!("    {line}"))));
    lines.extend(diagnostic.detail.lines().map(|line| plain("", line)));
    lines
}

/// A line of one class; what it holds of colours and controls is left out.
fn plain(class: &str, text: &str) -> Vec<Part> {
    let text: String = ansi::parts(text).into_iter().map(|Part(_, text)| text).collect();
    vec![Part(class.to_owned(), text)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Vec<String> {
        render(bytes, 0).iter().map(|line| line.iter().map(|part| part.1.as_str()).collect()).collect()
    }

    #[test]
    fn json_lines_are_read_aloud() {
        let line = br#"{"@level":"info","@message":"Plan: 1 to add","type":"change_summary"}"#;
        assert_eq!(render(line, 0), [[Part("bold".into(), "Plan: 1 to add".into())]]);
        let line = br#"{"@level":"error","@message":"Error: No","type":"diagnostic","diagnostic":{"severity":"error","summary":"No",
            "detail":"Because.\nReally.","address":"a.b","range":{"filename":"main.tf","start":{"line":3}},"snippet":{"code":"x = 1"}}}"#;
        let said = ["", "Error: No", "  with a.b", "  on main.tf line 3", "    x = 1", "Because.", "Really."];
        assert_eq!(text(line), said);
    }

    #[test]
    fn what_only_looks_like_json_is_text() {
        for line in ["{\"a\":1}", "{", "{\"@message\":1}"] {
            assert_eq!(text(line.as_bytes()), [line]);
        }
    }

    #[test]
    fn the_frame_is_left_out() {
        assert!(render(b"\x02", 0).is_empty());
        assert_eq!(text(b"\x02Terraform v1\x03"), ["Terraform v1"]);
    }
}
