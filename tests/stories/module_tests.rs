//! `terraform test -cloud-run`: modules of the registry tested here, as their author's own terraform would.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use terrane_tests::process::eventually;
use terrane_tests::terminal::says;
use terrane_tests::{Cli, ORGANIZATION, Stage, settings};

use crate::stories;

stories! {
    CLOUD:
        tests_pass_and_fail_as_at_home,
        what_is_chosen_is_tested,
        programs_read_every_line_as_json,
        an_interrupt_destroys_what_a_test_made;
}

const MODULE: &str = "\
variable \"word\" {
  type    = string
  default = \"hello\"
}
resource \"terraform_data\" \"it\" {
  input = var.word
}
output \"word\" {
  value = terraform_data.it.output
}
";

/// A file of tests with one run, which wants this word.
fn wants(word: &str) -> String {
    format!(
        "run \"it_says_{word}\" {{\n  assert {{\n    condition     = output.word == {word:?}\n    error_message = \"it says ${{output.word}}\"\n  }}\n}}\n"
    )
}

/// A person with the module and its tests, which are published as `greeting` for `test`; and what names it to terraform.
fn published(stage: &Stage) -> (Cli, String) {
    let attributes = json!({ "name": "greeting", "provider": "test", "registry-name": "private" });
    let document = json!({ "data": { "type": "registry-modules", "attributes": attributes } });
    let _ = stage.api().post(&format!("organizations/{ORGANIZATION}/registry-modules"), &document).is(&[201]);
    let cli = stage.cli();
    cli.write("main.tf", MODULE)
        .write("tests/hello.tftest.hcl", &wants("hello"))
        .write("tests/welcome.tftest.hcl", &wants("welcome"))
        .write("other/goodbye.tftest.hcl", &wants("goodbye"));
    cli.good(&["init"]);
    (cli, format!("-cloud-run={}/{ORGANIZATION}/greeting/test", stage.server.host()))
}

/// The newest test, as the API tells it.
fn newest(stage: &Stage) -> Value {
    let path =
        format!("organizations/{ORGANIZATION}/tests/registry-modules/private/{ORGANIZATION}/greeting/test/test-runs");
    stage.api().get(&path).is(&[200]).data()[0]["attributes"].clone()
}

fn told(test: &Value) -> (&str, &str) {
    (test["status"].as_str().expect("a status"), test["test-status"].as_str().expect("a verdict"))
}

fn tests_pass_and_fail_as_at_home(stage: &mut Stage) {
    let (cli, cloud) = published(stage);
    let shown = cli.bad(&["test", &cloud]);
    assert!(says(&shown, "it_says_hello... pass"), "{shown}");
    assert!(says(&shown, "it_says_welcome... fail"), "{shown}");
    assert!(says(&shown, "it says hello"), "{shown}");
    assert!(says(&shown, "Failure! 1 passed, 1 failed."), "{shown}");
    let test = newest(stage);
    assert_eq!(told(&test), ("finished", "fail"), "{test}");
    assert_eq!((&test["tests-passed"], &test["tests-failed"]), (&json!(1), &json!(1)), "{test}");
    assert_eq!(test["terraform-version"], cli.version().number(), "it is tested with the version of who asks");

    cli.write("tests/welcome.tftest.hcl", &wants("hello").replace("it_says", "again"));
    let shown = cli.good(&["test", &cloud]);
    assert!(says(&shown, "Success! 2 passed, 0 failed."), "{shown}");
    assert_eq!(told(&newest(stage)), ("finished", "pass"));

    // What is wrong with the module itself is told as well.
    cli.write("tests/broken.tftest.hcl", "run \"it\" {\n  variables {\n    word = var.nobody\n  }\n}\n");
    let shown = cli.bad(&["test", &cloud]);
    assert!(says(&shown, "nobody"), "{shown}");
    let workspaces = stage.api().get(&format!("organizations/{ORGANIZATION}/workspaces")).is(&[200]).data();
    assert_eq!(workspaces, json!([]), "a test leaves a workspace that people see");
}

fn what_is_chosen_is_tested(stage: &mut Stage) {
    let (cli, cloud) = published(stage);
    let hello = "-filter=tests/hello.tftest.hcl";
    let shown = cli.good(&["test", &cloud, hello]);
    assert!(says(&shown, "Success! 1 passed, 0 failed."), "{shown}");
    let shown = cli.good(&["test", &cloud, "-filter=tests/welcome.tftest.hcl", "-var=word=welcome"]);
    assert!(says(&shown, "it_says_welcome... pass"), "{shown}");
    let shown = cli.good(&["test", &cloud, "-test-directory=other", "-var", "word=goodbye"]);
    assert!(says(&shown, "it_says_goodbye... pass") && says(&shown, "Success! 1 passed"), "{shown}");
    let shown = cli.good(&["test", &cloud, hello, "-verbose"]);
    assert!(says(&shown, "resource \"terraform_data\" \"it\""), "{shown}");
    // Another module of the same name is none of ours.
    let elsewhere = cloud.replace("greeting", "nothing");
    let shown = cli.bad(&["test", &elsewhere]);
    assert!(says(&shown, "was not found"), "{shown}");
}

fn programs_read_every_line_as_json(stage: &mut Stage) {
    let (cli, cloud) = published(stage);
    let output = cli.piped(&["test", "-json", &cloud]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line:?} is no JSON: {error}\n{text}")))
        .collect();
    let summary = lines.iter().find(|line| line["type"] == "test_summary").expect("a summary");
    assert_eq!(
        (&summary["test_summary"]["passed"], &summary["test_summary"]["failed"]),
        (&json!(1), &json!(1)),
        "{text}"
    );
}

/// One resource that is there at once, and says when it is destroyed; and one that takes a while: terraform goes on with what it creates
/// when it is interrupted once, and destroys all of it then.
const SLOW: &str = "\
resource \"terraform_data\" \"quick\" {
  provisioner \"local-exec\" {
    command = \"touch made\"
  }
  provisioner \"local-exec\" {
    when    = destroy
    command = \"mv made gone; sleep 2\"
  }
}
resource \"terraform_data\" \"slow\" {
  depends_on = [terraform_data.quick]
  provisioner \"local-exec\" {
    command = \"sleep 6\"
  }
}
";

fn an_interrupt_destroys_what_a_test_made(stage: &mut Stage) {
    let (cli, cloud) = published(stage);
    cli.write("main.tf", SLOW).write("tests/hello.tftest.hcl", "run \"first\" {}\nrun \"never\" {}\n");
    let mut test = cli.start(&["test", &cloud, "-filter=tests/hello.tftest.hcl"]);
    // Elsewhere than in processes of the server itself, nobody sees what lies in a work directory.
    let seen = settings::executor().is_empty();
    let there = |name: &'static str| {
        let found = || works(stage).into_iter().any(|work| work.join(name).exists()).then_some(());
        eventually(name, Duration::from_secs(60), found);
    };
    if seen {
        there("made");
    } else {
        test.expect("hello.tftest.hcl... in progress");
    }
    test.interrupt();
    if seen {
        there("gone");
    }
    let shown = test.exits(1);
    let ended = newest(stage);
    assert_eq!(told(&ended), ("canceled", "error"), "{shown}");
    let reason = ended["reason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("interrupted while it tested"), "{reason}: {shown}");
    assert!(says(&shown, "Interrupt received") && !says(&shown, "never... pass"), "{shown}");
}

/// The configurations of the phases that execute now.
fn works(stage: &Stage) -> Vec<PathBuf> {
    let runs = (0..stage.server.nodes()).map(|number| stage.server.node(number).data().join("runs"));
    runs.filter_map(|runs| std::fs::read_dir(runs).ok()).flatten().flatten().map(|run| run.path().join("w/c")).collect()
}
