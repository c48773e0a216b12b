//! What a runner needs of the server, wherever it is: in the same process or behind HTTPS.

use bytes::Bytes;
use protocol::{
    Artifact, Image, Job, Lease, Outcome, Wish,
    wire::{Enlisted, Hello},
};
use std::{future::Future, path::PathBuf, pin::Pin};
use tokio::io::AsyncRead;

/// A file on its way from the server.
pub type Download = Pin<Box<dyn AsyncRead + Send>>;

/// Why the server did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The lease has ended or belongs to another: stop the phase, keep nothing.
    #[error("the lease of {phase_id} is lost")]
    Lost {
        /// The phase.
        phase_id: String,
    },
    /// It may work later: ask again.
    #[error("the server is not reachable: {0}")]
    Unavailable(String),
    /// The server does not know this runner any more: say hello again.
    #[error("the server does not know this runner")]
    Unknown,
    /// Another start of this runner has taken its place: claim nothing any more.
    #[error("{0}")]
    Superseded(String),
    /// It will not work later either.
    #[error("the server refused: {0}")]
    Refused(String),
}

/// A package of a provider, as the server's mirror has it.
pub struct Package {
    /// Its check sums as lock files have them (`h1:…`, `zh:…`): it has one of these.
    pub hashes: Vec<String>,
    /// The packed package.
    pub archive: Download,
}

/// What the server still knows of a phase that outlived it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adopted {
    /// How many bytes of the phase's log the server holds: the log goes on from there.
    pub log_end: u64,
}

/// The server as a runner sees it. Every call with a lease is made under it, and but for [`adopt`](Server::adopt) fails with
/// [`Error::Lost`] when that has ended. Each may be repeated after [`Error::Unavailable`].
pub trait Server: Send + Sync + 'static {
    /// Says who this runner is and what it still holds; first of all, and once for each start.
    fn enlist(&self, hello: Hello) -> impl Future<Output = Result<Enlisted, Error>> + Send;
    /// Says that this runner claims nothing any more.
    fn leave(&self) -> impl Future<Output = Result<(), Error>> + Send;
    /// Waits until a phase is ready and takes it. Dropping the future before it is done takes nothing for long: what was taken is offered again.
    fn claim(&self) -> impl Future<Output = Result<Job, Error>> + Send;
    /// Asks for a phase that this runner was executing before it (or the server) was restarted. `None`: the lease is lost.
    fn adopt(&self, lease: &Lease) -> impl Future<Output = Result<Option<Adopted>, Error>> + Send;
    /// Prolongs the lease and hears what the server wishes.
    fn renew(&self, lease: &Lease) -> impl Future<Output = Result<Wish, Error>> + Send;
    /// Waits until the server wishes something else than `than`.
    fn wish(&self, lease: &Lease, than: Wish) -> impl Future<Output = Result<Wish, Error>> + Send;
    /// Tells that the engine's first process is started, its exact version, and the image it is in where it has one. Said of an apply before it is: one of which it was never said
    /// has certainly not begun.
    fn started(
        &self,
        lease: &Lease,
        version: &str,
        image: Option<&Image>,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    /// The uploaded configuration, a gzipped tar as the CLI packed it.
    fn configuration(&self, lease: &Lease) -> impl Future<Output = Result<Download, Error>> + Send;
    /// The workspace's current state, if it has one; its bytes are exactly those that were stored.
    fn state(&self, lease: &Lease) -> impl Future<Output = Result<Option<Bytes>, Error>> + Send;
    /// A file that the run's plan phase handed back.
    fn artifact(
        &self,
        lease: &Lease,
        artifact: Artifact,
    ) -> impl Future<Output = Result<Option<Download>, Error>> + Send;
    /// A provider for one platform, from the server's mirror; `None` when that does not have it.
    fn provider(
        &self,
        provider: &mirror::Provider,
        version: &mirror::Version,
        platform: &mirror::Platform,
    ) -> impl Future<Output = Result<Option<Package>, Error>> + Send {
        let _ = (provider, version, platform);
        async { Ok(None) }
    }
    /// Appends to the log at `offset`. Bytes that the server has already are skipped, a gap is refused.
    fn append_log(&self, lease: &Lease, offset: u64, bytes: Bytes) -> impl Future<Output = Result<(), Error>> + Send;
    /// Stores a whole state that the engine wrote during an apply. The same bytes again are a repeat.
    fn put_state(&self, lease: &Lease, state: Bytes) -> impl Future<Output = Result<(), Error>> + Send;
    /// Ends the phase: what it handed back and how it ended become visible in one step.
    fn finish(
        &self,
        lease: &Lease,
        outcome: Outcome,
        artifacts: Vec<(Artifact, PathBuf)>,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}
