//! Damaged sources, configurations and plans end in a diagnostic or a verdict, never in a panic.

use std::sync::Arc;

use terrane_sentinel::config::Configuration;
use terrane_sentinel::{Program, Run};

/// A small generator with a fixed seed: the same damage in every run.
struct Damage(u64);

impl Damage {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % below.max(1)
    }

    fn apply(&mut self, text: &str) -> Vec<u8> {
        const PIECES: [&str; 16] = [
            "(",
            ")",
            "[",
            "{",
            "}",
            ".",
            " not ",
            " is ",
            "rule {",
            "func(x) {",
            "-",
            "undefined",
            "\n",
            "0x",
            "\"",
            "é",
        ];
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=self.next(4) {
            let at = self.next(bytes.len());
            match self.next(3) {
                0 => drop(bytes.drain(at..(at + self.next(12)).min(bytes.len()))),
                1 => drop(bytes.splice(at..at, PIECES[self.next(PIECES.len())].bytes())),
                _ => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << self.next(7);
                    }
                }
            }
        }
        bytes
    }
}

#[test]
fn damaged_programs() {
    let mut damage = Damage(7);
    let programs =
        include_str!("vectors/programs.txt").split("\n===\n").filter_map(|b| b.trim_start().split_once('\n'));
    let expressions = include_str!("vectors/expressions.txt").lines().filter_map(|l| l.split_once(" -> "));
    let imports = "import \"strings\"\nimport \"decimal\"\nimport \"version\"\nimport \"time\"\nimport \"collection/maps\" as maps\n";
    let sources: Vec<String> = programs
        .map(|(_, source)| source.to_owned())
        .chain(expressions.map(|(e, _)| format!("{imports}v = {e}\nmain = v\n")))
        .collect();
    let mut evaluated = 0;
    for source in &sources {
        for _ in 0..12 {
            let bytes = damage.apply(source);
            match Program::parse("p", &bytes) {
                Ok(program) => {
                    let mut run = Run::new(Arc::new(program));
                    (run.limits.steps, run.limits.memory) = (100_000, 16 << 20);
                    let report = run.evaluate();
                    let message = report.error.map(|(m, _)| m).unwrap_or_default();
                    assert!(!message.contains("the engine failed"), "{}", String::from_utf8_lossy(&bytes));
                    evaluated += 1;
                }
                Err(problem) => {
                    assert!(!problem.message.contains("the parser failed"), "{}", String::from_utf8_lossy(&bytes));
                }
            }
            if let Ok(text) = std::str::from_utf8(&bytes) {
                let _ = terrane_sentinel::format::format("p", text);
            }
        }
    }
    assert!(evaluated > 300, "too few damaged programs still run: {evaluated}");
}

#[test]
fn damaged_configurations() {
    let mut damage = Damage(11);
    let hcl = "policy \"a\" {\n source = \"./a\"\n params = { x = [1, -2.5e3] }\n}\nmock \"tfplan/v2\" { module { source = \"m\" } }\n\
               global \"g\" { value = <<-E\n  text\n  E\n}\n# note\ntest { rules = { main = true } }\n";
    let json = r#"{"mock": {"a": {"data": {"x": 1}}, "b": "f.sentinel"}, "modules": {"m": {"path": "p"}}, "test": {"main": true}}"#;
    let mut read = 0;
    for _ in 0..3000 {
        read += usize::from(Configuration::parse("a.hcl", &damage.apply(hcl)).is_ok());
        read += usize::from(Configuration::parse("a.json", &damage.apply(json)).is_ok());
    }
    assert!(read > 20, "too few damaged configurations can still be read: {read}");
}
