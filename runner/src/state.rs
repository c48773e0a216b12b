//! Follows the state that an apply writes. The local backend rewrites its file in place, so that most looks at it see a cut one: what is sent on is
//! checked to be whole, and the last whole copy is kept where the engine cannot reach it.

use crate::{
    events::Events,
    layout::Layout,
    lease::{Patience, persist},
    server::{Error, Server},
    supervise,
};
use bytes::Bytes;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use protocol::Lease;
use serde::Deserialize;
use std::{
    ffi::OsString,
    io::{self, Read},
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

/// At most one state in this time goes to the server while the apply runs.
const SENDING: Duration = Duration::from_secs(1);
/// At most one look at the file in this time.
const LOOKING: Duration = Duration::from_millis(20);
/// A look may take this part of the time between two.
const SHARE: u32 = 10;

/// What an engine leaves in the root module when its state could not be sent to where it belongs.
pub(crate) const ERRORED: &str = "errored.tfstate";
/// The name of the local backend's file.
const FILE: &str = "terraform.tfstate";

/// Where the local backend keeps the state of a workspace, beneath the root module.
pub(crate) fn path(cli_workspace: &str) -> PathBuf {
    if cli_workspace == "default" {
        PathBuf::from(FILE)
    } else {
        Path::new("terraform.tfstate.d").join(cli_workspace).join(FILE)
    }
}

/// The last state of an apply, where the server does not have it.
#[derive(Debug)]
pub(crate) struct Unsent {
    /// Why.
    pub(crate) error: Error,
    /// The file that holds it.
    pub(crate) path: PathBuf,
}

/// The state file of one apply.
pub(crate) struct Followed<S> {
    server: Arc<S>,
    lease: Lease,
    layout: Layout,
    /// Its directory, opened before foreign code runs: whatever that puts in the place of the path, nothing else is read. (After a restart of
    /// the runner it is opened anew, and may be another; nothing but a regular file of that name is read from it.)
    directory: Dir,
    /// Its name there.
    name: OsString,
    last: Option<Bytes>,
    sent: Option<Bytes>,
    /// The most bytes that the server takes.
    limit: u64,
    /// How large the file was at the last look, if that was more.
    large: Option<u64>,
}

impl<S: Server> Followed<S> {
    /// `module` is the root module's directory beneath the work directory, `path` the file's beneath that, `initial` what lies there already
    /// and need not be sent.
    pub(crate) fn open(
        server: &Arc<S>,
        lease: &Lease,
        layout: &Layout,
        module: &Path,
        path: &Path,
        initial: Option<Bytes>,
        limit: u64,
    ) -> io::Result<Self> {
        let work = Dir::open_ambient_dir(layout.work(), cap_std::ambient_authority())?;
        let module = module.strip_prefix(layout.work()).unwrap_or(module);
        let state = module.join(path);
        let name = state.file_name().unwrap_or_default().to_owned();
        let directory = work.open_dir(state.parent().unwrap_or(Path::new(".")))?;
        let last = std::fs::read(layout.state()).ok().map(Bytes::from).or_else(|| initial.clone());
        let (server, lease, layout) = (Arc::clone(server), lease.clone(), layout.clone());
        Ok(Self { server, lease, layout, directory, name, last, sent: initial, limit, large: None })
    }

    /// Until `ended`: keeps and sends what is whole. Then sends the last whole state, for as long as `patience`.
    pub(crate) async fn run(mut self, mut ended: watch::Receiver<bool>, patience: Patience) -> Result<(), Unsent> {
        let events = Events::of(Path::new(&format!("/proc/self/fd/{}", self.directory.as_raw_fd())));
        let mut may_send = Instant::now();
        loop {
            let over = *ended.borrow_and_update();
            let looked = Instant::now();
            self.look().await;
            if over {
                break;
            }
            if self.last != self.sent && Instant::now() >= may_send {
                may_send = Instant::now() + SENDING;
                self.send(&Patience::None).await.ok(); // the last one counts
            }
            let rest = LOOKING.max(looked.elapsed() * SHARE);
            tokio::select! {
                () = change(&events) => {}
                () = sleep_until(may_send), if self.last != self.sent => {}
                gone = ended.changed() => if gone.is_err() { return Ok(()) } else { continue },
            }
            tokio::select! {
                () = sleep(rest) => {}
                gone = ended.changed() => if gone.is_err() { return Ok(()) } else { ended.mark_changed() },
            }
        }
        if let Some(size) = self.large {
            return Err(self.set_aside(size));
        }
        if self.last == self.sent {
            return Ok(());
        }
        self.send(&patience).await.map_err(|error| Unsent { error, path: self.layout.state() })
    }

    /// Moves a state that is too large for the server to where it stays.
    fn set_aside(&self, size: u64) -> Unsent {
        let path = self.layout.large_state();
        let name = path.file_name().unwrap_or_default();
        let root = Dir::open_ambient_dir(self.layout.root(), cap_std::ambient_authority());
        if let Err(error) = root.and_then(|root| self.directory.rename(&self.name, &root, name)) {
            tracing::error!(phase = self.lease.phase_id, %error, path = %path.display(), "a state cannot be moved");
        }
        let limit = self.limit;
        let error = Error::Refused(format!("it has {size} bytes, the server takes {limit} (serve --max-state-size)"));
        Unsent { error, path }
    }

    /// Reads the file, and keeps what it holds when that is whole.
    async fn look(&mut self) {
        self.large = None;
        let Some(bytes) = self.read() else { return };
        if !is_whole(&bytes) || self.last.as_ref().is_some_and(|last| *last == bytes) {
            return;
        }
        let (layout, copy) = (self.layout.clone(), Bytes::from(bytes));
        self.last = Some(copy.clone());
        let written =
            tokio::task::spawn_blocking(move || supervise::write_bytes(layout.root(), "state", &copy, false)).await;
        points::pass("runner.state.kept");
        if !matches!(written, Ok(Ok(()))) {
            tracing::error!(phase = self.lease.phase_id, path = %self.layout.state().display(), "the last whole state cannot be kept");
        }
    }

    fn read(&mut self) -> Option<Vec<u8>> {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
        let file = self.directory.open_with(&self.name, &options).ok()?;
        let metadata = file.metadata().ok()?;
        if !metadata.is_file() {
            return None;
        }
        if metadata.len() > self.limit {
            // Foreign code can make this file as large as it likes; the server would not take it, and reading it fills the memory.
            self.large = Some(metadata.len());
            return None;
        }
        let mut bytes = Vec::new();
        file.take(self.limit).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    async fn send(&mut self, patience: &Patience) -> Result<(), Error> {
        let Some(state) = self.last.clone() else { return Ok(()) };
        persist(patience, || self.server.put_state(&self.lease, state.clone())).await?;
        points::pass("runner.state.sent");
        self.sent = Some(state);
        Ok(())
    }
}

/// Waits until the directory may have changed; for ever once that cannot be told any more, since the end counts.
async fn change(events: &Events) {
    if events.next().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Whether it is a state from its first byte to its last.
fn is_whole(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Head {
        version: u64,
        serial: u64,
        lineage: String,
    }
    serde_json::from_slice::<Head>(bytes)
        .is_ok_and(|head| head.version >= 3 && head.serial < u64::MAX && !head.lineage.is_empty())
}
