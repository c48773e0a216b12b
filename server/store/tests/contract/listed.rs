//! A store function that no contract test calls fails here.

use std::{collections::BTreeSet, fs, path::Path};

/// The files of a folder with what they belong to: those of a folder inside belong to that.
fn source(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            files.extend(source(&path).into_iter().map(|(_, text)| (module.clone(), text)));
        } else {
            files.push((module, fs::read_to_string(path).unwrap()));
        }
    }
    files
}

#[test]
fn every_store_function_is_called() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut public = BTreeSet::new();
    for (module, text) in source(&root.join("src")) {
        for part in text.split("pub async fn ").skip(1) {
            let name: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if part[name.len()..].trim_start_matches('(').trim_start().starts_with("tx: &mut Tx") {
                public.insert(format!("{module}::{name}"));
            }
        }
    }
    assert!(public.len() > 60, "the source is read: {public:?}");
    let tests: String =
        source(&root.join("tests/contract")).into_iter().map(|(_, text)| text.replace("ws::", "workspace::")).collect();
    let called = |name: &&String| tests.contains(&format!("{name}(&mut tx")) || tests.contains(&format!("{name}(tx"));
    let missing: Vec<_> = public.iter().filter(|name| !called(name)).collect();
    assert!(missing.is_empty(), "no contract test calls {missing:#?}");
}
