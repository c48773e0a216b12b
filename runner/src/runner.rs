//! The slots of a runner, and what it finds of an earlier one when it starts.

use crate::{
    Options, StartError,
    layout::Layout,
    lease::{self, Keeper, persist},
    machine::Machine,
    phase::{self, Execution, Record},
    server::{Error, Server},
    supervise::spec::boot_milliseconds,
};
use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

/// How long to wait after a claim that failed.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest such wait.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long an adoption tries to reach the server.
const PATIENCE: Duration = Duration::from_secs(300);

/// Executes phases.
pub struct Runner<S> {
    server: Arc<S>,
    machine: Arc<Machine>,
    users: Users,
}

impl<S: Server> Runner<S> {
    /// Looks at the machine. Fails when runs cannot be kept apart on it, unless that is allowed.
    pub async fn new(server: Arc<S>, options: Options) -> Result<Self, StartError> {
        let users = Users { first: options.first_uid, taken: Arc::default() };
        Ok(Self { server, machine: Arc::new(Machine::new(options).await?), users })
    }

    /// Adopts what an earlier runner left, then claims and executes until `drain`; returns when every phase that it executes has ended.
    ///
    /// Dropping the future ends plans at once. Applies go on without it: whoever runs next adopts them, if that is before their lease ends.
    pub async fn run(self, drain: CancellationToken) {
        let mut tasks = JoinSet::new();
        let left = self.left();
        self.machine.remove_orphans(left.iter().map(|(_, layout)| layout)).await;
        let (machine, drained) = (Arc::clone(&self.machine), drain.clone());
        tasks.spawn(async move {
            drained.cancelled().await;
            machine.close().await;
        });
        for (record, layout) in left {
            let user = self.users.take_this(record.wall.uid);
            let (server, machine) = (Arc::clone(&self.server), Arc::clone(&self.machine));
            tasks.spawn(async move {
                adopt(server, machine, record, layout).await;
                drop(user);
            });
        }
        for _ in 0..self.machine.options.slots {
            let (server, machine) = (Arc::clone(&self.server), Arc::clone(&self.machine));
            tasks.spawn(slot(server, machine, self.users.clone(), drain.clone()));
        }
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a slot broke");
            }
        }
    }

    /// Phases of an earlier runner. Directories that say nothing of a phase are removed.
    fn left(&self) -> Vec<(Record, Layout)> {
        let runs = &self.machine.options.directory;
        let Ok(entries) = fs::read_dir(runs) else { return Vec::new() };
        let mut left = Vec::new();
        for name in entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()) {
            if !name.starts_with("plan-") && !name.starts_with("apply-") {
                continue;
            }
            let layout = Layout::new(runs, &name);
            match fs::read(layout.phase()).ok().and_then(|json| serde_json::from_slice(&json).ok()) {
                Some(record) => left.push((record, layout)),
                // A supervisor that is just being started finds its directory gone, and starts nothing.
                None => drop(fs::remove_dir_all(layout.root())),
            }
        }
        left
    }
}

async fn slot<S: Server>(server: Arc<S>, machine: Arc<Machine>, users: Users, drain: CancellationToken) {
    let mut pause = PAUSE;
    loop {
        let claimed = tokio::select! {
            biased;
            () = drain.cancelled() => return,
            claimed = server.claim() => claimed,
        };
        match claimed {
            Ok(job) => {
                pause = PAUSE;
                let user = users.take();
                let uid = user.uid;
                Box::pin(phase::execute(Arc::clone(&server), Arc::clone(&machine), job, uid)).await;
            }
            Err(error) => {
                tracing::warn!(%error, "no phase could be claimed");
                tokio::select! {
                    () = drain.cancelled() => return,
                    () = sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                }
            }
        }
    }
}

async fn adopt<S: Server>(server: Arc<S>, machine: Arc<Machine>, record: Record, layout: Layout) {
    let lease = record.lease.clone();
    if layout.unsent().exists() {
        return send_left(&*server, &layout, &record).await;
    }
    let adopted = persist(PATIENCE, || server.adopt(&lease)).await;
    let elapsed = Duration::from_millis(boot_milliseconds().saturating_sub(record.started));
    let keeper = Keeper::start(&server, &lease, layout.clone(), record.limits, elapsed);
    let body = match machine.adopt(&layout, &record.wall, keeper.lease_end()).await {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(phase = lease.phase_id, %error, "the supervisor of a phase cannot be reached");
            return;
        }
    };
    let log_end = match adopted {
        Ok(Some(adopted)) => {
            if let Err(error) = lease::write(&layout, &lease) {
                tracing::warn!(phase = lease.phase_id, %error, "the lease file cannot be written");
            }
            adopted.log_end
        }
        Ok(None) | Err(Error::Lost { .. } | Error::Refused(_)) => {
            keeper.lose();
            fs::metadata(layout.log()).map_or(0, |meta| meta.len())
        }
        Err(error @ Error::Unavailable(_)) => {
            tracing::error!(phase = lease.phase_id, %error, "a phase cannot be adopted");
            return;
        }
    };
    tracing::info!(phase = lease.phase_id, log_end, "a phase of an earlier runner is adopted");
    let execution = Execution { server, machine, layout, lease, keeper };
    Box::pin(execution.attend(&record, body, log_end, None)).await;
}

/// Tries again to hand over a state that the server did not take when its apply ended.
async fn send_left<S: Server>(server: &S, layout: &Layout, record: &Record) {
    let Ok(state) = fs::read(layout.state()).map(bytes::Bytes::from) else {
        remove(layout.root());
        return;
    };
    match persist(PATIENCE, || server.put_state(&record.lease, state.clone())).await {
        Ok(()) => remove(layout.root()),
        Err(error) => {
            let path = layout.state();
            tracing::error!(phase = record.lease.phase_id, %error, path = %path.display(), "the state of an apply is still only in a file");
        }
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_dir_all(path) {
        tracing::warn!(%error, path = %path.display(), "a work directory could not be removed");
    }
}

/// The user ids that phases run as.
#[derive(Clone)]
struct Users {
    first: u32,
    taken: Arc<Mutex<BTreeSet<u32>>>,
}

/// One of them, until this is dropped.
struct User {
    uid: u32,
    taken: Arc<Mutex<BTreeSet<u32>>>,
}

impl Users {
    fn take(&self) -> User {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let uid = (self.first..).find(|uid| !taken.contains(uid)).unwrap_or(self.first);
        taken.insert(uid);
        User { uid, taken: Arc::clone(&self.taken) }
    }

    fn take_this(&self, uid: u32) -> User {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).insert(uid);
        User { uid, taken: Arc::clone(&self.taken) }
    }
}

impl Drop for User {
    fn drop(&mut self) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.uid);
    }
}
