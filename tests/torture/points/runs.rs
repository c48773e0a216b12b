//! Points that runs pass: in the server, which executes them itself, and in a runner elsewhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use terrane_tests::{Runner, Stage};

use super::site::Site;
use super::{PATIENCE, VARIABLE, arm, ends, examine};
use crate::applies;
use crate::report::Report;
use crate::shared::Shared;

/// How long a run may take whose runner was ended in the midst of it.
const RUN: Duration = Duration::from_secs(120);
/// How many runs may go by without the point being passed.
const RUNS: usize = 6;

/// A server that ends at the point while a run of its own runner goes on, and is started again.
pub(super) fn own(stage: &mut Stage, label: &str, point: &str, report: &mut Report) {
    let shared = Arc::new(Shared::new(stage.api()));
    let id = workspace(stage, label);
    stage.server.stop();
    arm(&mut stage.server, point);
    stage.server.spawn();
    let run = applies::queue(&shared, &id, 1, shared.number());
    ends(&mut stage.server, point, report);
    arm(&mut stage.server, "");
    stage.server.restart();
    judge(&shared, stage, label, &run, point, report);
    examine(&stage.server, point, report);
}

/// A runner that ends at the point, and is started again.
pub(super) fn elsewhere(site: &mut Site, label: &str, point: &str, unsent: bool, report: &mut Report) {
    let stage = &site.stage;
    let (shared, id) = (Shared::new(stage.api()), workspace(stage, label));
    let name = point.split(':').next().unwrap_or(point);
    let mut runner = Runner::prepare(&stage.server, &site.token, label);
    // What was not taken is handed in by the next start.
    let late = name == "runner.unsent.sent";
    if !late {
        runner = runner.with(VARIABLE, point);
    }
    runner.restart();
    let mut run = String::new();
    for _ in 0..RUNS {
        let queued = applies::queue(&shared, &id, 1, shared.number());
        run = queued;
        let began = Instant::now();
        while runner.runs() && began.elapsed() < RUN && !has_ended(&shared, &run) {
            std::thread::sleep(Duration::from_millis(20));
        }
        if late || !runner.runs() {
            break;
        }
    }
    if late {
        runner.kill();
        runner = runner.with(VARIABLE, point);
        runner.restart();
    }
    let began = Instant::now();
    while runner.runs() && began.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
    }
    let by_itself = !runner.runs() && runner.log().contains(&format!("the point {name} ends this process"));
    report.count("kills", u64::from(by_itself));
    report.zero("points that were not passed", u64::from(!by_itself), || format!("{point}\n{:.4000}", runner.log()));
    if runner.runs() {
        runner.kill();
    } else {
        let _ = runner.ended();
    }
    runner = runner.with(VARIABLE, "");
    runner.restart();
    if unsent {
        // It says that it is only in a file.
        let deadline = Instant::now() + RUN;
        while !has_ended(&shared, &run) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
        }
        report.zero("stuck runs", u64::from(!has_ended(&shared, &run)), || {
            format!("{point}: {run}\n{:.4000}", runner.log())
        });
        let kept = runner.log().contains("still only in a file") || runner.log().contains("kept in a file");
        report
            .zero("lost acknowledged states", u64::from(!kept), || format!("{point}: nobody says where the state is"));
    } else {
        judge(&shared, stage, label, &run, point, report);
    }
    runner.kill_all();
    examine(&stage.server, point, report);
}

fn workspace(stage: &Stage, name: &str) -> String {
    stage.create_workspace(name, json!({ "auto-apply": true, "terraform-version": stage.version().number() }))
}

fn has_ended(shared: &Shared, run: &str) -> bool {
    let now = shared.insist(&[200], |api| api.request("GET", &format!("runs/{run}"))).data();
    now["attributes"]["status"].as_str().is_some_and(applies::ended)
}

/// A run ends, whatever was ended under it; one that says that it was applied has its state, and the workspace is free.
fn judge(shared: &Shared, stage: &Stage, workspace: &str, run: &str, point: &str, report: &mut Report) {
    let deadline = Instant::now() + RUN;
    while (!has_ended(shared, run) || applies::unfinished(&shared.api, workspace) > 0) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    let now = stage.run(run);
    let status = now["attributes"]["status"].as_str().unwrap_or_default().to_owned();
    report.count("runs", 1);
    report.count("runs that were applied", u64::from(status == "applied"));
    report.zero("stuck runs", u64::from(!applies::ended(&status)), || format!("{point}: {run} is {status}"));
    // A plan of which somebody saw something is not made again: its run says why it ended.
    let reason = now["attributes"]["reason"].as_str().unwrap_or_default();
    let unexplained = !matches!(status.as_str(), "applied" | "planned_and_finished") && reason.is_empty();
    report.zero("runs that ended without a reason", u64::from(unexplained), || format!("{point}: {run} is {status}"));
    let lost = status == "applied" && applies::state(shared, &stage.workspace_id(workspace)).is_none();
    report.zero("lost acknowledged states", u64::from(lost), || format!("{point}: {run} was applied"));
    let locked = stage.workspace(workspace)["attributes"]["locked"] != false;
    report.zero("stuck locks", u64::from(locked), || format!("{point}: {workspace} stays locked"));
}
