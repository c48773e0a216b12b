//! A store function that no contract test calls fails here.

use std::{collections::BTreeSet, fs, path::Path};

fn source(folder: &str) -> Vec<(String, String)> {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    let read =
        |path: &Path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap());
    files.map(|file| read(&file.unwrap().path())).collect()
}

#[test]
fn every_store_function_is_called() {
    let mut public = BTreeSet::new();
    for (module, text) in source("src") {
        for part in text.split("pub async fn ").skip(1) {
            let name: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if part[name.len()..].trim_start_matches('(').trim_start().starts_with("tx: &mut Tx") {
                public.insert(format!("{module}::{name}"));
            }
        }
    }
    assert!(public.len() > 60, "the source is read: {public:?}");
    let tests: String =
        source("tests/contract").into_iter().map(|(_, text)| text.replace("ws::", "workspace::")).collect();
    let called = |name: &&String| tests.contains(&format!("{name}(&mut tx")) || tests.contains(&format!("{name}(tx"));
    let missing: Vec<_> = public.iter().filter(|name| !called(name)).collect();
    assert!(missing.is_empty(), "no contract test calls {missing:#?}");
}
