//! A runner says hello, claims, and gives each phase a slot.

use crate::{
    Options, StartError,
    identity::Identity,
    left::{self, Left},
    machine::Machine,
    metrics::Now,
    phase,
    server::{Error, Server},
};
use protocol::{
    Lease,
    wire::{Hello, Speaks},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Semaphore, task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

/// How long to wait after a claim that failed.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest such wait.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How a runner is asked to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// Claim nothing any more, and finish what executes.
    pub drain: CancellationToken,
    /// Hand plans back now: another runner makes them again. Applies are finished.
    pub hand_back: CancellationToken,
}

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

    /// What it does now, whenever it is asked.
    pub fn now(&self) -> impl Fn() -> Now + Clone + Send + Sync + 'static {
        let (machine, users) = (Arc::clone(&self.machine), self.users.clone());
        move || Now { slots: machine.options.slots.into(), busy: users.count(), warm: machine.warm() }
    }

    /// Says hello, adopts what an earlier runner left, then claims and executes until it is to stop; returns when every phase that it executes
    /// has ended. An error says why the server does not want this runner (any more): it would say the same again.
    ///
    /// Dropping the future ends plans at once. Applies go on without it: whoever runs next adopts them.
    pub async fn run(self, stop: Stop) -> Result<(), Error> {
        // Its own end is not that of whoever started it.
        let stop = Stop { drain: stop.drain.child_token(), hand_back: stop.hand_back };
        if Identity::read(&self.machine.options.directory).copied {
            left::set_aside(&self.machine.options.directory);
        }
        let left = Left::read(&self.machine.options.directory);
        // Before the server hears of it: what this runner does not hold is taken for dead.
        self.machine.remove_orphans(left.layouts()).await;
        if self.enlist(left.leases(), &stop).await?.is_none() {
            return Ok(());
        }
        let mut tasks = JoinSet::new();
        for (record, layout) in left.phases {
            let user = self.users.take_this(record.wall.uid, &record.lease);
            let (server, machine) = (Arc::clone(&self.server), Arc::clone(&self.machine));
            let stop = stop.clone();
            tasks.spawn(async move {
                left::adopt(server, machine, record, layout, stop).await;
                drop(user);
            });
        }
        let ended = self.claim(&stop, &mut tasks).await;
        let leave = async {
            match &ended {
                Ok(()) => self.server.leave().await,
                Err(error) => {
                    // What is begun is finished: whether its lease is still good is judged for each phase.
                    tracing::error!(%error, "this runner claims nothing any more");
                    stop.drain.cancel();
                    Ok(())
                }
            }
        };
        // Asked to end or not: whatever was started for phases to come is of no use any more.
        let (told, ()) = tokio::join!(leave, self.machine.close());
        if let Err(error) = told {
            tracing::warn!(%error, "the server was not told that this runner claims nothing any more");
        }
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a phase broke");
            }
        }
        ended
    }

    /// Says hello until the server listens, or the runner is to stop, which is nothing.
    async fn enlist(&self, holding: Vec<Lease>, stop: &Stop) -> Result<Option<()>, Error> {
        let identity = Identity::read(&self.machine.options.directory);
        let hello = Hello {
            speaks: Speaks::OURS,
            name: self.machine.options.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            slots: self.machine.options.slots,
            agent: identity.agent.clone(),
            holding,
        };
        let mut pause = PAUSE;
        loop {
            match self.server.enlist(hello.clone()).await {
                Ok(enlisted) => {
                    if let Err(error) = identity.keep(&enlisted.agent) {
                        tracing::warn!(%error, "this runner will have another name after its next start");
                    }
                    tracing::info!(agent = enlisted.agent, slots = hello.slots, "the runner claims phases");
                    return Ok(Some(()));
                }
                Err(error @ (Error::Refused(_) | Error::Superseded(_))) => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "the server does not take this runner on yet; it asks again");
                    if stop.drain.run_until_cancelled(sleep(pause)).await.is_none() {
                        return Ok(None);
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Keeps one claim open while there is a free slot, until it is to drain, or is not wanted any more.
    async fn claim(&self, stop: &Stop, tasks: &mut JoinSet<()>) -> Result<(), Error> {
        let slots = Arc::new(Semaphore::new(self.machine.options.slots.into()));
        let mut pause = PAUSE;
        loop {
            while let Some(ended) = tasks.try_join_next() {
                if let Err(error) = ended {
                    tracing::error!(%error, "a phase broke");
                }
            }
            let claimed = tokio::select! {
                biased;
                () = stop.drain.cancelled() => return Ok(()),
                claimed = async {
                    let slot = Arc::clone(&slots).acquire_owned().await;
                    (slot, self.server.claim().await)
                } => claimed,
            };
            match claimed {
                (slot, Ok(job)) => {
                    pause = PAUSE;
                    let user = self.users.take(&job.lease);
                    let (server, machine) = (Arc::clone(&self.server), Arc::clone(&self.machine));
                    let stop = stop.clone();
                    tasks.spawn(async move {
                        Box::pin(phase::execute(server, machine, job, user.uid, stop)).await;
                        drop((user, slot));
                    });
                }
                (_, Err(Error::Unknown)) => {
                    if self.enlist(self.holding(), stop).await?.is_none() {
                        return Ok(());
                    }
                }
                (_, Err(error @ Error::Superseded(_))) => return Err(error),
                (_, Err(error)) => {
                    tracing::warn!(%error, "no phase could be claimed");
                    if stop.drain.run_until_cancelled(sleep(pause)).await.is_none() {
                        return Ok(());
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Every phase that is here: what a directory says of, adopted or not, and what has written nothing down yet.
    fn holding(&self) -> Vec<Lease> {
        let mut holding = self.users.leases();
        for lease in left::leases(&self.machine.options.directory) {
            if holding.iter().all(|held| held.phase_id != lease.phase_id) {
                holding.push(lease);
            }
        }
        holding
    }
}

/// The user ids that phases run as, each with the lease of its phase.
#[derive(Clone)]
struct Users {
    first: u32,
    taken: Arc<Mutex<BTreeMap<u32, Lease>>>,
}

/// One of them, until this is dropped.
struct User {
    uid: u32,
    users: Users,
}

impl Users {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Lease>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, lease: &Lease) -> User {
        let mut taken = self.lock();
        let uid = (self.first..).find(|uid| !taken.contains_key(uid)).unwrap_or(self.first);
        taken.insert(uid, lease.clone());
        User { uid, users: self.clone() }
    }

    fn take_this(&self, uid: u32, lease: &Lease) -> User {
        self.lock().insert(uid, lease.clone());
        User { uid, users: self.clone() }
    }

    fn leases(&self) -> Vec<Lease> {
        self.lock().values().cloned().collect()
    }

    fn count(&self) -> usize {
        self.lock().len()
    }
}

impl Drop for User {
    fn drop(&mut self) {
        self.users.lock().remove(&self.uid);
    }
}
