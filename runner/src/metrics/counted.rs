//! A server whose every call is counted on its way.

use super::{Metrics, add, name};
use crate::server::{Adopted, Download, Error, Server};
use bytes::Bytes;
use protocol::{
    Artifact, Image, Job, Lease, Outcome, Phase, Wish,
    wire::{Enlisted, Hello},
};
use std::{path::PathBuf, sync::Arc};

/// Counts what a runner asks of its server.
pub struct Counted<S> {
    server: Arc<S>,
    metrics: Arc<Metrics>,
}

impl<S: Server> Counted<S> {
    /// Counts the calls to this server.
    pub fn new(server: Arc<S>, metrics: Arc<Metrics>) -> Self {
        Self { server, metrics }
    }

    fn seen<T>(&self, answer: Result<T, Error>) -> Result<T, Error> {
        if let Err(Error::Unavailable(_)) = answer {
            add(&self.metrics.unavailable, 1);
        }
        answer
    }
}

fn phase(lease: &Lease) -> Phase {
    if lease.phase_id.starts_with("apply-") { Phase::Apply } else { Phase::Plan }
}

impl<S: Server> Server for Counted<S> {
    async fn enlist(&self, hello: Hello) -> Result<Enlisted, Error> {
        let enlisted = self.seen(self.server.enlist(hello).await)?;
        add(&self.metrics.hellos, 1);
        Ok(enlisted)
    }

    async fn leave(&self) -> Result<(), Error> {
        self.seen(self.server.leave().await)
    }

    async fn claim(&self) -> Result<Job, Error> {
        let job = self.seen(self.server.claim().await)?;
        add(&self.metrics.claims, 1);
        Ok(job)
    }

    async fn adopt(&self, lease: &Lease) -> Result<Option<Adopted>, Error> {
        let adopted = self.seen(self.server.adopt(lease).await)?;
        add(&self.metrics.adoptions, adopted.is_some().into());
        Ok(adopted)
    }

    async fn renew(&self, lease: &Lease) -> Result<Wish, Error> {
        let renewed = self.seen(self.server.renew(lease).await);
        let count = if renewed.is_ok() { &self.metrics.renewals } else { &self.metrics.failed_renewals };
        add(count, 1);
        renewed
    }

    async fn wish(&self, lease: &Lease, than: Wish) -> Result<Wish, Error> {
        self.seen(self.server.wish(lease, than).await)
    }

    async fn started(&self, lease: &Lease, version: &str, image: Option<&Image>) -> Result<(), Error> {
        self.seen(self.server.started(lease, version, image).await)
    }

    async fn configuration(&self, lease: &Lease) -> Result<Download, Error> {
        self.seen(self.server.configuration(lease).await)
    }

    async fn state(&self, lease: &Lease) -> Result<Option<Bytes>, Error> {
        self.seen(self.server.state(lease).await)
    }

    async fn artifact(&self, lease: &Lease, artifact: Artifact) -> Result<Option<Download>, Error> {
        self.seen(self.server.artifact(lease, artifact).await)
    }

    async fn provider(
        &self,
        provider: &mirror::Provider,
        version: &mirror::Version,
        platform: &mirror::Platform,
    ) -> Result<Option<crate::Package>, Error> {
        self.seen(self.server.provider(provider, version, platform).await)
    }

    async fn append_log(&self, lease: &Lease, offset: u64, bytes: Bytes) -> Result<(), Error> {
        let length = bytes.len();
        self.seen(self.server.append_log(lease, offset, bytes).await)?;
        add(&self.metrics.log_bytes, u64::try_from(length).unwrap_or_default());
        Ok(())
    }

    async fn put_state(&self, lease: &Lease, state: Bytes) -> Result<(), Error> {
        self.seen(self.server.put_state(lease, state).await)?;
        add(&self.metrics.states, 1);
        Ok(())
    }

    async fn finish(&self, lease: &Lease, outcome: Outcome, artifacts: Vec<(Artifact, PathBuf)>) -> Result<(), Error> {
        let name = name(&outcome);
        let told = self.seen(self.server.finish(lease, outcome, artifacts).await);
        match &told {
            Ok(()) => self.metrics.ended(phase(lease), name),
            Err(Error::Lost { .. } | Error::Refused(_) | Error::Superseded(_)) => {
                self.metrics.ended(phase(lease), "lost");
            }
            Err(Error::Unavailable(_) | Error::Unknown) => {} // told again
        }
        told
    }
}
