//! Runs in containers: each of its own version, behind a wall of its own.

use std::time::Duration;

use serde_json::{Value, json};
use terrane_tests::{Server, Slug, Stage, Version, process, settings};

use crate::{runners, stories};

stories! {
    NONE:
        three_versions_apply_side_by_side,
        an_image_that_is_missing_is_named,
        an_apply_in_a_container_survives_the_server,
        a_plan_in_a_container_begins_again_after_the_server,
        an_apply_in_a_container_survives_its_runner,
        a_plan_in_a_container_begins_again_after_its_runner,
        an_image_that_a_workspace_names_is_shown_on_its_run,
}

/// A second stage, whose runs are executed in containers; nothing when the tests were told to do without an engine.
fn contained(stage: &Stage, flags: &[&str]) -> Option<Stage> {
    let mut all = settings::docker()?;
    all.extend(flags.iter().map(|&flag| flag.to_owned()));
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    Some(Stage::on(Server::start_with(stage.server.database(), &all), Version::V1_11_4))
}

const SLOW: &str = "resource \"terraform_data\" \"first\" {}\nresource \"terraform_data\" \"second\" {\n  depends_on = [terraform_data.first]\n  \
                    provisioner \"local-exec\" { command = \"echo now-it-waits; sleep 6; echo now-it-goes-on\" }\n}\n";

fn three_versions_apply_side_by_side(stage: &mut Stage) {
    let Some(stage) = contained(stage, &[]) else { return };
    let main = "resource \"null_resource\" \"it\" {}\noutput \"where\" {\n  value = terraform.workspace\n}\n";
    let slug = Slug::pack(&[("main.tf", main)]);
    let versions = ["1.0.3", "1.11.4", "1.15.5"];
    let runs = versions.map(|version| {
        let name = format!("app-{}", version.replace('.', "-"));
        let id = stage.create_workspace(&name, json!({ "auto-apply": true, "terraform-version": version }));
        (version, name, stage.queue(&id, &stage.uploaded(&id, false, &slug), &json!({})))
    });
    for (version, name, run) in runs {
        let run = stage.reaches(&run, &["applied"]);
        for phase in ["plan", "apply"] {
            let log = stage.log(&run, phase);
            assert!(log.starts_with(&format!("Terraform v{version}\n")), "{log}");
        }
        let state: Value = serde_json::from_slice(&stage.state(&name).expect("a state")).expect("JSON");
        assert_eq!(state["terraform_version"], version);
        assert_eq!(state["outputs"]["where"]["value"], name);
    }
    stage.leave();
}

fn an_image_that_is_missing_is_named(stage: &mut Stage) {
    let Some(stage) = contained(stage, &[]) else { return };
    let id = stage.create_workspace("app", json!({ "terraform-version": "1.2.9" }));
    let run = stage.queue(&id, &stage.uploaded(&id, true, &Slug::pack(&[("main.tf", "")])), &json!({}));
    let run = stage.reaches(&run, &["errored"]);
    let log = stage.log(&run, "plan");
    assert!(log.contains("hashicorp/terraform:1.2.9") && log.contains("pull policy"), "{log}");
    stage.leave();
}

fn an_apply_in_a_container_survives_the_server(stage: &mut Stage) {
    let Some(mut stage) = contained(stage, &[]) else { return };
    let id = stage.create_workspace("app", json!({ "auto-apply": true, "terraform-version": "1.11.4" }));
    let run = stage.queue(&id, &stage.uploaded(&id, false, &Slug::pack(&[("main.tf", SLOW)])), &json!({}));
    stage.logs_say(&run, "apply", "now-it-waits");
    stage.server.kill();
    stage.server.restart();
    let run = stage.reaches(&run, &["applied"]);
    let log = stage.log(&run, "apply");
    for said in ["Terraform v1.11.4\n", ": now-it-waits", ": now-it-goes-on", "Apply complete!"] {
        // The command itself is in the log too, but not after a prefix of the resource.
        let lines = log.lines().filter(|line| !line.contains("Executing")).collect::<Vec<_>>().join("\n") + "\n";
        assert_eq!(plain(&lines).matches(said).count(), 1, "{said} in {log}");
    }
    let state: Value = serde_json::from_slice(&stage.state("app").expect("a state")).expect("JSON");
    assert_eq!(state["resources"].as_array().map(Vec::len), Some(2));
    stage.leave();
}

fn a_plan_in_a_container_begins_again_after_the_server(stage: &mut Stage) {
    let Some(mut stage) = contained(stage, &[]) else { return };
    let main = "resource \"terraform_data\" \"it\" {}\n";
    let id = stage.create_workspace("app", json!({ "terraform-version": "1.11.4" }));
    let run = stage.queue(&id, &stage.uploaded(&id, true, &Slug::pack(&[("main.tf", main)])), &json!({}));
    process::eventually("the plan to be started", Duration::from_secs(60), || {
        let status = stage.run(&run)["attributes"]["status"].clone();
        (status != "pending" && status != "plan_queued").then_some(())
    });
    stage.server.kill();
    stage.server.restart();
    stage.reaches(&run, &["planned_and_finished"]);
    stage.leave();
}

fn an_apply_in_a_container_survives_its_runner(stage: &mut Stage) {
    let Some(executor) = settings::docker() else { return };
    runners::apply_with_a_killed_runner(stage, &executor);
}

fn a_plan_in_a_container_begins_again_after_its_runner(stage: &mut Stage) {
    let Some(executor) = settings::docker() else { return };
    runners::plan_with_a_killed_runner(stage, &executor);
}

fn an_image_that_a_workspace_names_is_shown_on_its_run(stage: &mut Stage) {
    let Some(stage) = contained(stage, &[]) else { return };
    let image = "terrane.test/debian:{version}";
    let wanted = json!({ "auto-apply": true, "terraform-version": "1.15.5", "execution-image": image });
    let id = stage.create_workspace("app", wanted);
    let slug = Slug::pack(&[("main.tf", "resource \"terraform_data\" \"it\" {}\n")]);
    let run = stage.queue(&id, &stage.uploaded(&id, false, &slug), &json!({}));
    let run = stage.reaches(&run, &["applied"]);
    assert!(stage.log(&run, "apply").starts_with("Terraform v1.15.5\n"));
    for phase in ["plan", "apply"] {
        let phases = if phase == "plan" { "plans" } else { "applies" };
        let phase = run["relationships"][phase]["data"]["id"].as_str().expect("an id");
        let phase = stage.api().get(&format!("{phases}/{phase}")).is(&[200]).text();
        assert!(phase.contains("terrane.test/debian:1.15.5") && phase.contains("sha256:"), "{phase}");
    }
    stage.leave();
}

/// A text without the colours of a terminal.
fn plain(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once('m').map_or("", |(_, rest)| rest))
}
