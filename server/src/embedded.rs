//! The server as the embedded runner sees it: the same calls that a runner elsewhere makes, without a wire between.

use app::{App, LeaseError};
use bytes::Bytes;
use protocol::{Artifact, Image, Job, Lease, Outcome, Wish};
use runner::{Adopted, Download, Error, Server};
use std::path::PathBuf;

/// The verbs of `app` as a [`Server`].
#[derive(Debug, Clone)]
pub struct Embedded(pub App);

impl Embedded {
    fn told<T>(&self, lease: &Lease, answer: app::Result<T>) -> Result<T, Error> {
        answer.map_err(|error| match self.0.lease_error(lease, error) {
            LeaseError::Lost(phase_id) => Error::Lost { phase_id },
            LeaseError::Other(error) => unleased(error),
        })
    }
}

fn unleased(error: app::Error) -> Error {
    match error {
        app::Error::Unavailable(_) | app::Error::Internal(_) => Error::Unavailable(error.to_string()),
        other => Error::Refused(other.to_string()),
    }
}

impl Server for Embedded {
    async fn claim(&self) -> Result<Job, Error> {
        self.0.claim().await.map_err(unleased)
    }
    async fn adopt(&self, lease: &Lease) -> Result<Option<Adopted>, Error> {
        let adopted = self.told(lease, self.0.adopt(lease).await)?;
        Ok(adopted.map(|log_end| Adopted { log_end }))
    }
    async fn renew(&self, lease: &Lease) -> Result<Wish, Error> {
        self.told(lease, self.0.renew(lease).await)
    }
    async fn wish(&self, lease: &Lease, than: Wish) -> Result<Wish, Error> {
        self.told(lease, self.0.wait_for_wish(lease, than).await)
    }
    async fn started(&self, lease: &Lease, version: &str) -> Result<(), Error> {
        self.told(lease, self.0.started(lease, version).await)
    }
    async fn executes_in(&self, lease: &Lease, image: &Image) -> Result<(), Error> {
        self.told(lease, self.0.executes_in(lease, image).await)
    }
    async fn configuration(&self, lease: &Lease) -> Result<Download, Error> {
        self.told(lease, self.0.leased_configuration(lease).await)
    }
    async fn state(&self, lease: &Lease) -> Result<Option<Bytes>, Error> {
        self.told(lease, self.0.leased_state(lease).await)
    }
    async fn artifact(&self, lease: &Lease, artifact: Artifact) -> Result<Option<Download>, Error> {
        self.told(lease, self.0.leased_artifact(lease, artifact).await)
    }
    async fn append_log(&self, lease: &Lease, offset: u64, bytes: Bytes) -> Result<(), Error> {
        self.told(lease, self.0.write_log(lease, offset, bytes).await)
    }
    async fn put_state(&self, lease: &Lease, state: Bytes) -> Result<(), Error> {
        self.told(lease, self.0.put_state(lease, state).await)
    }
    async fn finish(&self, lease: &Lease, outcome: Outcome, artifacts: Vec<(Artifact, PathBuf)>) -> Result<(), Error> {
        self.told(lease, self.0.finish(lease, outcome, artifacts).await)
    }
}
