//! A phase that executes: its log and its state go on to the server, the server's wishes to its body.

use super::{Execution, Record, exit};
use crate::{
    conclude,
    executor::Body,
    lease::Order,
    log::Tail,
    server::{Error, Server},
    state::Followed,
};
use bytes::Bytes;
use protocol::Phase;
use std::sync::Arc;
use tokio::sync::watch;

impl<S: Server> Execution<S> {
    /// Sends log and state on until the supervisor ends, and ends the phase.
    pub(crate) async fn attend(self, record: &Record, mut body: Body, log_end: u64, state: Option<Bytes>) {
        let (ended, tail) = self.tail(log_end);
        let (stopped, follower) = self.follow(record, state);
        let started = (record.phase == Phase::Plan).then(|| {
            let (server, lease, version) = (Arc::clone(&self.server), self.lease.clone(), record.version.clone());
            let image = record.wall.container.as_ref().map(|inside| inside.image.told());
            tokio::spawn(async move { server.started(&lease, &version, image.as_ref()).await })
        });
        self.watch(&mut body).await;
        if let Some(started) = started {
            started.await.ok();
        }
        stopped.send_replace(true);
        let kept = match follower {
            Some(follower) => follower.await.unwrap_or_else(|error| Err(Error::Unavailable(error.to_string()))),
            None => Ok(()),
        };
        if let Err(error) = &kept {
            let path = self.layout.state();
            tracing::error!(phase = self.lease.phase_id, %error, path = %path.display(), "the state of an apply could not be sent; it is kept in a file");
        }
        let exit = exit(&self.layout);
        let conclusion = conclude::conclude(&self, record, exit).await;
        match kept {
            Ok(()) => self.end(conclusion, ended, tail, false).await,
            // The runner stops before the server was reached: the next start says all of it, the state first.
            Err(Error::Unavailable(_) | Error::Unknown) => {}
            Err(error) => {
                let conclusion = conclude::without_state(conclusion, &error, &self.layout.state());
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

    fn follow(
        &self,
        record: &Record,
        state: Option<Bytes>,
    ) -> (watch::Sender<bool>, Option<tokio::task::JoinHandle<Result<(), Error>>>) {
        let (stopped, receiver) = watch::channel(false);
        if record.phase != Phase::Apply {
            return (stopped, None);
        }
        let module = self.layout.module(&record.working_directory);
        let limit = self.machine.options.state_bytes;
        match Followed::open(&self.server, &self.lease, &self.layout, &module, &record.cli_workspace, state, limit) {
            Ok(followed) => (stopped, Some(tokio::spawn(followed.run(receiver, self.patience())))),
            Err(error) => {
                tracing::error!(phase = self.lease.phase_id, %error, "the state of an apply cannot be followed");
                (stopped, None)
            }
        }
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
