//! The operator's end: whoever holds the data directory does the work.

use super::{MAX_LINE, Request, Response, socket};
use crate::instance::{self, Lock};
use std::{
    future::Future,
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
};

/// Between a process taking the data directory and its socket being there lie microseconds, and another `admin` takes as long as its work:
/// both are waited for, in steps of [`STEP`].
const PATIENCE: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(20);

/// How long a server may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Why nobody did what the operator wants.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data directory cannot be used.
    #[error(transparent)]
    Instance(#[from] instance::Error),
    /// A server has the data directory and does not listen.
    #[error("{taken}; it does not answer on its admin socket ({source})")]
    Silent {
        /// Who has the data directory.
        taken: instance::Error,
        /// What connecting to it said.
        source: io::Error,
    },
    /// The server broke off. It may have done what it was asked.
    #[error("the server that uses {data} broke off before it answered ({source}); look whether it was done before you try again", data = .data.display())]
    Broken {
        /// The data directory.
        data: PathBuf,
        /// What was seen of it.
        source: io::Error,
    },
}

/// Has the request done: by the server that runs on the data directory, or else by `local` while this process holds the directory.
pub async fn call<F>(data: &Path, request: Request, local: impl FnOnce(Lock, Request) -> F) -> Result<Response, Error>
where
    F: Future<Output = Response>,
{
    let started = tokio::time::Instant::now();
    loop {
        let taken = match Lock::take(data) {
            Ok(lock) => return Ok(local(lock, request).await),
            Err(taken @ instance::Error::Taken { .. }) => taken,
            Err(error) => return Err(error.into()),
        };
        match socket::connect(data).await {
            Ok(stream) => {
                return match tokio::time::timeout(ANSWER_TIMEOUT, ask(stream, &request)).await {
                    Ok(answer) => answer,
                    Err(late) => Err(late.into()),
                }
                .map_err(|source| Error::Broken { data: data.to_owned(), source });
            }
            Err(source) if source.kind() == io::ErrorKind::PermissionDenied || started.elapsed() > PATIENCE => {
                return Err(Error::Silent { taken, source });
            }
            Err(_) => tokio::time::sleep(STEP).await,
        }
    }
}

async fn ask(mut stream: UnixStream, request: &Request) -> io::Result<Response> {
    let mut text = serde_json::to_vec(request)?;
    text.push(b'\n');
    stream.write_all(&text).await?;
    let mut line = String::new();
    BufReader::new(stream.take(MAX_LINE)).read_line(&mut line).await?;
    if line.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    // The error's text could repeat a token.
    serde_json::from_str(&line)
        .map_err(|_| io::Error::other("its answer is not understood: the server is of another version"))
}
