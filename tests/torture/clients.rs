//! Clients that write, read, lock and unlock, several on each workspace, and write down what they were told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use terrane_tests::{Answer, Api, ORGANIZATION, Stage};

use crate::chance::Chance;
use crate::check::check;
use crate::history::{Call, History, Told};
use crate::report::Verdict;

/// The longest that a client waits for an answer, and that it insists on giving back a lock.
const PATIENCE: Duration = Duration::from_secs(20);
const END: Duration = Duration::from_secs(150);

/// How large states are, and where they lie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Size {
    /// In its row. One differs little from the next, so that old ones are written as deltas.
    Small,
    /// In the object store.
    Large,
    /// In the object store, in parts.
    Huge,
}

impl Size {
    fn filler(self) -> usize {
        match self {
            Self::Small => 4_000,
            Self::Large => 160_000,
            Self::Huge => 26 << 20,
        }
    }
}

/// The clients of some workspaces, at work.
pub(crate) struct Clients {
    workspaces: Vec<Arc<Workspace>>,
    threads: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
    unknown: Arc<AtomicU64>,
}

struct Workspace {
    name: String,
    history: History,
    /// The next state's number.
    next: AtomicU64,
    /// The MD5 of every state that was sent.
    sent: Mutex<BTreeMap<u64, [u8; 16]>>,
    /// Answers that no client should ever get.
    odd: Mutex<Vec<String>>,
}

struct Client {
    number: usize,
    api: Api,
    door: String,
    size: Size,
    workspace: Arc<Workspace>,
    acknowledged: Arc<AtomicU64>,
    unknown: Arc<AtomicU64>,
    chance: Chance,
    locks: u64,
}

impl Clients {
    /// Makes `workspaces` of this name and sets `each` clients going on every one of them. The server may be just starting, or end meanwhile:
    /// the workspaces are made by whoever writes first.
    pub(crate) fn start(stage: &Stage, name: &str, workspaces: usize, each: usize, size: Size) -> Self {
        let mut clients = Self {
            workspaces: Vec::new(),
            threads: Vec::new(),
            stop: Arc::new(AtomicBool::new(false)),
            acknowledged: Arc::new(AtomicU64::new(0)),
            unknown: Arc::new(AtomicU64::new(0)),
        };
        for number in 0..workspaces {
            let name = format!("{name}-{number}");
            let workspace = Arc::new(Workspace {
                name,
                history: History::new(),
                next: AtomicU64::new(1),
                sent: Mutex::default(),
                odd: Mutex::default(),
            });
            for client in 0..each {
                let mut client = Client {
                    number: client,
                    api: stage.api(),
                    door: format!("/api/http/{ORGANIZATION}/{}", workspace.name),
                    size,
                    workspace: Arc::clone(&workspace),
                    acknowledged: Arc::clone(&clients.acknowledged),
                    unknown: Arc::clone(&clients.unknown),
                    chance: Chance::new((number * 100 + client + 1) as u64),
                    locks: 0,
                };
                let stop = Arc::clone(&clients.stop);
                clients.threads.push(std::thread::spawn(move || {
                    while !stop.load(Ordering::SeqCst) {
                        client.step();
                    }
                }));
            }
            clients.workspaces.push(workspace);
        }
        clients
    }

    /// How many writes were acknowledged until now.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// How many calls there were until now of which nobody was told what became of them.
    pub(crate) fn unknown(&self) -> u64 {
        self.unknown.load(Ordering::SeqCst)
    }

    /// Waits until this many more writes are acknowledged, for so long; whether they were.
    pub(crate) fn go_on(&self, more: u64, patience: Duration) -> bool {
        let (before, began) = (self.acknowledged(), Instant::now());
        while self.acknowledged() < before + more {
            if began.elapsed() > patience {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }

    /// Ends the clients, on a server that is well again, and judges all that they saw.
    pub(crate) fn end(self, stage: &Stage) -> Verdict {
        self.stop.store(true, Ordering::SeqCst);
        let mut verdict = Verdict::default();
        for thread in self.threads {
            verdict.odd += u64::from(thread.join().is_err());
        }
        for workspace in &self.workspaces {
            workspace.judge(stage, &mut verdict);
        }
        verdict
    }
}

impl Workspace {
    fn judge(&self, stage: &Stage, verdict: &mut Verdict) {
        let entries = self.history.entries();
        for entry in &entries {
            match (&entry.call, &entry.told) {
                (Call::Write { .. }, Told::Done(_)) => verdict.acknowledged += 1,
                (Call::Write { .. }, Told::Refused) => verdict.refused += 1,
                (Call::Read, Told::Done(_)) => verdict.reads += 1,
                (Call::Lock(_), Told::Done(_)) => verdict.locks += 1,
                _ => {}
            }
            verdict.unknown += u64::from(entry.told == Told::Unknown);
        }
        let (sequence, damaged) = self.sequence(stage);
        verdict.damaged += damaged;
        let findings = check(&entries, &sequence);
        verdict
            .findings
            .extend(findings.into_iter().map(|finding| (finding.wrong, format!("{}: {finding}", self.name))));
        verdict.stuck_locks += u64::from(stage.workspace(&self.name)["attributes"]["locked"] != false);
        let odd = self.odd.lock().expect("no client panics while it writes");
        verdict.odd += odd.len() as u64;
        verdict.notes.extend(odd.iter().map(|odd| format!("{}: {odd}", self.name)));
    }

    /// The states that became current, in this order, each read once more; and how many are not what was sent.
    fn sequence(&self, stage: &Stage) -> (Vec<u64>, u64) {
        let sent = self.sent.lock().expect("no client panics while it writes");
        let (mut sequence, mut damaged) = (Vec::new(), 0);
        for page in 1.. {
            let path = format!(
                "state-versions?filter[organization][name]={ORGANIZATION}&filter[workspace][name]={}&page[size]=100&page[number]={page}",
                self.name
            );
            let versions = stage.api().get(&path).is(&[200]).data();
            let versions = versions.as_array().expect("versions").clone();
            for version in &versions {
                let url = version["attributes"]["hosted-state-download-url"].as_str().expect("a URL");
                let body = stage.api().get(url).is(&[200]).body;
                let state = number(&body);
                damaged += u64::from(sent.get(&state).is_none_or(|md5| *md5 != md5_of(&body)));
                sequence.push(state);
            }
            if versions.len() < 100 {
                break;
            }
        }
        sequence.reverse();
        (sequence, damaged)
    }
}

impl Client {
    fn step(&mut self) {
        match self.chance.between(0, 9) {
            0..=2 => drop(self.read()),
            3..=6 => {
                if let Some(serial) = self.read() {
                    self.write(serial + 1, None);
                }
            }
            _ => self.locked(),
        }
        std::thread::sleep(Duration::from_millis(self.chance.between(0, 8)));
    }

    /// As terraform does: lock, read, write, unlock.
    fn locked(&mut self) {
        self.locks += 1;
        let id = format!("{}-{}", self.number, self.locks);
        let body = json!({ "ID": id }).to_string();
        let began = Instant::now();
        let held = loop {
            let told = self.call(Call::Lock(id.clone()), "LOCK", "", body.clone(), |answer| match answer.status {
                200 => Some(Told::Done(0)),
                // A lock whose answer was lost is held by this very name.
                423 if answer.json()["ID"] == id.as_str() => Some(Told::Done(0)),
                423 => Some(Told::Refused),
                _ => None,
            });
            match told {
                Told::Done(_) => break true,
                Told::Refused => break false,
                // Asked again until it is known: a lock that nobody gives back would stop everybody.
                Told::Unknown if began.elapsed() > END => break false,
                Told::Unknown => std::thread::sleep(Duration::from_millis(30)),
            }
        };
        if !held {
            return;
        }
        if let Some(serial) = self.read() {
            self.write(serial + 1, Some(&id));
        }
        let began = Instant::now();
        while began.elapsed() < END {
            let told = self.call(Call::Unlock(id.clone()), "UNLOCK", "", body.clone(), |answer| match answer.status {
                200 => Some(Told::Done(0)),
                // It was given back by a request whose answer was lost, and may be another's by now.
                409 | 423 => Some(Told::Refused),
                _ => None,
            });
            if told != Told::Unknown {
                break;
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Reads the current state; its serial.
    fn read(&self) -> Option<u64> {
        let mut serial = 0;
        let told = self.call(Call::Read, "GET", "", String::new(), |answer| match answer.status {
            404 => Some(Told::Done(0)),
            200 => {
                let state = number(&answer.body);
                serial = answer.json()["serial"].as_u64().unwrap_or_default();
                Some(Told::Done(state))
            }
            _ => None,
        });
        matches!(told, Told::Done(_)).then_some(serial)
    }

    fn write(&self, serial: u64, lock: Option<&str>) {
        let state = self.workspace.next.fetch_add(1, Ordering::SeqCst);
        let body = body(state, serial, self.size);
        self.workspace.sent.lock().expect("no client panics while it writes").insert(state, md5_of(body.as_bytes()));
        let query = lock.map(|id| format!("?ID={id}")).unwrap_or_default();
        let call = Call::Write { state, locked: lock.is_some() };
        let told = self.call(call, "POST", &query, body, |answer| match answer.status {
            200 => Some(Told::Done(0)),
            409 | 423 => Some(Told::Refused),
            _ => None,
        });
        self.acknowledged.fetch_add(u64::from(told == Told::Done(0)), Ordering::SeqCst);
    }

    /// Sends one request. A 5xx says nothing, and neither does half an answer; what `judge` does not know is odd.
    fn call(
        &self,
        call: Call,
        method: &str,
        query: &str,
        body: String,
        mut judge: impl FnMut(&Answer) -> Option<Told>,
    ) -> Told {
        let told = self.workspace.history.call(self.number, call, || {
            let request = self.api.request(method, &format!("{}{query}", self.door)).timeout(PATIENCE);
            let request = request.header("content-type", "application/json").body(body);
            let Ok(answer) = terrane_tests::api::try_send(request) else {
                std::thread::sleep(Duration::from_millis(20));
                return Told::Unknown;
            };
            if answer.status >= 500 {
                return Told::Unknown;
            }
            judge(&answer).unwrap_or_else(|| {
                let odd = format!("{} answered {}: {:.200}", answer.request, answer.status, answer.text());
                self.workspace.odd.lock().expect("no client panics while it writes").push(odd);
                Told::Unknown
            })
        });
        self.unknown.fetch_add(u64::from(told == Told::Unknown), Ordering::SeqCst);
        told
    }
}

/// A state of this number: no two are the same.
fn body(state: u64, serial: u64, size: Size) -> String {
    let mut chance = Chance::new(if matches!(size, Size::Small) { 0 } else { state });
    let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-";
    let length = size.filler();
    let mut filler = String::with_capacity(length + 8);
    while filler.len() < length {
        let bits = chance.between(0, (1 << 30) - 1);
        filler.extend((0..5).map(|at| char::from(letters[usize::try_from(bits >> (6 * at) & 63).expect("six bits")])));
    }
    let output = |value: Value, kind: &str| json!({ "value": value, "type": kind });
    let outputs = json!({ "filler": output(filler.into(), "string"), "number": output(state.into(), "number") });
    json!({ "version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": "torture", "outputs": outputs, "resources": [] })
        .to_string()
}

/// The number of a state that was read; one that nobody has where it cannot be told.
fn number(body: &[u8]) -> u64 {
    let state: Option<Value> = serde_json::from_slice(body).ok();
    state.and_then(|state| state["outputs"]["number"]["value"].as_u64()).unwrap_or(u64::MAX)
}

fn md5_of(bytes: &[u8]) -> [u8; 16] {
    use md5::Digest as _;
    md5::Md5::digest(bytes).into()
}
