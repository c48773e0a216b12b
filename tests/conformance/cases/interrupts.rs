//! Ctrl-C wherever the CLI waits or sends: nothing stays locked but by a run that a person has not decided about, and the next command works.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;
use terrane_tests::{Tenant, Terminal, process::eventually, terminal::says};

use super::{output, ready, status};
use crate::catalogue::{Case, cases};

/// What the slow resource prints once it is being made; it stands nowhere in its configuration.
const RUNNING: &str = "now-running";
/// A resource that takes longer than any case.
const SLOW: &str = "resource \"terraform_data\" \"slow\" {\n  provisioner \"local-exec\" {\n    \
                    command = \"printf 'now-%s\\\\n' running; exec sleep 600\"\n  }\n}\n";
/// What makes a plan take longer than any case.
const SLOW_HOOK: &str = "#!/bin/sh\nprintf 'now-%s\\n' running\nexec sleep 600\n";
/// How long a CLI may take to begin to send.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn cases() -> Vec<Case> {
    let all = cases! { Work, None, cloud:
        an_interrupt_at_the_prompt_leaves_its_run_to_its_person "Ctrl-C at the prompt of `apply`: its run waits, and a discard frees the workspace",
        an_interrupt_of_an_upload_leaves_nothing "Ctrl-C while `plan` uploads the configuration: no run, no lock",
        an_interrupt_of_a_plan_leaves_it_to_end "Ctrl-C while the plan of `plan` runs: it ends by itself, nothing is locked",
        an_interrupt_of_an_apply_that_plans_cancels_it "Ctrl-C while the plan of `apply` runs: asks, cancels, frees the workspace",
        an_interrupt_while_applying_cancels_and_frees "Ctrl-C while it applies: the run is canceled, the workspace is free",
        two_interrupts_while_applying_free_it_too "Ctrl-C twice while it applies: the CLI is gone at once, the workspace is free when the run has ended",
        an_interrupt_of_a_state_push_leaves_no_lock "Ctrl-C in the middle of `state push`: it ends, and gives its lock back",
    };
    all.into_iter().collect()
}

fn id(run: &serde_json::Value) -> &str {
    run["id"].as_str().expect("an id")
}

/// Who holds the lock of the workspace `app`: the type of the holder, if there is one.
fn holder(tenant: &Tenant) -> Option<String> {
    let workspace = tenant.workspace("app");
    let holder = workspace["relationships"]["locked-by"]["data"]["type"].as_str().map(str::to_owned);
    assert_eq!(workspace["attributes"]["locked"], holder.is_some(), "{workspace}");
    holder
}

/// Waits until a CLI has sent so many bytes since it was started, whatever it prints.
fn sent(cli: &Terminal, bytes: u64) {
    let path = format!("/proc/{}/io", cli.pid());
    eventually("the CLI to send", PATIENCE, || {
        let counts = std::fs::read_to_string(&path).ok()?;
        let written = counts.lines().find_map(|line| line.strip_prefix("wchar: "))?;
        (written.parse::<u64>().ok()? > bytes).then_some(())
    });
}

/// Text that does not get smaller: the same each time (an LCG).
fn noise(bytes: usize) -> String {
    let (mut text, mut seed) = (String::with_capacity(bytes), 7_u64);
    while text.len() < bytes {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        write!(text, "{seed:016x}").expect("a text takes everything");
    }
    text
}

fn an_interrupt_at_the_prompt_leaves_its_run_to_its_person(tenant: &Tenant) {
    let cli = ready(tenant, &output("never"));
    let mut apply = cli.start(&["apply"]);
    apply.expect("Enter a value:").interrupt();
    // It ends with 1, and now and then, when its last look at the run comes first, with 0.
    let _ = apply.finish();
    assert_eq!((status(tenant, "app").as_str(), holder(tenant).as_deref()), ("planned", Some("runs")));
    let _ = tenant.act(id(&tenant.newest_run("app")), "discard").is(&[202]);
    assert_eq!(holder(tenant), None);
    assert_eq!(tenant.state("app"), None);
}

fn an_interrupt_of_an_upload_leaves_nothing(tenant: &Tenant) {
    let cli = ready(tenant, &output("there"));
    cli.write("large.txt", &noise(48 << 20));
    let mut plan = cli.start(&["plan"]);
    sent(&plan, 1 << 20);
    plan.interrupt();
    let (code, shown) = plan.finish();
    assert!(
        code == 1 && !says(&shown, "To view this run in a browser"),
        "it was not interrupted in its upload: {shown}"
    );
    let runs = tenant.api().get(&format!("workspaces/{}/runs", tenant.workspace_id("app"))).is(&[200]).data();
    assert_eq!((runs.as_array().map(Vec::len), holder(tenant)), (Some(0), None));
    cli.write("large.txt", "").good(&["apply", "-auto-approve"]);
}

fn an_interrupt_of_a_plan_leaves_it_to_end(tenant: &Tenant) {
    let cli = ready(tenant, &output("there"));
    let mut plan = cli.start(&["plan"]);
    plan.expect("To view this run in a browser").interrupt();
    // Some versions ask whether to cancel it, and end well when it goes on; the others only stop to show it.
    let asked = plan.expect_one_of(&["Enter a value:"]).is_some();
    if asked {
        plan.type_line("no");
    }
    let (code, shown) = plan.finish();
    assert!(code == 1 || (asked && code == 0), "{code}: {shown}");
    assert_eq!(holder(tenant), None, "a plan that changes nothing locks nothing");
    let _ = tenant.reaches(id(&tenant.newest_run("app")), &["planned_and_finished"]);
}

fn an_interrupt_of_an_apply_that_plans_cancels_it(tenant: &Tenant) {
    let cli = ready(tenant, &output("never"));
    let document = json!({ "data": { "type": "hooks", "attributes": { "script": SLOW_HOOK } } });
    let hook = format!("organizations/{}/hooks/pre-plan", tenant.organization());
    let _ = tenant.api().document("PUT", &hook, document.to_string()).is(&[200]);
    let mut apply = cli.start(&["apply"]);
    apply.expect("To view this run in a browser");
    let run = tenant.newest_run("app");
    tenant.logs_say(id(&run), "plan", RUNNING);
    apply.interrupt().expect("Do you want to cancel the remote operation?").expect("Enter a value:").type_line("yes");
    let (_, shown) = apply.finish();
    assert!(says(&shown, "The remote operation was successfully cancelled"), "{shown}");
    let _ = tenant.reaches(id(&run), &["canceled"]);
    assert_eq!(holder(tenant), None);
}

fn an_interrupt_while_applying_cancels_and_frees(tenant: &Tenant) {
    let cli = ready(tenant, SLOW);
    let mut apply = cli.start(&["apply", "-auto-approve"]);
    apply.expect(RUNNING).interrupt().expect("Interrupt received");
    let (_, shown) = apply.finish();
    assert!(says(&shown, "The remote operation was successfully cancelled"), "{shown}");
    let _ = tenant.reaches(id(&tenant.newest_run("app")), &["canceled", "errored"]);
    assert_eq!(holder(tenant), None);
}

fn two_interrupts_while_applying_free_it_too(tenant: &Tenant) {
    let cli = ready(tenant, SLOW);
    let mut apply = cli.start(&["apply"]);
    apply.expect("Enter a value:").type_line("yes").expect(RUNNING);
    // The first one asks whether to cancel; the second one leaves without an answer, and without a call.
    apply.interrupt().expect("Do you want to cancel the remote operation?").interrupt();
    apply.exits(1);
    let run = tenant.newest_run("app");
    assert_eq!((status(tenant, "app").as_str(), holder(tenant).as_deref()), ("applying", Some("runs")));
    let _ = tenant.act(id(&run), "cancel").is(&[202]);
    let _ = tenant.reaches(id(&run), &["canceled", "errored"]);
    assert_eq!(holder(tenant), None);
}

fn an_interrupt_of_a_state_push_leaves_no_lock(tenant: &Tenant) {
    let cli = ready(tenant, &output("there"));
    cli.good(&["apply", "-auto-approve"]);
    let mut pushed: serde_json::Value = serde_json::from_slice(&cli.bytes(&["state", "pull"])).expect("JSON");
    pushed["serial"] = (pushed["serial"].as_u64().expect("a number") + 1).into();
    pushed["outputs"]["it"]["value"] = noise(12 << 20).into();
    cli.write("pushed.tfstate", &pushed.to_string());
    let mut push = cli.start(&["state", "push", "pushed.tfstate"]);
    sent(&push, 1 << 20);
    push.interrupt();
    let _ = push.finish();
    assert_eq!(holder(tenant), None, "the lock of a push that has ended");
    let current = tenant.state("app").expect("a state");
    let current: serde_json::Value = serde_json::from_slice(&current).expect("a whole state, the old or the new one");
    let value = &current["outputs"]["it"]["value"];
    assert!(*value == "there" || *value == pushed["outputs"]["it"]["value"], "neither the old state nor the new one");
    cli.good(&["state", "push", "-force", "pushed.tfstate"]);
}
