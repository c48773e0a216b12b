//! A server in memory: what the runner says to it is written down.

use bytes::Bytes;
use protocol::{
    Artifact, Image, Job, Lease, Outcome, Wish,
    wire::{Enlisted, Hello},
};
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
};
use terrane_runner::{Adopted, Download, Error, Package, Server};
use tokio::sync::{Mutex as AsyncMutex, mpsc, watch};

/// What was said about the phases.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) log: Vec<u8>,
    pub(crate) log_end: u64,
    pub(crate) largest_chunk: usize,
    pub(crate) states: Vec<Bytes>,
    pub(crate) started: Option<String>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) artifacts: HashMap<Artifact, Vec<u8>>,
    pub(crate) renewals: u32,
    pub(crate) adopted: Vec<String>,
    pub(crate) hellos: Vec<Hello>,
}

pub(crate) struct Fake {
    pub(crate) slug: Mutex<Vec<u8>>,
    pub(crate) state: Mutex<Option<Bytes>>,
    pub(crate) said: Mutex<Said>,
    /// The one provider that is mirrored: what is said of it, and what comes.
    pub(crate) package: Mutex<Option<(Vec<String>, Vec<u8>)>>,
    /// How often it was asked for.
    pub(crate) fetched: Mutex<u32>,
    /// What the server holds of the log is counted only.
    pub(crate) forget_log: bool,
    /// Whether an adoption is granted.
    pub(crate) grant: bool,
    /// What claims are answered with; nothing is that the runner is not known.
    jobs: mpsc::UnboundedSender<Option<Job>>,
    waiting: AsyncMutex<mpsc::UnboundedReceiver<Option<Job>>>,
    /// Whether configurations are handed out, and how many were asked for.
    pub(crate) open: watch::Sender<bool>,
    pub(crate) asked: watch::Sender<u32>,
    pub(crate) wish: watch::Sender<Wish>,
    /// Whether another start of the runner has taken its place.
    pub(crate) superseded: watch::Sender<bool>,
    pub(crate) ended: watch::Sender<bool>,
    pub(crate) grown: watch::Sender<u64>,
}

impl Fake {
    pub(crate) fn new() -> Self {
        let (jobs, waiting) = mpsc::unbounded_channel();
        Self {
            slug: Mutex::default(),
            state: Mutex::default(),
            said: Mutex::default(),
            package: Mutex::default(),
            fetched: Mutex::default(),
            forget_log: false,
            grant: true,
            jobs,
            open: watch::channel(true).0,
            asked: watch::channel(0).0,
            waiting: AsyncMutex::new(waiting),
            wish: watch::channel(Wish::GoOn).0,
            superseded: watch::channel(false).0,
            ended: watch::channel(false).0,
            grown: watch::channel(0).0,
        }
    }

    pub(crate) fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap()
    }

    pub(crate) fn offer(&self, job: Job) {
        self.offer_nothing();
        self.jobs.send(Some(job)).unwrap();
    }

    /// The next claim is answered as one of a runner that nobody knows.
    pub(crate) fn forget_runner(&self) {
        self.jobs.send(None).unwrap();
    }

    /// Forgets what was said; artifacts are kept.
    pub(crate) fn offer_nothing(&self) {
        self.ended.send_replace(false);
        let artifacts = std::mem::take(&mut self.said().artifacts);
        *self.said() = Said { artifacts, ..Said::default() };
    }

    /// The log so far, as text.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&self.said().log).into_owned()
    }

    pub(crate) async fn until_ended(&self) {
        self.ended.subscribe().wait_for(|ended| *ended).await.unwrap();
    }

    /// Waits until the log holds a text.
    pub(crate) async fn until_logged(&self, text: &str) {
        let mut grown = self.grown.subscribe();
        while !self.log().contains(text) {
            assert!(!*self.ended.borrow(), "it ended: {:?} {}", self.said().outcome, self.log());
            grown.changed().await.unwrap();
        }
    }
}

impl Server for Fake {
    async fn enlist(&self, hello: Hello) -> Result<Enlisted, Error> {
        self.said().hellos.push(hello.clone());
        let agent = hello.agent.unwrap_or_else(|| "agent-1".to_owned());
        Ok(Enlisted { protocol: protocol::VERSION, agent, session: 1 })
    }

    async fn leave(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn claim(&self) -> Result<Job, Error> {
        let (mut waiting, mut superseded) = (self.waiting.lock().await, self.superseded.subscribe());
        let taken = async { drop(superseded.wait_for(|superseded| *superseded).await) };
        tokio::select! {
            job = waiting.recv() => job.unwrap().ok_or(Error::Unknown), // who offers jobs lives as long as this
            () = taken => Err(Error::Superseded("another start".to_owned())),
        }
    }

    async fn adopt(&self, lease: &Lease) -> Result<Option<Adopted>, Error> {
        let mut said = self.said();
        said.adopted.push(lease.phase_id.clone());
        Ok(self.grant.then_some(Adopted { log_end: said.log_end }))
    }

    async fn renew(&self, _: &Lease) -> Result<Wish, Error> {
        self.said().renewals += 1;
        Ok(*self.wish.borrow())
    }

    async fn wish(&self, _: &Lease, than: Wish) -> Result<Wish, Error> {
        let mut wishes = self.wish.subscribe();
        let wish = wishes.wait_for(|wish| *wish != than).await;
        Ok(*wish.unwrap())
    }

    async fn started(&self, _: &Lease, version: &str, _: Option<&Image>) -> Result<(), Error> {
        self.said().started = Some(version.to_owned());
        Ok(())
    }

    async fn configuration(&self, _: &Lease) -> Result<Download, Error> {
        self.asked.send_modify(|asked| *asked += 1);
        self.open.subscribe().wait_for(|open| *open).await.unwrap();
        Ok(Box::pin(std::io::Cursor::new(self.slug.lock().unwrap().clone())))
    }

    async fn state(&self, _: &Lease) -> Result<Option<Bytes>, Error> {
        Ok(self.state.lock().unwrap().clone())
    }

    async fn artifact(&self, _: &Lease, artifact: Artifact) -> Result<Option<Download>, Error> {
        let bytes = self.said().artifacts.get(&artifact).cloned();
        Ok(bytes.map(|bytes| Box::pin(std::io::Cursor::new(bytes)) as Download))
    }

    async fn provider(
        &self,
        _: &mirror::Provider,
        _: &mirror::Version,
        _: &mirror::Platform,
    ) -> Result<Option<Package>, Error> {
        *self.fetched.lock().unwrap() += 1;
        let package = self.package.lock().unwrap().clone();
        Ok(package.map(|(hashes, bytes)| Package { hashes, archive: Box::pin(std::io::Cursor::new(bytes)) }))
    }

    async fn append_log(&self, _: &Lease, offset: u64, bytes: Bytes) -> Result<(), Error> {
        let end = {
            let mut said = self.said();
            assert!(offset <= said.log_end, "a gap in the log");
            let known = usize::try_from(said.log_end - offset).unwrap();
            if let Some(new) = bytes.get(known..) {
                said.log_end += new.len() as u64;
                said.largest_chunk = said.largest_chunk.max(bytes.len());
                if self.forget_log {
                    said.log = new.to_vec();
                } else {
                    said.log.extend_from_slice(new);
                }
            }
            said.log_end
        };
        self.grown.send_replace(end);
        Ok(())
    }

    async fn put_state(&self, _: &Lease, state: Bytes) -> Result<(), Error> {
        self.said().states.push(state.clone());
        *self.state.lock().unwrap() = Some(state);
        Ok(())
    }

    async fn finish(&self, _: &Lease, outcome: Outcome, artifacts: Vec<(Artifact, PathBuf)>) -> Result<(), Error> {
        {
            let mut said = self.said();
            for (artifact, path) in artifacts {
                said.artifacts.insert(artifact, std::fs::read(path).unwrap());
            }
            said.outcome = Some(outcome);
        }
        self.ended.send_replace(true);
        Ok(())
    }
}

pub(crate) type Shared = Arc<Fake>;
