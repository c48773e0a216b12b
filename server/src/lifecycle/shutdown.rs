//! One wish to stop that everything long-lived can hear.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The wish to stop. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    wanted: CancellationToken,
    forced: CancellationToken,
}

impl Shutdown {
    /// Nobody wishes it yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Follows SIGTERM and SIGINT: the first one wishes it, a second one ends the waiting for requests under way.
    pub fn follow_signals(&self) -> std::io::Result<()> {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let shutdown = self.clone();
        tokio::spawn(async move {
            loop {
                let name = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                };
                tracing::info!("{name}: stopping{}", if shutdown.is_wanted() { " at once" } else { "" });
                shutdown.want();
            }
        });
        Ok(())
    }

    /// Wishes it; the second time, at once.
    pub fn want(&self) {
        if self.wanted.is_cancelled() {
            self.forced.cancel();
        }
        self.wanted.cancel();
    }

    /// Whether it is wished: the server is not ready any more.
    pub fn is_wanted(&self) -> bool {
        self.wanted.is_cancelled()
    }

    /// Is cancelled as soon as it is wished. Event streams, long polls and background work end on it.
    pub fn wanted(&self) -> &CancellationToken {
        &self.wanted
    }

    /// Is cancelled when nothing is waited for any more.
    pub(super) fn forced(&self) -> &CancellationToken {
        &self.forced
    }
}
