//! What became of a container that is no longer heard. Only its engine knows, and that may be away itself.

use super::{Docker, attend::PAUSE, container::told};
use bollard::errors::Error;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What the engine says of a container.
pub(super) enum Fate {
    Runs,
    Ended,
    /// The engine was away, and came back without it.
    EndedWithEngine,
    /// The engine does not answer, with these words.
    Unknown(String),
}

impl Docker {
    /// Asks until the engine answers, or has not for as long as `patience` says by then.
    pub(super) async fn fate(&self, id: &str, patience: impl Fn() -> Duration) -> Fate {
        let (since, mut away) = (Instant::now(), false);
        loop {
            let error = match self.runs(id).await {
                Ok(true) => return Fate::Runs,
                Ok(false) if away => return Fate::EndedWithEngine,
                Ok(false) => return Fate::Ended,
                Err(error) => error,
            };
            if !away {
                tracing::warn!(container = id, error = told(&error), "the container engine does not answer");
            }
            away = true;
            if since.elapsed() >= patience() {
                return Fate::Unknown(told(&error));
            }
            // Nothing tells that it is back.
            sleep(PAUSE).await;
        }
    }

    /// Whether it runs. Fails when the engine does not answer.
    pub(super) async fn runs(&self, id: &str) -> Result<bool, Error> {
        match self.api.inspect_container(id, None).await {
            Ok(container) => Ok(container.state.and_then(|state| state.running).unwrap_or(false)),
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether a process in it was killed because its memory was used up.
    pub(super) async fn out_of_memory(&self, id: &str) -> bool {
        let container = self.api.inspect_container(id, None).await.ok();
        container.and_then(|container| container.state?.oom_killed).unwrap_or(false)
    }
}
