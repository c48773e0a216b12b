//! Gathers the definition files into one table, so that a new type needs no line of code, and refuses to build one that
//! cannot be read or whose prices are not in the catalogue.

#[path = "src/definition/claims.rs"]
mod claims;
#[path = "src/definition/language/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the engine runs what is only checked here")]
mod language;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use claims::Keys;
use language::parse;

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script its folders through the environment")]
fn main() {
    let home = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let root = home.join("definitions");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let catalogue = home.join("catalogue/prices.zst");
    println!("cargo::rerun-if-changed={}", catalogue.display());
    let prices = prices(&catalogue);
    let keys = Keys::of(&prices);
    let fragments = fs::read_to_string(root.join("fragments.def")).unwrap_or_default();
    let fragments =
        parse::fragments(&fragments).unwrap_or_else(|(line, what)| panic!("definitions/fragments.def:{line}: {what}"));
    let mut wrong = String::new();
    let mut table = String::from("pub(super) static FILES: &[(&str, &str)] = &[\n");
    let mut types: Vec<(String, usize)> = Vec::new();
    let definitions = files.iter().filter(|file| !file.ends_with("fragments.def"));
    for (at, file) in definitions.enumerate() {
        println!("cargo::rerun-if-changed={}", file.display());
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let name = file.strip_prefix(&root).unwrap_or(file).display().to_string();
        match parse::definition(&text) {
            Ok(definition) => {
                types.extend(definition.types.iter().map(|name| (name.clone(), at)));
                for what in claims::wrong(&definition, &fragments, &keys) {
                    let _ = writeln!(wrong, "definitions/{name}: {what}");
                }
            }
            Err((line, what)) => {
                let _ = writeln!(wrong, "definitions/{name}:{line}: {what}");
            }
        }
        let _ = writeln!(table, "    ({name:?}, include_str!({:?})),", file.display().to_string());
    }
    assert!(wrong.is_empty(), "the price definitions do not hold:\n{wrong}");
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

/// The text of the committed catalogue. A new price comes into it before a definition asks for it: first the table and
/// `terrane prices build`, then the definition.
fn prices(catalogue: &Path) -> String {
    let packed = fs::read(catalogue).unwrap_or_else(|error| panic!("{}: {error}", catalogue.display()));
    let text = zstd::bulk::decompress(&packed, 64 << 20);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", catalogue.display()));
    String::from_utf8(text).unwrap_or_else(|error| panic!("{}: {error}", catalogue.display()))
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
