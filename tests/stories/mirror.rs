//! Providers and engines that the server hands on: to people, to runs, to runners; and what a run does not copy because an earlier one needed it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use terrane_tests::terminal::says;
use terrane_tests::{Cli, Runner, Server, Slug, Stage, process, settings};

use crate::stories;

stories! {
    EVERY:
        a_person_installs_from_the_server,
        a_warm_run_copies_nothing,
        a_package_that_is_not_the_locked_one_is_refused_and_named;
    NONE:
        runs_at_once_fetch_once,
        a_warm_container_copies_nothing,
        a_runner_elsewhere_links_too_and_has_its_engine_from_the_server,
        a_registry_that_is_not_mirrored_is_told_with_the_flag;
}

const NULL: &str = "hashicorp/null";
/// The lock file names exactly one version without being there before.
const MAIN: &str = "terraform {\n  required_providers {\n    null = { source = \"hashicorp/null\", version = \"2.1.2\" }\n  }\n}\nresource \"null_resource\" \"it\" {}\n";
/// Says what a run has of its own, and what it only points to.
const LOOK: &str = "cd .terraform/providers && echo \"own=$(find . -type f | wc -l) links=$(find . -type l | wc -l) kib=$(du -sk . | cut -f1)\"";
/// What a server logs when it has a package.
const KEPT: &str = "a provider is kept for later runs";

/// A second stage whose providers come from its mirror alone, with this folder in it.
fn mirrored(stage: &Stage, folder: &Path, flags: &[&str]) -> Stage {
    let none = stage.server.folder().join("none");
    fs::create_dir_all(&none).expect("an empty folder");
    let text = |path: &Path| path.to_str().expect("a path of letters").to_owned();
    let mut all = vec!["--providers".to_owned(), text(&none), "--mirror-providers".to_owned(), text(folder)];
    all.extend(["--hook-post-plan", LOOK, "--hook-post-apply", LOOK].map(str::to_owned));
    if !flags.contains(&"--executor") {
        // What is no link yet comes from the server, which containers do not reach where it listens on this machine alone.
        all.extend(["--executor", "process"].map(str::to_owned));
    }
    all.extend(flags.iter().map(|&flag| flag.to_owned()));
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    Stage::on(Server::alone(stage.server.database(), &all), stage.version())
}

/// A terraform of a person that knows no place for providers but the server.
fn person(stage: &Stage) -> Cli {
    let cli = stage.cli();
    let url = format!("{}/api/mirror/providers/", stage.server.url());
    cli.settings(&format!("provider_installation {{\n  network_mirror {{\n    url = {url:?}\n  }}\n}}\n"));
    cli.write("main.tf", MAIN);
    cli
}

/// The server's folder, in which the program has one more byte.
fn altered(stage: &Stage) -> PathBuf {
    let folder = stage.server.folder().join("altered");
    let beneath = "registry.terraform.io/hashicorp/null/2.1.2/linux_amd64";
    fs::create_dir_all(folder.join(beneath)).expect("a folder");
    for file in fs::read_dir(settings::providers().join(beneath)).expect("a provider").flatten() {
        let mut program = fs::read(file.path()).expect("a program");
        program.push(b'!');
        fs::write(folder.join(beneath).join(file.file_name()), program).expect("another program");
    }
    folder
}

/// What [`LOOK`] says in a log.
fn seen(log: &str) -> &str {
    log.lines().find(|line| line.starts_with("own=")).unwrap_or_else(|| panic!("the hook did not run: {log}"))
}

fn workspace(stage: &Stage, name: &str, auto_apply: bool) -> String {
    stage.create_workspace(name, json!({ "auto-apply": auto_apply, "terraform-version": stage.version().number() }))
}

fn plan(stage: &Stage, workspace: &str, files: &[(&str, &str)]) -> String {
    stage.queue(workspace, &stage.uploaded(workspace, true, &Slug::pack(files)), &json!({}))
}

fn until_kept(log: impl Fn() -> String) {
    process::eventually("the provider to be kept", Duration::from_secs(60), || log().contains(KEPT).then_some(()));
}

fn a_person_installs_from_the_server(stage: &mut Stage) {
    let other = mirrored(stage, &settings::providers(), &[]);
    let cli = person(&other);
    let shown = cli.good(&["init"]);
    assert!(says(&shown, NULL) && says(&shown, "2.1.2"), "{shown}");
    let installed = cli.work().join(".terraform/providers/registry.terraform.io").join(NULL).join("2.1.2/linux_amd64");
    let program = installed.join("terraform-provider-null_v2.1.2_x4");
    let original = settings::providers().join("registry.terraform.io").join(NULL).join("2.1.2/linux_amd64");
    let same = fs::read(&program).expect("it was installed")
        == fs::read(original.join("terraform-provider-null_v2.1.2_x4")).expect("it is mirrored");
    assert!(same, "another program was installed");
    cli.good(&["apply", "-auto-approve"]);

    // An archive has an address of its own, which needs no token and cannot be changed; nothing else is open.
    let document = "/api/mirror/providers/registry.terraform.io/hashicorp/null/2.1.2.json";
    let anonymous = other.server.api("");
    let _ = anonymous.get(document).is(&[401]);
    let archives = other.api().get(document).is(&[200]).json();
    let url = archives["archives"]["linux_amd64"]["url"].as_str().expect("an address").to_owned();
    assert_eq!(anonymous.get(&url).is(&[200]).body[..2], *b"PK");
    let (front, name) = url.rsplit_once('/').expect("an address");
    let _ = anonymous.get(&format!("{}x/{name}", &front[..front.len() - 1])).is(&[401]);
    other.leave();
}

fn a_warm_run_copies_nothing(stage: &mut Stage) {
    let other = mirrored(stage, &settings::providers(), &[]);
    let id = workspace(&other, "app", true);
    let first = plan(&other, &id, &[("main.tf", MAIN)]);
    let first = other.reaches(&first, &["planned_and_finished"]);
    assert!(seen(&other.log(&first, "plan")).starts_with("own=1 links=0"), "{}", other.log(&first, "plan"));
    until_kept(|| other.server.log());
    let schemas = || {
        let known = fs::read_dir(other.server.data().join("runs/known")).expect("what a runner knows").flatten();
        known.filter(|file| file.file_name().to_string_lossy().starts_with("schemas-")).count()
    };
    // Another workspace, another configuration: what counts is what it needs.
    let id = workspace(&other, "other", true);
    let more = format!("{MAIN}resource \"null_resource\" \"more\" {{}}\n");
    let run = other.queue(&id, &other.uploaded(&id, false, &Slug::pack(&[("main.tf", &more)])), &json!({}));
    let run = other.reaches(&run, &["applied"]);
    for phase in ["plan", "apply"] {
        let log = other.log(&run, phase);
        assert!(seen(&log).starts_with("own=0 links=1"), "{phase}: {log}");
    }
    let before = schemas();
    let third = workspace(&other, "third", false);
    let third = plan(&other, &third, &[("main.tf", MAIN)]);
    other.reaches(&third, &["planned_and_finished"]);
    assert_eq!(schemas(), before, "schemas of the same providers were made again");
    other.leave();
}

fn a_package_that_is_not_the_locked_one_is_refused_and_named(stage: &mut Stage) {
    let honest = mirrored(stage, &settings::providers(), &[]);
    let cli = person(&honest);
    cli.good(&["init"]);
    let lock = fs::read_to_string(cli.work().join(".terraform.lock.hcl")).expect("a lock file");
    honest.leave();

    let other = mirrored(stage, &altered(stage), &[]);
    let cli = person(&other);
    let shown = cli.write(".terraform.lock.hcl", &lock).bad(&["init"]);
    assert!(says(&shown, NULL) && says(&shown, "checksums"), "{shown}");
    let id = workspace(&other, "app", false);
    // A run without a lock file takes what there is; what the runner keeps of it is no way around another's lock file.
    let unlocked = plan(&other, &id, &[("main.tf", MAIN)]);
    other.reaches(&unlocked, &["planned_and_finished", "errored"]);
    let locked = plan(&other, &id, &[("main.tf", MAIN), (".terraform.lock.hcl", &lock)]);
    let locked = other.reaches(&locked, &["errored"]);
    let log = other.log(&locked, "plan");
    assert!(log.contains(NULL) && log.contains("checksums"), "{log}");
    other.leave();
}

fn runs_at_once_fetch_once(stage: &mut Stage) {
    let other = mirrored(stage, &settings::providers(), &[]);
    let runs: Vec<_> = ["one", "two", "three"]
        .map(|name| workspace(&other, name, false))
        .iter()
        .map(|id| plan(&other, id, &[("main.tf", MAIN)]))
        .collect();
    for run in runs {
        other.reaches(&run, &["planned_and_finished"]);
    }
    until_kept(|| other.server.log());
    let id = workspace(&other, "last", false);
    let last = plan(&other, &id, &[("main.tf", MAIN)]);
    let last = other.reaches(&last, &["planned_and_finished"]);
    assert!(seen(&other.log(&last, "plan")).starts_with("own=0 links=1"), "{}", other.log(&last, "plan"));
    assert_eq!(other.server.log().matches(KEPT).count(), 1, "{}", other.server.log());
    other.leave();
}

fn a_warm_container_copies_nothing(stage: &mut Stage) {
    let Some(flags) = settings::docker() else { return };
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let other = mirrored(stage, &settings::providers(), &flags);
    // Neither the folder of the server's runner nor its mirror is where a container could see it.
    let id = workspace(&other, "app", true);
    let lock = {
        let cli = person(&other);
        cli.good(&["init"]);
        fs::read_to_string(cli.work().join(".terraform.lock.hcl")).expect("a lock file")
    };
    let slug = Slug::pack(&[("main.tf", MAIN), (".terraform.lock.hcl", &lock)]);
    for _ in 0..2 {
        let run = other.queue(&id, &other.uploaded(&id, false, &slug), &json!({}));
        let run = other.reaches(&run, &["applied", "planned_and_finished"]);
        let log = other.log(&run, "plan");
        assert!(seen(&log).starts_with("own=0 links=1"), "{log}");
    }
    assert_eq!(other.server.log().matches(KEPT).count(), 1, "{}", other.server.log());
    other.leave();
}

fn a_runner_elsewhere_links_too_and_has_its_engine_from_the_server(stage: &mut Stage) {
    let releases = settings::checkout().join("runner/tests/fixtures/mirror");
    let releases = releases.to_str().expect("a path of letters");
    let other = mirrored(stage, &settings::providers(), &["--runner", "off", "--mirror-releases", releases]);
    let token = other.server.admin(&["runner-token", "create"]);
    let place = |name: &str| {
        let path = other.server.folder().join(name);
        fs::create_dir_all(&path).expect("a folder");
        path.to_str().expect("a path of letters").to_owned()
    };
    // Engines of its own: what it fetches lies beside those that it has.
    let (none, engines) = (place("no-providers"), place("engines"));
    let version = stage.version().number();
    std::os::unix::fs::symlink(settings::engines().join(version), Path::new(&engines).join(version)).expect("a link");
    let mirror = format!("{}/api/mirror/releases", other.server.url());
    let keys = settings::checkout().join("runner/tests/fixtures/rsa3072.asc");
    let runner = Runner::start_with(
        &other.server,
        &token,
        &[
            "--providers",
            &none,
            "--engines",
            &engines,
            "--release-mirror",
            &mirror,
            "--release-keys",
            keys.to_str().expect("a path of letters"),
        ],
    );
    let id = workspace(&other, "app", true);
    for seen_first in ["own=1 links=0", "own=0 links=1"] {
        let run = plan(&other, &id, &[("main.tf", MAIN)]);
        let run = other.reaches(&run, &["planned_and_finished"]);
        assert!(seen(&other.log(&run, "plan")).starts_with(seen_first), "{}", other.log(&run, "plan"));
        until_kept(|| runner.log());
    }
    let strange = other.create_workspace("strange", json!({ "terraform-version": "9.9.8" }));
    let run = plan(&other, &strange, &[("main.tf", "")]);
    // That engine of the tests plans and installs nothing, which the hook does not forgive.
    let run = other.reaches(&run, &["errored"]);
    let log = other.log(&run, "plan");
    assert!(log.contains("planned by a fetched engine"), "{log}");
    drop(runner);
    other.leave();
}

fn a_registry_that_is_not_mirrored_is_told_with_the_flag(stage: &mut Stage) {
    let told = |path: &str| -> Value { stage.api().get(&format!("/api/mirror/{path}")).is(&[404]).json() };
    let refused = told("providers/registry.example.test/acme/cloud/index.json");
    let detail = refused["errors"][0]["detail"].as_str().expect("a reason");
    assert!(detail.contains("registry.example.test") && detail.contains("--mirror-hosts"), "{detail}");
    for path in [
        "providers/registry.terraform.io/hashicorp/null/..%2f..%2fmaster.key.json",
        "providers/..%2f..%2f/hashicorp/null/index.json",
        "releases/terraform/1.11.4/..%2f..%2fmaster.key",
        "releases/vault/index.json",
    ] {
        let _ = told(path);
    }
}
