//! Containers that are started before there is a phase for them: each waits for one, is used once, and is replaced when that phase has ended.

use super::{Docker, Image, connection::Connection};
use crate::supervise::spec::Container as Inside;
use futures::FutureExt;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::timeout;

/// How many wait for phases of one image: a plan uses one for itself and one in which it is looked at.
const EACH: usize = 2;
/// How long a container may take until its second way out is open.
const PATIENCE: Duration = Duration::from_secs(30);

/// Those that wait, the least recently used first.
#[derive(Default)]
pub(super) struct Warm {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: Vec<(String, Connection)>,
    /// Images of which one is being started.
    starting: Vec<String>,
    closed: bool,
}

impl Warm {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that waits and lives, and the ids of those that were found dead.
    pub(super) fn take(&self, image: &Image) -> (Option<Connection>, Vec<String>) {
        let mut state = self.lock();
        let mut dead = Vec::new();
        while let Some(at) = state.waiting.iter().position(|(id, _)| *id == image.id) {
            let (_, mut connection) = state.waiting.remove(at);
            if futures::StreamExt::next(&mut connection.output).now_or_never().is_none() {
                return (Some(connection), dead);
            }
            // It said something, or ended: either is none of its business.
            dead.push(connection.id);
        }
        (None, dead)
    }
}

impl Docker {
    /// Starts what is missing of an image that was just used. Failures show when a phase needs a container.
    pub(super) async fn refill(self: &Arc<Self>, inside: &Inside) {
        let most = usize::from(self.options.warm);
        let image = &inside.image.id;
        loop {
            let excess = {
                let mut state = self.warm.lock();
                let here = state.waiting.iter().filter(|(id, _)| id == image).count()
                    + state.starting.iter().filter(|id| *id == image).count();
                if state.closed || here >= EACH.min(most) {
                    return;
                }
                state.starting.push(image.clone());
                let all = state.waiting.len() + state.starting.len();
                // Those of other images go first, the least recently used one first of all.
                let other = state.waiting.iter().position(|(id, _)| id != image);
                other.filter(|_| all > most).map(|at| state.waiting.remove(at).1.id)
            };
            if let Some(id) = excess {
                self.remove(&id).await;
            }
            let made = self.warmed(inside).await;
            let mut made = Some(made);
            let refused = {
                let mut state = self.warm.lock();
                if let Some(at) = state.starting.iter().position(|id| id == image) {
                    state.starting.remove(at);
                }
                match made.take() {
                    Some(Ok(connection)) if !state.closed => {
                        state.waiting.push((image.clone(), connection));
                        None
                    }
                    Some(Ok(connection)) => Some(Ok(connection.id)),
                    Some(Err(error)) => Some(Err(error)),
                    None => None,
                }
            };
            match refused {
                None => {}
                Some(Ok(id)) => return self.remove(&id).await,
                Some(Err(error)) => return tracing::debug!(error, "no container was started in advance"),
            }
        }
    }

    async fn warmed(&self, inside: &Inside) -> Result<Connection, String> {
        let mut connection = self.cold(inside, None).await.map_err(|error| error.to_string())?;
        match timeout(PATIENCE, self.outputs(&connection.id)).await {
            Ok(Ok(outputs)) => {
                connection.outputs = Some(outputs);
                Ok(connection)
            }
            Ok(Err(error)) => {
                self.remove(&connection.id).await;
                Err(super::container::told(&error))
            }
            Err(_) => {
                self.remove(&connection.id).await;
                Err("it does not listen".to_owned())
            }
        }
    }

    /// How many wait.
    pub(crate) fn count_warm(&self) -> usize {
        self.warm.lock().waiting.len()
    }

    /// No more are started, and those that wait are removed.
    pub(crate) async fn close(&self) {
        let waiting = {
            let mut state = self.warm.lock();
            state.closed = true;
            std::mem::take(&mut state.waiting)
        };
        futures::future::join_all(waiting.iter().map(|(_, connection)| self.remove(&connection.id))).await;
    }
}
