//! Gathers the definition files into one table, so that a new type needs no line of code.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script its folders through the environment")]
fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("definitions");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let mut table = String::from("pub(super) static FILES: &[(&str, &str)] = &[\n");
    let mut types: Vec<(String, usize)> = Vec::new();
    let definitions = files.iter().filter(|file| !file.ends_with("fragments.def"));
    for (at, file) in definitions.enumerate() {
        println!("cargo::rerun-if-changed={}", file.display());
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for line in text.lines().filter_map(|line| line.strip_prefix("type ")) {
            types.extend(line.split_whitespace().map(|name| (name.to_owned(), at)));
        }
        let name = file.strip_prefix(&root).unwrap_or(file).display().to_string();
        let _ = writeln!(table, "    ({name:?}, include_str!({:?})),", file.display().to_string());
    }
    types.sort();
    for pair in types.windows(2) {
        assert!(pair[0].0 != pair[1].0, "{} is defined twice", pair[0].0);
    }
    table.push_str("];\n/// Type and the place of its file, sorted.\npub(super) static TYPES: &[(&str, usize)] = &[\n");
    for (name, at) in &types {
        let _ = writeln!(table, "    ({name:?}, {at}),");
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("definitions.rs");
    fs::write(&out, table).unwrap_or_else(|error| panic!("{}: {error}", out.display()));
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "def") {
            files.push(path);
        }
    }
}
