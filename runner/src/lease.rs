//! Keeps the lease of a phase alive and hears what the server wishes, while the phase executes.

use crate::{
    layout::Layout,
    server::{Error, Server},
    supervise::{self, spec},
};
use protocol::{Lease, Limits, Wish};
use std::{future::Future, io, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::AbortHandle,
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

/// Why a phase is to end before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// Somebody cancelled.
    Wish,
    /// The runner stops and somebody else is to make the plan.
    HandBack,
    /// It took too long.
    TimeOut,
    /// The lease was lost or could not be prolonged.
    Lease,
}

/// What to do with the phase. A later one is never milder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Order {
    GoOn,
    Interrupt(Cause),
    Kill(Cause),
}

impl Order {
    pub(crate) fn cause(self) -> Option<Cause> {
        match self {
            Self::GoOn => None,
            Self::Interrupt(cause) | Self::Kill(cause) => Some(cause),
        }
    }
}

/// The task that keeps the lease; it ends when this is dropped.
pub(crate) struct Keeper {
    orders: watch::Sender<Order>,
    /// When the lease ends: milliseconds since the machine was started.
    end: watch::Sender<u64>,
    tasks: Vec<AbortHandle>,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Keeper {
    /// Keeps the lease, from now on. `elapsed` is how long the phase has executed already; `hand_back` ends it so that another can begin it again.
    pub(crate) fn start<S: Server>(
        server: &Arc<S>,
        lease: &Lease,
        layout: Layout,
        limits: Limits,
        elapsed: Duration,
        hand_back: Option<CancellationToken>,
    ) -> Self {
        let (orders, _) = watch::channel(Order::GoOn);
        let (lease_end, _) = watch::channel(end_of(lease));
        let end = Instant::now() + Duration::from_secs(limits.phase_seconds).saturating_sub(elapsed);
        let (too_long, handed_back) = (orders.clone(), orders.clone());
        let mut tasks = vec![
            tokio::spawn(renew(Arc::clone(server), lease.clone(), layout, orders.clone(), lease_end.clone()))
                .abort_handle(),
            tokio::spawn(listen(Arc::clone(server), lease.clone(), orders.clone())).abort_handle(),
            tokio::spawn(async move {
                sleep_until(end).await;
                raise(&too_long, Order::Interrupt(Cause::TimeOut));
            })
            .abort_handle(),
        ];
        tasks.extend(hand_back.map(|hand_back| {
            let handed_back = async move {
                hand_back.cancelled().await;
                raise(&handed_back, Order::Kill(Cause::HandBack));
            };
            tokio::spawn(handed_back).abort_handle()
        }));
        Self { orders, end: lease_end, tasks }
    }

    pub(crate) fn orders(&self) -> watch::Receiver<Order> {
        self.orders.subscribe()
    }

    /// When the lease ends, now and after every renewal.
    pub(crate) fn lease_end(&self) -> watch::Receiver<u64> {
        self.end.subscribe()
    }

    /// The lease is lost: ends the phase.
    pub(crate) fn lose(&self) {
        raise(&self.orders, Order::Interrupt(Cause::Lease));
    }

    /// What is to be done now.
    pub(crate) fn order(&self) -> Order {
        *self.orders.borrow()
    }
}

/// Waits until the phase is to end.
pub(crate) async fn ordered(orders: &mut watch::Receiver<Order>) {
    if orders.wait_for(|order| *order != Order::GoOn).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Tells the supervisor until when the lease lasts.
pub(crate) fn write(layout: &Layout, lease: &Lease) -> io::Result<()> {
    let end = end_of(lease);
    supervise::write_bytes(layout.root(), spec::name::LEASE, end.to_string().as_bytes(), false)
}

/// When a lease ends that was prolonged just now.
fn end_of(lease: &Lease) -> u64 {
    spec::boot_milliseconds() + u64::from(lease.seconds) * 1000
}

fn raise(orders: &watch::Sender<Order>, order: Order) {
    orders.send_if_modified(|current| {
        // Of two that are as strong, the first one is the reason.
        let stronger = std::mem::discriminant(current) != std::mem::discriminant(&order) && order > *current;
        if stronger {
            *current = order;
        }
        stronger
    });
}

fn obey(orders: &watch::Sender<Order>, wish: Wish) {
    match wish {
        Wish::GoOn => {}
        Wish::Interrupt => raise(orders, Order::Interrupt(Cause::Wish)),
        Wish::Kill => raise(orders, Order::Kill(Cause::Wish)),
        Wish::Lost => raise(orders, Order::Interrupt(Cause::Lease)),
    }
}

async fn renew<S: Server>(
    server: Arc<S>,
    lease: Lease,
    layout: Layout,
    orders: watch::Sender<Order>,
    end: watch::Sender<u64>,
) {
    let whole = Duration::from_secs(u64::from(lease.seconds));
    let mut since = Instant::now();
    let mut next = since + whole / 3;
    loop {
        sleep_until(next).await;
        let asked = Instant::now();
        match timeout(whole / 6, server.renew(&lease)).await {
            Ok(Ok(wish)) => {
                since = asked;
                next = since + whole / 3;
                if write(&layout, &lease).is_err() {
                    tracing::warn!(phase = lease.phase_id, "the lease file cannot be written");
                }
                end.send_replace(end_of(&lease));
                obey(&orders, wish);
            }
            Ok(Err(Error::Lost { .. } | Error::Refused(_) | Error::Superseded(_))) => {
                obey(&orders, Wish::Lost);
                return;
            }
            Ok(Err(Error::Unavailable(_) | Error::Unknown)) | Err(_) => next = Instant::now() + whole / 12,
        }
        if since.elapsed() >= whole {
            raise(&orders, Order::Kill(Cause::Lease));
            return;
        }
        if since.elapsed() >= whole * 2 / 3 {
            raise(&orders, Order::Interrupt(Cause::Lease));
        }
    }
}

async fn listen<S: Server>(server: Arc<S>, lease: Lease, orders: watch::Sender<Order>) {
    let mut heard = Wish::GoOn;
    let mut pause = PAUSE;
    loop {
        match server.wish(&lease, heard).await {
            Ok(wish) => {
                heard = wish;
                pause = PAUSE;
                obey(&orders, wish);
            }
            Err(Error::Unavailable(_) | Error::Unknown) => {
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Err(Error::Lost { .. } | Error::Refused(_) | Error::Superseded(_)) => return obey(&orders, Wish::Lost),
        }
    }
}

/// Between two attempts to reach the server.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a call is repeated while the server is not reachable.
#[derive(Debug, Clone)]
pub(crate) enum Patience {
    /// It is made once: another one will follow.
    None,
    /// For ever, since what it says is known nowhere else; but no longer than this once the runner is to stop: then its next start says it.
    UntilStopped(Duration, CancellationToken),
}

impl Patience {
    fn is_over(&self, tried: Duration) -> bool {
        match self {
            Self::None => true,
            Self::UntilStopped(least, stop) => stop.is_cancelled() && tried >= *least,
        }
    }
}

/// Repeats a call while the server is not reachable.
pub(crate) async fn persist<T, F: Future<Output = Result<T, Error>>>(
    patience: &Patience,
    mut call: impl FnMut() -> F,
) -> Result<T, Error> {
    let since = Instant::now();
    let mut pause = PAUSE;
    loop {
        match call().await {
            // A server that does not know this runner will, once it has said hello again.
            Err(error @ (Error::Unavailable(_) | Error::Unknown)) => {
                if patience.is_over(since.elapsed()) {
                    return Err(Error::Unavailable(error.to_string()));
                }
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            other => return other,
        }
    }
}
