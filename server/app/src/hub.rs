//! What just changed, for everybody in this process who waits for it. It is a wake-up and no truth: who hears it reads again.

use crate::line::Line;
use domain::id::{OrganizationId, RunId, WorkspaceId};
use tokio::sync::broadcast;

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
    /// The queue of an organization: what waits in it, or its limit.
    Queue(OrganizationId),
    /// The log of a phase grew, or ended.
    Log(String),
    /// The server wishes something of a phase that runs.
    Wish(String),
}

/// Where changes are announced.
#[derive(Debug)]
pub struct Hub {
    events: broadcast::Sender<Event>,
    line: Line,
}

impl Default for Hub {
    fn default() -> Self {
        Self { events: broadcast::Sender::new(4096), line: Line::default() }
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
        self.line.wake();
    }
    /// The runners that wait for a phase.
    pub(crate) fn line(&self) -> &Line {
        &self.line
    }
}
