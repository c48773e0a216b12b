//! The server as the embedded runner sees it: the same calls that a runner elsewhere makes, without a wire between.

use app::{App, Claimant, LeaseError, Serves};
use bytes::Bytes;
use protocol::{
    Artifact, Image, Job, Lease, Outcome, Wish,
    wire::{Enlisted, HOLD, Hello},
};
use runner::{Adopted, Download, Error, Package, Server};
use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{io::AsyncReadExt as _, time::sleep};
use tokio_util::task::AbortOnDropHandle;

/// The verbs of `app` as a [`Server`].
#[derive(Debug)]
pub struct Embedded {
    app: App,
    claimant: Mutex<Option<Claimant>>,
}

impl Embedded {
    /// The runner inside this server.
    pub fn new(app: App) -> Self {
        Self { app, claimant: Mutex::default() }
    }

    fn claimant(&self) -> Result<Claimant, Error> {
        let known = self.claimant.lock().unwrap_or_else(PoisonError::into_inner).clone();
        known.ok_or_else(|| Error::Refused("the runner has not said who it is".into()))
    }

    fn told<T>(&self, lease: &Lease, answer: app::Result<T>) -> Result<T, Error> {
        answer.map_err(|error| match self.app.lease_error(lease, error) {
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

/// A runner elsewhere that has nothing to do is heard of as often. This is a task of its own: a claim may hold the only writer of the database, and
/// would keep it for ever from whoever waits for another write instead of polling it.
async fn be_heard(app: App, claimant: Claimant) {
    loop {
        sleep(Duration::from_secs(HOLD)).await;
        if let Err(error) = app.heard_of(&claimant).await {
            tracing::warn!(%error, "the runner in this server cannot say that it is here");
        }
    }
}

/// Of a runner that is not who it says it is any more: another process has its directory, or it was forgotten.
fn unclaimed(error: app::Error) -> Error {
    match error {
        app::Error::NotFound(_) => Error::Unknown,
        app::Error::Conflict(_) => Error::Superseded(error.to_string()),
        other => unleased(other),
    }
}

impl Server for Embedded {
    async fn enlist(&self, hello: Hello) -> Result<Enlisted, Error> {
        let enlisted = self.app.enlist(&Serves::Site, &hello, "").await.map_err(unleased)?;
        let agent = enlisted.agent.parse().map_err(|_| Error::Refused("the runner has no id".into()))?;
        let (session, protocol) = (enlisted.session, enlisted.protocol);
        let claimant = Claimant { agent, session, serves: Serves::Site, protocol, token: None };
        *self.claimant.lock().unwrap_or_else(PoisonError::into_inner) = Some(claimant);
        Ok(enlisted)
    }
    async fn leave(&self) -> Result<(), Error> {
        self.app.leave(&self.claimant()?).await.map_err(unleased)
    }
    async fn claim(&self) -> Result<Job, Error> {
        let claimant = self.claimant()?;
        let _heard = AbortOnDropHandle::new(tokio::spawn(be_heard(self.app.clone(), claimant.clone())));
        self.app.claim(&claimant, None).await.map_err(unclaimed)
    }
    async fn adopt(&self, lease: &Lease) -> Result<Option<Adopted>, Error> {
        let adopted = self.told(lease, self.app.adopt(lease).await)?;
        Ok(adopted.map(|log_end| Adopted { log_end }))
    }
    async fn renew(&self, lease: &Lease) -> Result<Wish, Error> {
        self.told(lease, self.app.renew(lease).await)
    }
    async fn wish(&self, lease: &Lease, than: Wish) -> Result<Wish, Error> {
        self.told(lease, self.app.wait_for_wish(lease, than).await)
    }
    async fn started(&self, lease: &Lease, version: &str, image: Option<&Image>) -> Result<(), Error> {
        self.told(lease, self.app.started(lease, version, image).await)
    }
    async fn configuration(&self, lease: &Lease) -> Result<Download, Error> {
        self.told(lease, self.app.leased_configuration(lease).await)
    }
    async fn state(&self, lease: &Lease) -> Result<Option<Bytes>, Error> {
        let Some(mut state) = self.told(lease, self.app.leased_state(lease).await)? else { return Ok(None) };
        let mut bytes = Vec::new();
        let read = state.read_to_end(&mut bytes).await;
        read.map_err(|error| Error::Unavailable(format!("the state cannot be read: {error}")))?;
        Ok(Some(bytes.into()))
    }
    async fn artifact(&self, lease: &Lease, artifact: Artifact) -> Result<Option<Download>, Error> {
        self.told(lease, self.app.leased_artifact(lease, artifact).await)
    }
    async fn provider(
        &self,
        provider: &mirror::Provider,
        version: &mirror::Version,
        platform: &mirror::Platform,
    ) -> Result<Option<Package>, Error> {
        let hashes = match self.app.mirror.archives(provider, version).await {
            Ok(mut archives) => archives.remove(platform),
            Err(mirror::Error::NotFound(_)) => None,
            Err(error) => return Err(Error::Unavailable(error.to_string())),
        };
        let Some(hashes) = hashes else { return Ok(None) };
        let archive = self.app.mirror.archive(provider, version, platform).await;
        let archive = archive.map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(Some(Package { hashes, archive: Box::pin(archive.file) }))
    }
    async fn append_log(&self, lease: &Lease, offset: u64, bytes: Bytes) -> Result<(), Error> {
        self.told(lease, self.app.write_log(lease, offset, bytes).await)
    }
    async fn put_state(&self, lease: &Lease, state: Bytes) -> Result<(), Error> {
        self.told(lease, self.app.put_state(lease, app::Upload::of(state)).await)
    }
    async fn finish(&self, lease: &Lease, outcome: Outcome, artifacts: Vec<(Artifact, PathBuf)>) -> Result<(), Error> {
        self.told(lease, self.app.finish(lease, outcome, artifacts).await)
    }
}
