//! What a run can reach: nothing of the server's, nothing of another run's.

use serde_json::json;
use terrane_tests::{Slug, Stage};

use crate::stories;

stories! {
    NONE: a_run_reads_neither_keys_nor_database_nor_environment;
}

fn a_run_reads_neither_keys_nor_database_nor_environment(stage: &mut Stage) {
    let id =
        stage.create_workspace("app", json!({ "auto-apply": true, "terraform-version": stage.version().number() }));
    let data = stage.server.data();
    let server = stage.server.pid();
    let data = data.display();
    // Each attempt says `reached` if it gets anything at all.
    let attempts = [
        format!("ls -A {data} | grep -v '^run' | head -c 1"),
        format!("cat {data}/master.key {data}/*.key"),
        format!("cat {data}/*.db {data}/*.sqlite {data}/*.sqlite3"),
        format!("find {data} -name '*key*' -o -name '*.db*' -o -name '*.sqlite*' -o -name '*.sock'"),
        format!("cat /proc/{server}/environ"),
        format!("cat /proc/{server}/cmdline"),
        "env | grep -i -e TERRANE_ -e MASTER".to_owned(),
        "cat /etc/shadow".to_owned(),
        "cat ~root/.bashrc ~root/.ssh/*".to_owned(),
        format!("kill -9 {server} && echo killed"),
    ];
    let script: Vec<_> = attempts
        .iter()
        .enumerate()
        .map(|(number, attempt)| {
            format!("got=$({attempt} 2>/dev/null); [ -z \"$got\" ] || printf 'rea%s {number}\\n' ched")
        })
        .collect();
    let script = script.join("\n") + "\nprintf 'tried-%s\\n' all\n";
    let main = "resource \"terraform_data\" \"it\" {\n  provisioner \"local-exec\" {\n    command = \"sh ./probe.sh\"\n  }\n}\n";
    let slug = Slug::pack(&[("main.tf", main), ("probe.sh", &script)]);
    let run = stage.queue(&id, &stage.uploaded(&id, false, &slug), &json!({}));
    let run = stage.reaches(&run, &["applied"]);
    let log = stage.log(&run, "apply");
    assert!(log.contains("tried-all"), "the probe did not run: {log}");
    let reached: Vec<_> =
        attempts.iter().enumerate().filter(|(number, _)| log.contains(&format!("reached {number}\n"))).collect();
    assert!(reached.is_empty(), "a run got an answer to {reached:?}: {log}");
    let _ = stage.server.api("").get("/healthz").is(&[200]);
}
