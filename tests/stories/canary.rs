//! A secret that is seeded into states, variables, outputs and logs of the house is found in no file, no database and no log.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use terrane_tests::{Stage, settings};

use crate::stories;

stories! {
    NONE: no_secret_lies_in_the_clear;
}

/// Three secrets, so that a finding says which way it took. No compression leaves them readable by chance.
const IN_STATE: &str = "canary-Vq7mT2xKp9-state";
const IN_VARIABLE: &str = "canary-Wn4cR8zLd3-variable";
const IN_OUTPUT: &str = "canary-Jy6bF1sHg5-output";

fn configuration() -> String {
    format!(
        "variable \"secret\" {{\n  sensitive = true\n}}\n\
         resource \"terraform_data\" \"it\" {{\n  input = {IN_STATE:?}\n}}\n\
         resource \"terraform_data\" \"of_variable\" {{\n  input = var.secret\n}}\n\
         output \"it\" {{\n  value = {IN_OUTPUT:?}\n  sensitive = true\n}}\n"
    )
}

fn no_secret_lies_in_the_clear(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + &configuration())).good(&["init"]);
    let id = stage.workspace_id("app");
    let variable =
        json!({ "key": "secret", "value": IN_VARIABLE, "category": "terraform", "hcl": false, "sensitive": true });
    let document = json!({ "data": { "type": "vars", "attributes": variable } });
    let answer = stage.api().post(&format!("workspaces/{id}/vars"), &document).is(&[201]).text();
    assert!(!answer.contains(IN_VARIABLE), "a sensitive variable was answered");
    cli.good(&["apply", "-auto-approve"]);

    // They did arrive: otherwise nothing is proved below.
    let state = String::from_utf8(stage.state("app").expect("a state")).expect("UTF-8");
    for secret in [IN_STATE, IN_VARIABLE, IN_OUTPUT] {
        assert!(state.contains(secret), "{secret} is not even in the state");
    }
    assert_eq!(cli.bytes(&["output", "-raw", "it"]), IN_OUTPUT.as_bytes());
    let listed = stage.api().get(&format!("workspaces/{id}/vars")).is(&[200]).text();
    assert!(!listed.contains(IN_VARIABLE), "a sensitive variable was listed");

    search(&stage.server.folder().join("data"));
    search(stage.server.folder());
    if let Some(url) = stage.server.postgres() {
        let dump = Command::new(settings::postgres_programs().join("pg_dump")).arg(url).output().expect("run pg_dump");
        assert!(dump.status.success(), "pg_dump: {}", String::from_utf8_lossy(&dump.stderr));
        assert!(dump.stdout.len() > 1_000, "the dump is empty");
        look(Path::new("pg_dump"), &dump.stdout);
    }
    assert!(
        !String::from_utf8_lossy(&fs::read(stage.server.folder().join("server.log")).expect("a log"))
            .contains(&stage.token)
    );
}

fn search(folder: &Path) {
    for entry in fs::read_dir(folder).expect("read a folder").flatten() {
        let (path, kind) = (entry.path(), entry.file_type().expect("the kind of a file"));
        if kind.is_dir() {
            search(&path);
        } else if kind.is_file() {
            look(&path, &fs::read(&path).unwrap_or_default());
        }
    }
}

/// Looks for each secret as it is, and in the two ways in which bytes are written down as text.
fn look(place: &Path, bytes: &[u8]) {
    use base64::Engine as _;
    for secret in [IN_STATE, IN_VARIABLE, IN_OUTPUT] {
        let middle = &secret[7..19];
        let hex: String = middle.bytes().map(|byte| format!("{byte:02x}")).collect();
        // Whatever its offset in what was encoded, one of three shifts shows.
        let shifted = (0..3).map(|shift| {
            let encoded = base64::prelude::BASE64_STANDARD_NO_PAD.encode(format!("{}{middle}", "x".repeat(shift)));
            encoded[4..encoded.len() - 4].to_owned()
        });
        for form in [middle.to_owned(), hex].into_iter().chain(shifted) {
            let found = bytes.windows(form.len()).any(|window| window == form.as_bytes());
            assert!(!found, "{secret} stands in {} as {form}", place.display());
        }
    }
}
