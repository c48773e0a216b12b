//! A phase that executes: its log and its state go on to the server, the server's wishes to its body.

use super::{Execution, Record, exit};
use crate::{
    conclude,
    executor::Body,
    lease::{Order, persist},
    log::Tail,
    server::{Error, Server},
    state::{Followed, Unsent},
};
use bytes::Bytes;
use protocol::Phase;
use std::{io, sync::Arc};
use tokio::sync::watch;

impl<S: Server> Execution<S> {
    /// Sends log and state on until the supervisor ends, and ends the phase.
    ///
    /// `followed` is what [`follow`](Self::follow) gave before the body could write a state, or after a restart.
    pub(crate) async fn attend(
        self,
        record: &Record,
        mut body: Body,
        log_end: u64,
        followed: io::Result<Option<Followed<S>>>,
    ) {
        let (ended, tail) = self.tail(log_end);
        let (stopped, receiver) = watch::channel(false);
        let follower = followed.map(|followed| Some(tokio::spawn(followed?.run(receiver, self.patience()))));
        let started = (record.phase == Phase::Plan).then(|| {
            let (server, lease, version) = (Arc::clone(&self.server), self.lease.clone(), record.version.clone());
            let (image, patience) = (record.wall.container.as_ref().map(|inside| inside.image.told()), self.patience());
            // The apply needs the version that this says, so it is said until it is heard.
            tokio::spawn(async move { persist(&patience, || server.started(&lease, &version, image.as_ref())).await })
        });
        self.watch(&mut body).await;
        if let Some(started) = started
            && let Ok(Err(error)) = started.await
        {
            tracing::warn!(phase = self.lease.phase_id, %error, "the server does not know what the plan was made with");
        }
        stopped.send_replace(true);
        let kept = match follower {
            Ok(Some(follower)) => {
                follower.await.unwrap_or_else(|error| Err(self.unsent(Error::Unavailable(error.to_string()))))
            }
            Ok(None) => Ok(()),
            Err(error) => Err(self.unsent(Error::Refused(format!("the runner could not follow it: {error}")))),
        };
        if let Err(Unsent { error, path }) = &kept {
            tracing::error!(phase = self.lease.phase_id, %error, path = %path.display(), "the state of an apply could not be sent; it is kept in a file");
        }
        let exit = exit(&self.layout);
        let conclusion = conclude::conclude(&self, record, exit).await;
        match kept {
            Ok(()) => self.end(conclusion, ended, tail, false).await,
            // The runner stops before the server was reached: the next start says all of it, the state first.
            Err(Unsent { error: Error::Unavailable(_) | Error::Unknown, .. }) => {}
            Err(Unsent { error, path }) => {
                let conclusion = conclude::without_state(conclusion, &error, &path);
                self.end(conclusion, ended, tail, true).await;
            }
        }
    }

    pub(super) fn tail(&self, from: u64) -> (watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let (ended, receiver) = watch::channel(false);
        let tail = Tail {
            server: Arc::clone(&self.server),
            lease: self.lease.clone(),
            path: self.layout.log(),
            patience: self.patience(),
        };
        let phase = self.lease.phase_id.clone();
        let task = tokio::spawn(async move {
            if let Err(error) = tail.run(from, receiver).await {
                tracing::warn!(phase, %error, "the log is cut");
            }
        });
        (ended, task)
    }

    /// Opens what an apply will write its state to. To be called before foreign code runs there.
    pub(crate) fn follow(&self, record: &Record, state: Option<Bytes>) -> io::Result<Option<Followed<S>>> {
        if record.phase != Phase::Apply {
            return Ok(None);
        }
        let (module, limit) = (self.layout.module(&record.working_directory), record.limits.state_bytes);
        Followed::open(&self.server, &self.lease, &self.layout, &module, &record.state(), state, limit).map(Some)
    }

    fn unsent(&self, error: Error) -> Unsent {
        Unsent { error, path: self.layout.state() }
    }

    /// Hands the server's wishes to the supervisor until that has ended.
    async fn watch(&self, body: &mut Body) {
        let mut orders = self.keeper.orders();
        orders.mark_changed(); // an order may have come before anybody listened
        loop {
            tokio::select! {
                () = body.ended() => return,
                changed = orders.changed() => {
                    if changed.is_err() {
                        body.ended().await;
                        return;
                    }
                    let order = *orders.borrow_and_update();
                    match order {
                        Order::GoOn => {}
                        Order::Interrupt(_) => body.interrupt(),
                        Order::Kill(_) => body.kill(),
                    }
                }
            }
        }
    }
}
