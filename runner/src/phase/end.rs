//! A phase that ended: its last words, its outcome, its directory.

use super::{Conclusion, Execution};
use crate::{
    conclude,
    layout::Layout,
    lease::persist,
    server::{Error, Server},
    supervise::{
        self,
        spec::{Exit, name},
    },
};
use protocol::Outcome;
use std::{fs, io};
use tokio::sync::watch;

impl<S: Server> Execution<S> {
    /// The last words to the log, the log to its end, the outcome to the server, the directory away unless `keep` says that
    /// its state is still only there.
    pub(super) async fn end(
        self,
        conclusion: Conclusion,
        ended: watch::Sender<bool>,
        tail: tokio::task::JoinHandle<()>,
        keep: bool,
    ) {
        if let Some(words) = conclude::last_words(&conclusion.outcome) {
            let appended = fs::OpenOptions::new()
                .append(true)
                .open(self.layout.log())
                .and_then(|mut log| io::Write::write_all(&mut log, words.as_bytes()));
            if let Err(error) = appended {
                tracing::warn!(phase = self.lease.phase_id, %error, "the log lacks its last words");
            }
        }
        ended.send_replace(true);
        tail.await.ok();
        if keep {
            fs::remove_dir_all(self.layout.work()).ok();
            if let Err(error) = supervise::write_whole(self.layout.root(), "unsent", &conclusion.outcome, false) {
                tracing::error!(phase = self.lease.phase_id, %error, "the end of the phase cannot be written down");
            }
            points::pass("runner.unsent.written");
        }
        let layout = self.layout.clone();
        if matches!(conclusion.outcome, Outcome::Unfinished { .. }) {
            // Before the server hears of it: from then on the same phase may be executed here again, in the same place.
            layout.remove().ok();
            self.finish(conclusion).await;
            return;
        }
        if self.finish(conclusion).await && !keep {
            let removed = tokio::task::spawn_blocking(move || layout.remove()).await;
            if !matches!(removed, Ok(Ok(()))) {
                tracing::warn!("a work directory could not be removed");
            }
        }
    }

    /// Whether the server has it, or will never want it.
    pub(super) async fn finish(self, conclusion: Conclusion) -> bool {
        let Conclusion { outcome, artifacts } = conclusion;
        points::pass("runner.finish");
        let finished =
            persist(&self.patience(), || self.server.finish(&self.lease, outcome.clone(), artifacts.clone())).await;
        points::pass("runner.finished");
        match finished {
            Ok(()) => true,
            Err(error @ (Error::Lost { .. } | Error::Refused(_) | Error::Superseded(_))) => {
                tracing::warn!(phase = self.lease.phase_id, %error, "the end of the phase was not wanted");
                true
            }
            Err(error @ (Error::Unavailable(_) | Error::Unknown)) => {
                tracing::error!(phase = self.lease.phase_id, %error, "the end of the phase could not be told; it will be at the next start");
                false
            }
        }
    }
}

/// What the supervisor left.
pub(crate) fn exit(layout: &Layout) -> Option<Exit> {
    serde_json::from_slice(&fs::read(layout.root().join(name::EXIT)).ok()?).ok()
}
