//! Reads what a plan proposes and what an apply did.

use protocol::Counts;
use serde::{Deserialize, de::IgnoredAny};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

/// What matters here of `terraform show -json PLAN`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) has_changes: bool,
    pub(crate) counts: Counts,
    pub(crate) generated_configuration: bool,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    applyable: bool,
    #[serde(default)]
    resource_changes: Vec<Resource>,
    #[serde(default)]
    resource_drift: Vec<IgnoredAny>,
    #[serde(default)]
    output_changes: BTreeMap<String, Change>,
}

#[derive(Deserialize)]
struct Resource {
    mode: String,
    change: Change,
}

#[derive(Deserialize)]
struct Change {
    actions: Vec<String>,
    #[serde(default)]
    importing: Option<IgnoredAny>,
    #[serde(default)]
    generated_config: Option<IgnoredAny>,
}

impl Summary {
    /// Reads the document in `path`.
    pub(crate) fn read(path: &Path, refresh_only: bool) -> io::Result<Self> {
        Self::of(BufReader::new(File::open(path)?), refresh_only)
    }

    fn of(json: impl Read, refresh_only: bool) -> io::Result<Self> {
        let document: Document = serde_json::from_reader(json)?;
        let mut summary = Self { has_changes: document.applyable, ..Self::default() };
        for Resource { mode, change } in document.resource_changes {
            let does = |action: &str| u32::from(change.actions.iter().any(|done| done == action));
            if mode == "managed" {
                summary.counts.additions += does("create");
                summary.counts.changes += does("update");
                summary.counts.destructions += does("delete");
                summary.counts.imports += u32::from(change.importing.is_some());
            }
            summary.generated_configuration |= change.generated_config.is_some();
            summary.has_changes |= changes(&change.actions) || change.importing.is_some();
        }
        summary.has_changes |= document.output_changes.values().any(|change| changes(&change.actions));
        summary.has_changes |= refresh_only && !document.resource_drift.is_empty();
        Ok(summary)
    }
}

fn changes(actions: &[String]) -> bool {
    actions.iter().any(|action| action != "no-op" && action != "read")
}

/// What an apply says at its end about what it did, in the log at `path`: the last such line counts.
pub(crate) fn applied(path: &Path, json: bool) -> io::Result<Counts> {
    let marks: &[&[u8]] =
        if json { &[b"\"type\":\"change_summary\""] } else { &[b"Apply complete!", b"Destroy complete!"] };
    let mut counts = Counts::default();
    lines_with(path, marks, |line| {
        let read = if json { json_counts(line) } else { human_counts(line) };
        if let Some(read) = read {
            counts = read;
        }
    })?;
    Ok(counts)
}

/// Shows the lines of a log that hold one of these marks, in the order of the log where the mark is one; a line may come twice.
pub(crate) fn lines_with(path: &Path, marks: &[&[u8]], mut found: impl FnMut(&str)) -> io::Result<()> {
    // Blocks that overlap: a line of a log may be longer than the memory of the machine.
    let mut file = File::open(path)?;
    let mut window = Vec::with_capacity(2 * BLOCK);
    loop {
        let read = (&mut file).take(BLOCK as u64).read_to_end(&mut window)?;
        for mark in marks {
            for at in memchr::memmem::find_iter(&window, mark) {
                let from = window[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
                let to =
                    window[at..].iter().position(|byte| *byte == b'\n').map_or(window.len(), |newline| at + newline);
                found(&String::from_utf8_lossy(&window[from..to]));
            }
        }
        if read == 0 {
            return Ok(());
        }
        let kept = window.len().saturating_sub(OVERLAP);
        window.drain(..kept);
    }
}

const BLOCK: usize = 1 << 20;
/// Longer than the lines that are looked for.
const OVERLAP: usize = 4 << 10;

fn json_counts(line: &str) -> Option<Counts> {
    #[derive(Deserialize)]
    struct Line {
        r#type: String,
        changes: Changes,
    }
    #[derive(Deserialize)]
    struct Changes {
        #[serde(default)]
        add: u32,
        #[serde(default)]
        change: u32,
        #[serde(default)]
        import: u32,
        #[serde(default)]
        remove: u32,
        operation: String,
    }
    let Line { r#type, changes } = serde_json::from_str(line).ok()?;
    let Changes { add, change, import, remove, operation } = changes;
    let done = r#type == "change_summary" && matches!(operation.as_str(), "apply" | "destroy");
    done.then_some(Counts { additions: add, changes: change, destructions: remove, imports: import })
}

/// `Apply complete! Resources: 1 imported, 2 added, 3 changed, 4 destroyed.`
fn human_counts(line: &str) -> Option<Counts> {
    let (_, list) = line.split_once("complete! Resources: ")?;
    let mut counts = Counts::default();
    for part in list.split('.').next()?.split(", ") {
        let (number, what) = part.split_once(' ')?;
        let number = number.parse().ok()?;
        match what {
            "imported" => counts.imports = number,
            "added" => counts.additions = number,
            "changed" => counts.changes = number,
            "destroyed" => counts.destructions = number,
            _ => {}
        }
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(json: &str, refresh_only: bool) -> Summary {
        Summary::of(json.as_bytes(), refresh_only).unwrap()
    }

    #[test]
    fn a_replacement_counts_twice_and_reading_not_at_all() {
        let json = r#"{"resource_changes":[
            {"mode":"managed","change":{"actions":["delete","create"]}},
            {"mode":"managed","change":{"actions":["no-op"],"importing":{"id":"x"}}},
            {"mode":"data","change":{"actions":["read"]}}]}"#;
        let counts = Counts { additions: 1, destructions: 1, imports: 1, ..Counts::default() };
        assert_eq!(summary(json, false), Summary { has_changes: true, counts, generated_configuration: false });
    }

    #[test]
    fn outputs_alone_are_a_change_and_drift_only_when_it_is_asked_for() {
        assert!(summary(r#"{"output_changes":{"a":{"actions":["create"]}}}"#, false).has_changes);
        assert!(!summary(r#"{"output_changes":{"a":{"actions":["no-op"]}}}"#, false).has_changes);
        let drift = r#"{"resource_drift":[{"mode":"managed"}]}"#;
        assert!(!summary(drift, false).has_changes);
        assert!(summary(drift, true).has_changes);
    }

    #[test]
    fn the_last_summary_of_an_apply_counts_wherever_the_blocks_end() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut log = b"Apply complete! Resources: 9 added, 9 changed, 9 destroyed.\n".to_vec();
        log.resize(BLOCK - 20, b'x');
        log.extend_from_slice(b"\n\x1b[0m\x1b[1m\x1b[32mApply complete! Resources: 1 imported, 2 added, 3 changed, 4 destroyed.\x1b[0m\nOutputs:\n");
        std::fs::write(file.path(), &log).unwrap();
        let counts = Counts { additions: 2, changes: 3, destructions: 4, imports: 1 };
        assert_eq!(applied(file.path(), false).unwrap(), counts);
        let line =
            r#"{"type":"change_summary","changes":{"add":2,"change":3,"import":1,"remove":4,"operation":"apply"}}"#;
        std::fs::write(file.path(), format!("Terraform\n{line}\n")).unwrap();
        assert_eq!(applied(file.path(), true).unwrap(), counts);
    }
}
