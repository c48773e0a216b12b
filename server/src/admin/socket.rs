//! The server's end of the admin socket. The kernel says who is calling; only the server's own user and root are answered.

use super::{MAX_LINE, Request, Response, SOCKET};
use crate::instance::Lock;
use std::{
    fs::{File, Permissions},
    future::Future,
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Operators at once; more wait.
const MAX_CALLS: usize = 16;

/// How long a caller may take to say what it wants.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// A bound socket. Callers may connect from now on; they are answered once it [serves](Listener::serve).
#[derive(Debug)]
pub struct Listener {
    listener: UnixListener,
    owner: u32,
    path: PathBuf,
}

/// Binds the admin socket of the data directory that `lock` holds; one that a killed server left behind is replaced.
pub fn bind(lock: &Lock) -> io::Result<Listener> {
    let path = lock.data().join(SOCKET);
    let new = lock.data().join("admin.sock.new");
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let directory = File::open(lock.data())?;
    let listener = UnixListener::bind(short(&directory, &new))?;
    // Nobody finds the socket under its name before it is closed to others.
    std::fs::set_permissions(&new, Permissions::from_mode(0o600))?;
    std::fs::rename(&new, &path)?;
    let owner = std::fs::metadata(&path)?.uid();
    Ok(Listener { listener, owner, path })
}

/// Connects to the socket of a data directory.
pub(super) async fn connect(data: &Path) -> io::Result<UnixStream> {
    let directory = File::open(data)?;
    UnixStream::connect(short(&directory, &data.join(SOCKET))).await
}

/// A socket's path has to fit in 108 bytes (104 on some systems). Where it does not, Linux knows a shorter way to an open directory.
fn short(directory: &File, path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    if cfg!(target_os = "linux") && path.as_os_str().len() > 100 {
        return Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name);
    }
    path.to_owned()
}

impl Listener {
    /// Answers calls until `stop`, then lets those that have begun end, and removes the socket.
    pub async fn serve<H, F>(self, handler: H, stop: CancellationToken)
    where
        H: Fn(Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response> + Send + 'static,
    {
        let calls = TaskTracker::new();
        let room = Arc::new(Semaphore::new(MAX_CALLS));
        loop {
            let accepted = async {
                let permit = room.clone().acquire_owned().await;
                (self.listener.accept().await, permit)
            };
            let (stream, permit) = tokio::select! {
                () = stop.cancelled() => break,
                (accepted, permit) = accepted => match accepted {
                    Ok((stream, _)) => (stream, permit),
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection on the admin socket");
                        // Out of descriptors: the error stays until some are given back.
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                },
            };
            let (handler, owner) = (handler.clone(), self.owner);
            calls.spawn(async move {
                if let Err(error) = answer(stream, owner, handler).await {
                    tracing::warn!(%error, "a call on the admin socket was not answered");
                }
                drop(permit);
            });
        }
        // The lock of the data directory is still held, so this is our own.
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "cannot remove the admin socket");
        }
        calls.close();
        calls.wait().await;
    }
}

async fn answer<H, F>(mut stream: UnixStream, owner: u32, handler: H) -> io::Result<()>
where
    H: Fn(Request) -> F,
    F: Future<Output = Response>,
{
    let caller = stream.peer_cred()?.uid();
    if !welcome(caller, owner) {
        return Err(io::Error::other(format!("user {caller} is neither the server's user {owner} nor root")));
    }
    let (read, mut write) = stream.split();
    let mut line = String::new();
    let mut bounded = BufReader::new(read.take(MAX_LINE));
    tokio::time::timeout(REQUEST_TIMEOUT, bounded.read_line(&mut line)).await??;
    let response = match serde_json::from_str(&line) {
        Ok(request) => handler(request).await,
        // The error's text could repeat a password.
        Err(_) => Response::Refused {
            reason: "the server does not understand this request; use the terrane binary that the server runs"
                .to_owned(),
        },
    };
    let mut text = serde_json::to_vec(&response)?;
    text.push(b'\n');
    write.write_all(&text).await
}

/// Whether a caller with this user id is answered by a server whose files belong to `owner`.
pub(super) fn welcome(caller: u32, owner: u32) -> bool {
    caller == 0 || caller == owner
}
