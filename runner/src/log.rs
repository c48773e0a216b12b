//! Sends the log of a phase on while the engine writes it to a file. The file is the only buffer: a slow server slows nothing but the tail.

use crate::{
    engines::architecture,
    events::Events,
    lease::{Patience, persist},
    server::{Error, Server},
};
use bytes::Bytes;
use protocol::{Lease, Phase};
use std::{fs::File, io, os::unix::fs::FileExt, path::PathBuf, sync::Arc};
use tokio::sync::watch;

/// The first byte of a log.
pub(crate) const START: u8 = 0x02;
/// The last one.
pub(crate) const END: u8 = 0x03;
/// At most so much in one call.
const CHUNK: usize = 64 << 10;

/// The three lines that every log of a run begins with: clients drop the first three of an apply. A test has none: its client shows every
/// line as it is to whoever asked for JSON, and the engine's own first line names its version.
pub(crate) fn preamble(phase: Phase, product: &str, version: &str) -> Vec<u8> {
    let mut bytes = vec![START];
    if phase == Phase::Test {
        return bytes;
    }
    bytes.extend_from_slice(
        format!("{product} v{version}\non linux_{}\nInitializing plugins and modules...\n", architecture()).as_bytes(),
    );
    bytes
}

/// The tail of one log.
pub(crate) struct Tail<S> {
    pub(crate) server: Arc<S>,
    pub(crate) lease: Lease,
    pub(crate) path: PathBuf,
    /// How long to go on when the server is not reachable.
    pub(crate) patience: Patience,
}

/// Why the log could not be sent on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("cannot read the log: {0}")]
    Read(#[from] io::Error),
    #[error("cannot send the log on: {0}")]
    Send(#[from] Error),
}

impl<S: Server> Tail<S> {
    /// Sends everything from `offset` on, and the last byte once `ended` says that nothing more is written.
    pub(crate) async fn run(self, mut offset: u64, mut ended: watch::Receiver<bool>) -> Result<(), Failure> {
        let file = File::open(&self.path)?;
        let events = Events::of(&self.path);
        let mut buffer = vec![0; CHUNK];
        loop {
            let last = *ended.borrow_and_update();
            let read = file.read_at(&mut buffer, offset)?;
            if read > 0 {
                self.send(offset, clean(offset, &buffer[..read])).await?;
                offset += read as u64;
            } else if last {
                // An adopted log may have had its last byte already: the server skips what it has.
                return Ok(self.send(file.metadata()?.len(), Bytes::from_static(&[END])).await?);
            } else {
                tokio::select! {
                    event = events.next() => event?,
                    changed = ended.changed() => if changed.is_err() { return Ok(()) },
                }
            }
        }
    }

    async fn send(&self, offset: u64, bytes: Bytes) -> Result<(), Error> {
        persist(&self.patience, || self.server.append_log(&self.lease, offset, bytes.clone())).await
    }
}

/// The framing bytes mean something only where we put them; what takes their place is as long, so that offsets stay.
fn clean(offset: u64, bytes: &[u8]) -> Bytes {
    let mut bytes = bytes.to_vec();
    let text = if offset == 0 { 1 } else { 0 };
    for byte in &mut bytes[text..] {
        if matches!(*byte, START | END) {
            *byte = b'?';
        }
    }
    Bytes::from(bytes)
}
