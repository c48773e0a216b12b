//! What just changed, for everybody who waits for it, in this process and in the other servers on the same database. It is a wake-up and no
//! truth: who hears it reads again.

use crate::{App, line::Line, listing::Names, search::Indexing, state::Remembered};
use domain::id::{OrganizationId, RunId, WorkspaceId};
use std::{
    future::Future,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};
use store::{
    Store,
    notify::{Heard, Post},
};
use tokio::sync::{Notify, broadcast};

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
    /// Anything: something may have been missed.
    Anything,
}

/// Where changes are announced.
#[derive(Debug)]
pub struct Hub {
    events: broadcast::Sender<Event>,
    line: Line,
    superseded: Notify,
    stored: AtomicU64,
    unindexed: Notify,
    /// What is known of the work on the index.
    pub(crate) indexing: Indexing,
    /// What the states that this process wrote last hold.
    pub(crate) remembered: Remembered,
    /// The names of the workspaces that somebody looked for.
    pub(crate) names: Names,
    post: Option<Post>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            events: broadcast::Sender::new(4096),
            line: Line::default(),
            superseded: Notify::new(),
            stored: AtomicU64::new(0),
            unindexed: Notify::new(),
            indexing: Indexing::default(),
            remembered: Remembered::default(),
            names: Names::default(),
            post: None,
        }
    }
}

/// What other servers are told when a phase is queued or a place is free.
const QUEUED: &str = "queued";
/// What other servers are told when a token was revoked or a person changed.
pub(crate) const FORGET: &str = "forget";

impl Event {
    /// The line that another server reads; nothing that only concerns this one is told.
    fn line(&self) -> Option<String> {
        match self {
            Self::Run { workspace, run } => Some(format!("run {workspace} {run}")),
            Self::Workspace(workspace) => Some(format!("workspace {workspace}")),
            Self::Queue(organization) => Some(format!("queue {organization}")),
            Self::Log(phase) => Some(format!("log {phase}")),
            Self::Wish(phase) => Some(format!("wish {phase}")),
            Self::Anything => None,
        }
    }
    /// What a line says. One that nobody here knows, since a newer server told it, may mean anything.
    fn read(line: &str) -> Self {
        let read = || {
            let (kind, id) = line.split_once(' ')?;
            match kind {
                "run" => {
                    let (workspace, run) = id.split_once(' ')?;
                    Some(Self::Run { workspace: workspace.parse().ok()?, run: run.parse().ok()? })
                }
                "workspace" => id.parse().ok().map(Self::Workspace),
                "queue" => id.parse().ok().map(Self::Queue),
                "log" => Some(Self::Log(id.to_owned())),
                "wish" => Some(Self::Wish(id.to_owned())),
                _ => None,
            }
        };
        read().unwrap_or(Self::Anything)
    }
}

impl Hub {
    /// One that tells other servers too, and hears them once [`App::relay`](crate::App::relay) runs.
    pub fn shared(post: Option<Post>) -> Self {
        Self { post, ..Self::default() }
    }
    /// Announces changes, after the transaction that made them.
    pub fn announce(&self, events: impl IntoIterator<Item = Event>) {
        let events: Vec<Event> = events.into_iter().collect();
        if let Some(post) = &self.post {
            post.put(events.iter().filter_map(Event::line));
        }
        for event in events {
            self.hear(event);
        }
    }
    /// Hears every change from now on. Who falls behind is told so and reads everything again.
    pub fn listen(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }
    /// Wakes the runners: a phase is queued, or a place is free.
    pub fn wake_runners(&self) {
        if let Some(post) = &self.post {
            post.put([QUEUED.to_owned()]);
        }
        self.line.wake();
    }
    /// The runners that wait for a phase.
    pub(crate) fn line(&self) -> &Line {
        &self.line
    }

    /// Ends when a state of this process took the place of another since the last time.
    pub async fn superseded(&self) {
        self.superseded.notified().await;
    }
    /// A state took the place of another.
    pub(crate) fn supersede(&self) {
        self.stored.fetch_add(1, Relaxed);
        self.superseded.notify_one();
    }
    /// How many states this process has stored.
    pub(crate) fn stored(&self) -> u64 {
        self.stored.load(Relaxed)
    }

    /// Ends when something of this process is due for the index since the last time.
    pub async fn unindexed(&self) {
        self.unindexed.notified().await;
    }
    /// Something is due for the index: a state, or what a workspace is called.
    pub(crate) fn unindex(&self) {
        self.unindexed.notify_one();
    }

    fn hear(&self, event: Event) {
        // Nobody listening is no failure.
        drop(self.events.send(event));
    }
    /// Whether what other servers revoked until a few seconds ago was heard.
    fn is_current(&self) -> bool {
        self.post.as_ref().is_some_and(Post::is_current)
    }
}

impl App {
    /// Tells the other servers on the same database what changes here, and hears it from them, until `stop`; at once where there can be none.
    pub async fn relay(&self, stop: impl Future<Output = ()>) {
        if let Some(post) = &self.hub.post {
            post.run(|heard| self.hear(heard), stop).await;
        }
    }

    fn hear(&self, heard: Heard<'_>) {
        match heard {
            Heard::Line(QUEUED) => self.hub.line.wake(),
            Heard::Line(FORGET) => self.known.forget(),
            Heard::Line(line) => self.hub.hear(Event::read(line)),
            Heard::Anything => {
                self.known.forget();
                self.hub.hear(Event::Anything);
                self.hub.line.wake();
            }
        }
    }

    /// Whether this server knows of every token that was revoked, give or take a few seconds.
    pub(crate) fn hears_revocations(&self) -> bool {
        matches!(self.store, Store::Sqlite { .. }) || self.hub.is_current()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::Entropy;

    #[test]
    fn what_is_told_is_what_is_heard() {
        let (workspace, run) = (WorkspaceId::new(&Entropy::default()), RunId::new(&Entropy::default()));
        let events = [
            Event::Run { workspace: workspace.clone(), run },
            Event::Workspace(workspace),
            Event::Log("plan-x".into()),
            Event::Wish("apply-x".into()),
            Event::Queue(OrganizationId::new(&Entropy::default())),
        ];
        for event in events {
            assert_eq!(Event::read(&event.line().unwrap()), event);
        }
    }

    #[test]
    fn what_nobody_understands_may_be_anything() {
        for line in ["", "run", "run ws-1", "workspace x", "pool apool-1"] {
            assert_eq!(Event::read(line), Event::Anything, "{line}");
        }
        assert_eq!(Event::Anything.line(), None);
    }
}
