//! Runs of workspaces whose runners die and are cut off, one after another, and what each came to: as its owner sees it, through the API.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use terrane_tests::process;

use crate::applies;
use crate::shared::Shared;

/// How long an apply takes: long enough to be hit, and to be cut off for longer than its lease lasts.
const SECONDS: u32 = 4;
/// How long a run may take that nobody knows to be lost.
const PATIENCE: Duration = Duration::from_secs(240);
/// How long a run is left alone that says its runner was lost, for the runner to come back.
const RECOVERY: Duration = Duration::from_secs(50);
/// How long after a cancellation its force is allowed.
const COOL_OFF: Duration = Duration::from_secs(11);

/// What became of one run.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// The number of its apply.
    pub(crate) number: u64,
    /// In which workspace.
    pub(crate) workspace: usize,
    /// How it ended; nothing when it did not.
    pub(crate) status: String,
    /// What it says about that.
    pub(crate) reason: String,
    /// Whether it said that its runner was lost.
    pub(crate) recovering: bool,
    /// Whether a person ended it, because its engine was seen to be dead.
    pub(crate) forced: bool,
    /// Whether it stood still and did not say why.
    pub(crate) stuck: bool,
    /// Whether a state that was acknowledged was gone when it had ended.
    pub(crate) lost: bool,
}

/// Sets an owner going for each of these workspaces.
pub(crate) fn start(shared: &Arc<Shared>, workspaces: Vec<String>) -> Vec<JoinHandle<Vec<Entry>>> {
    let owner = |(workspace, id): (usize, String)| {
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            let mut owner = Owner { shared: &shared, id, acknowledged: 0 };
            let mut entries = Vec::new();
            while !shared.is_stopping() {
                entries.push(Entry { workspace, ..owner.apply() });
            }
            entries
        })
    };
    workspaces.into_iter().enumerate().map(owner).collect()
}

struct Owner<'a> {
    shared: &'a Shared,
    id: String,
    /// The serial of the last state of which its run said that it was applied.
    acknowledged: u64,
}

impl Owner<'_> {
    fn apply(&mut self) -> Entry {
        let number = self.shared.number();
        let run = applies::queue(self.shared, &self.id, SECONDS, number);
        let mut entry = Entry { number, ..Entry::default() };
        let last = self.follow(&run, &mut entry);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if entry.stuck {
            return entry;
        }
        (entry.status, entry.reason) = (text(&last["attributes"]["status"]), text(&last["attributes"]["reason"]));
        let state = applies::state(self.shared, &self.id);
        let serial = state.as_ref().and_then(|state| state["serial"].as_u64()).unwrap_or_default();
        let mine = state.as_ref().and_then(applies::number) == Some(number);
        entry.lost = serial < self.acknowledged || (entry.status == "applied" && !mine);
        self.acknowledged = serial.max(self.acknowledged);
        entry
    }

    /// Looks at a run until it has ended, as a person would who ends what is certainly dead.
    fn follow(&self, run: &str, entry: &mut Entry) -> Value {
        let (began, mut lost, mut canceled) = (Instant::now(), None::<Instant>, None::<Instant>);
        loop {
            let now = self.shared.insist(&[200], |api| api.request("GET", &format!("runs/{run}"))).data();
            let attributes = &now["attributes"];
            if attributes["status"].as_str().is_some_and(applies::ended) {
                return now;
            }
            let waits = attributes["waiting-reason"].as_str().unwrap_or_default();
            if waits.starts_with("recovering") {
                entry.recovering = true;
                let since = lost.get_or_insert_with(Instant::now).elapsed();
                match canceled {
                    None if since > RECOVERY && is_dead(&now) => {
                        let _ = self.act(run, "cancel");
                        canceled = Some(Instant::now());
                    }
                    Some(at) if at.elapsed() > COOL_OFF => entry.forced = self.act(run, "force-cancel") || entry.forced,
                    _ => {}
                }
            } else {
                lost = None;
            }
            if began.elapsed() > PATIENCE && waits.is_empty() || began.elapsed() > PATIENCE * 2 {
                (entry.stuck, entry.status, entry.reason) = (true, attributes["status"].to_string(), waits.to_owned());
                return now;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn act(&self, run: &str, action: &str) -> bool {
        let path = format!("runs/{run}/actions/{action}");
        let document = json!({}).to_string();
        let ask = |api: &terrane_tests::Api| {
            api.request("POST", &path).header("content-type", "application/vnd.api+json").body(document.clone())
        };
        self.shared.insist(&[200, 202, 204, 409], ask).status != 409
    }
}

/// Whether nothing is at work for the apply of a run: every process of it names the apply in its command line.
fn is_dead(run: &Value) -> bool {
    let apply = run["relationships"]["apply"]["data"]["id"].as_str().expect("a run has an apply");
    let processes = std::fs::read_dir("/proc").expect("read /proc").flatten();
    let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    !ids.any(|pid| process::command_line(pid).contains(apply))
}
