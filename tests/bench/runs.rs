//! From a run's creation to its process, and from a line of output to its reader.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use terrane_tests::{Database, Server, Slug, Stage, Version};

use crate::figures::{Figure, Spread, ms};
use crate::stamped;

/// One resource that every terraform brings along.
pub(crate) const CONFIGURATION: &str = "resource \"terraform_data\" \"it\" {\n  input = \"value\"\n}\n";
const VERSION: Version = Version::V1_11_4;

/// The figures of one database.
pub(crate) fn figures(database: Database) -> Vec<Figure> {
    let folder = tempfile::Builder::new().prefix("tt-engines-").tempdir().expect("a folder");
    stamped::engines(folder.path(), VERSION);
    let engines = folder.path().to_str().expect("a path of letters").to_owned();
    let server = Server::start_with(database, &["--runner-slots", "5", "--engines", &engines]);
    let stage = Stage::on(server, VERSION);
    let (first, planned) = one_after_another(&stage, &folder.path().join(VERSION.number()).join("terraform"));
    vec![
        Figure::new("run created to its first terraform process", first.text(), "p50 < 15, p99 < 50 ms [32, max 45]"),
        Figure::new("run created to terraform plan, after init", planned.text(), ""),
        Figure::new("20 runs at once, 5 slots: last plan started after", ms(many_at_once(&stage)), "< 700 ms [1,636]"),
        Figure::new("log lag, terraform's stdout to a reader", lag(&stage).text(), "p99 < 10 ms [max 9]"),
    ]
}

fn one_after_another(stage: &Stage, program: &std::path::Path) -> (Spread, Spread) {
    let workspace = workspace(stage, "one");
    let configuration = stage.uploaded(&workspace, true, &Slug::pack(&[("main.tf", CONFIGURATION)]));
    let starts = stamped::starts(program);
    let (mut first, mut planned) = (Vec::new(), Vec::new());
    for _ in 0..60 {
        while starts.try_recv().is_ok() {}
        let (asked, clock) = (Instant::now(), now());
        let run = stage.queue(&workspace, &configuration, &json!({}));
        let started = starts.recv_timeout(Duration::from_secs(60)).expect("a terraform that starts");
        first.push(started.saturating_duration_since(asked));
        let run = stage.reaches(&run, &["planned_and_finished"]);
        planned.push(started_at(&stage.log(&run, "plan")).saturating_sub(clock));
    }
    (Spread::of(first), Spread::of(planned))
}

fn many_at_once(stage: &Stage) -> Duration {
    let workspaces: Vec<_> = (0..20).map(|number| workspace(stage, &format!("many-{number}"))).collect();
    let slug = Slug::pack(&[("main.tf", CONFIGURATION)]);
    let ready: Vec<_> = workspaces.iter().map(|id| (id, stage.uploaded(id, true, &slug))).collect();
    let clock = now();
    let runs: Vec<_> = std::thread::scope(|scope| {
        let asked: Vec<_> = ready
            .iter()
            .map(|(id, configuration)| scope.spawn(move || stage.queue(id, configuration, &json!({}))))
            .collect();
        asked.into_iter().map(|thread| thread.join().expect("a run")).collect()
    });
    let started = runs.iter().map(|run| {
        let run = stage.reaches(run, &["planned_and_finished"]);
        started_at(&stage.log(&run, "plan"))
    });
    started.max().expect("20 runs").saturating_sub(clock)
}

/// Reads the log as it grows, asking again at once: what a reader sees that is told of every line.
fn lag(stage: &Stage) -> Spread {
    let workspace = workspace(stage, "lag");
    let slug = Slug::pack(&[("main.tf", CONFIGURATION), ("stamped-lines", "")]);
    let configuration = stage.uploaded(&workspace, true, &slug);
    let run = stage.queue(&workspace, &configuration, &json!({}));
    let run = stage.run(&run);
    let plan = run["relationships"]["plan"]["data"]["id"].as_str().expect("a plan");
    let plan: Value = stage.api().get(&format!("plans/{plan}")).is(&[200]).data();
    let url = plan["attributes"]["log-read-url"].as_str().expect("a log").to_owned();
    let (anonymous, mut offset, mut line, mut lags) = (stage.server.api(""), 0, String::new(), Vec::new());
    loop {
        let part = anonymous.get(&format!("{url}?limit=65536&offset={offset}")).is(&[200]).body;
        let read = now();
        offset += part.len();
        line.push_str(&String::from_utf8_lossy(&part));
        while let Some((whole, rest)) = line.split_once('\n') {
            if let Some(stamp) = whole.split_once("bench-line ").and_then(|(_, stamp)| stamp.trim().parse().ok()) {
                lags.push(read.saturating_sub(Duration::from_nanos(stamp)));
            }
            line = rest.to_owned();
        }
        if line.ends_with('\u{3}') {
            return Spread::of(lags);
        }
        if part.is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn workspace(stage: &Stage, name: &str) -> String {
    stage.create_workspace(name, json!({ "terraform-version": VERSION.number() }))
}

/// When the stamping terraform of this log was started.
pub(crate) fn started_at(log: &str) -> Duration {
    let stamp = log.lines().find_map(|line| line.split_once("bench-started ").map(|(_, stamp)| stamp.trim()));
    Duration::from_nanos(
        stamp.and_then(|stamp| stamp.parse().ok()).unwrap_or_else(|| panic!("no stamp in the log: {log}")),
    )
}

/// The clock that the stamps are read from.
#[expect(clippy::disallowed_methods, reason = "two processes compare their clocks, which is what is measured")]
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970")
}
