//! What just changed, for everybody in this process who waits for it. It is a wake-up and no truth: who hears it reads again.

use domain::id::{RunId, WorkspaceId};
use tokio::sync::{Notify, broadcast, futures::Notified};

/// Something changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A run: its status or what may be done to it.
    Run {
        /// Of which workspace.
        workspace: WorkspaceId,
        /// Which.
        run: RunId,
    },
    /// A workspace: its lock, its state or its settings.
    Workspace(WorkspaceId),
    /// The log of a phase grew, or ended.
    Log(String),
    /// The server wishes something of a phase that runs.
    Wish(String),
}

/// Where changes are announced.
#[derive(Debug)]
pub struct Hub {
    events: broadcast::Sender<Event>,
    queued: Notify,
}

impl Default for Hub {
    fn default() -> Self {
        Self { events: broadcast::Sender::new(4096), queued: Notify::new() }
    }
}

impl Hub {
    /// Announces changes, after the transaction that made them.
    pub fn announce(&self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            // Nobody listening is no failure.
            drop(self.events.send(event));
        }
    }
    /// Hears every change from now on. Who falls behind is told so and reads everything again.
    pub fn listen(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }
    /// Wakes the runners: a phase is queued, or a place is free.
    pub fn wake_runners(&self) {
        self.queued.notify_waiters();
    }
    /// The next wake-up of the runners. Made before one looks, so that none is missed.
    pub fn queued(&self) -> Notified<'_> {
        self.queued.notified()
    }
}
