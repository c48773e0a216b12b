//! A state on its way in: read and sealed at the same time, so that a large one takes constant memory.

use super::Content;
use crate::{
    App, Error, Reader, Result,
    vault::{cut, refused},
};
use bytes::{Bytes, BytesMut};
use domain::id::{OrganizationId, WorkspaceId};
use futures::stream;
use serde::de::IgnoredAny;
use std::{
    io::{self, Cursor},
    pin::pin,
};
use store::blob::Blob;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex},
    sync::Semaphore,
    task::spawn_blocking,
};
use tokio_util::io::{StreamReader, SyncIoBridge};

/// Up to this many bytes are held in memory; what is larger streams.
const SMALL: usize = 4 << 20;
/// What is larger is read on a thread of its own: bytes.
const LARGE: usize = 256 << 10;
/// So many large states are read at once: each holds a thread, and sealing needs some too.
pub(crate) static READING: Semaphore = Semaphore::const_new(64);
/// What is read of a stream at once: bytes.
const PIECE: usize = 64 << 10;
/// What may wait for whoever reads the state: bytes.
const WAITING: usize = 512 << 10;

/// The bytes of a state, or of its JSON form, as they come.
pub struct Upload {
    body: Reader,
    md5: Option<String>,
}

impl Upload {
    /// Bytes that are yet to come.
    pub fn stream(body: Reader) -> Self {
        Self { body, md5: None }
    }
    /// Bytes that are here.
    pub fn of(bytes: impl Into<Bytes>) -> Self {
        Self::stream(Box::pin(Cursor::new(bytes.into())))
    }
    /// Their MD5 must be this one: hexadecimal digits.
    #[must_use]
    pub fn with_md5(self, md5: impl Into<String>) -> Self {
        Self { md5: Some(md5.into()), ..self }
    }
}

/// What somebody reads of an upload while it is sealed.
enum Input {
    Whole(Bytes),
    Stream(SyncIoBridge<DuplexStream>),
}

impl App {
    /// Reads and seals a state. The blob is not saved yet.
    pub(super) async fn receive_state(
        &self,
        organization: &OrganizationId,
        workspace: &WorkspaceId,
        upload: Upload,
    ) -> Result<(Content, Blob)> {
        let md5 = upload.md5;
        let knows = self.index_attributes;
        let read = move |input| {
            let mut content = match input {
                Input::Whole(bytes) => Content::read(&bytes[..]),
                Input::Stream(stream) => Content::read(stream),
            }?;
            if !knows {
                content.forget_attributes();
            }
            match md5 {
                Some(md5) if !md5.eq_ignore_ascii_case(&content.md5) => Err(Error::invalid(
                    "md5",
                    format!("the MD5 of the bytes that arrived is {}, not {md5}: send them again", content.md5),
                )),
                _ => Ok(content),
            }
        };
        Box::pin(self.receive(organization, workspace, upload.body, read)).await
    }

    /// Reads and seals the JSON form of a state, of which nothing is to be known but that it is JSON.
    pub(super) async fn receive_json(
        &self,
        organization: &OrganizationId,
        workspace: &WorkspaceId,
        upload: Upload,
    ) -> Result<Blob> {
        let read = |input| {
            let read = match input {
                Input::Whole(bytes) => serde_json::from_slice::<IgnoredAny>(&bytes),
                Input::Stream(stream) => serde_json::from_reader(io::BufReader::with_capacity(PIECE, stream)),
            };
            read.map(drop).map_err(|e| Error::invalid("json-state", format!("the body is no JSON: {e}")))
        };
        Ok(Box::pin(self.receive(organization, workspace, upload.body, read)).await?.1)
    }

    async fn receive<T: Send + 'static>(
        &self,
        organization: &OrganizationId,
        workspace: &WorkspaceId,
        mut body: Reader,
        read: impl FnOnce(Input) -> Result<T> + Send + 'static,
    ) -> Result<(T, Blob)> {
        let limit = self.limits.state_bytes;
        let mut start = Vec::new();
        (&mut body).take(SMALL as u64 + 1).read_to_end(&mut start).await.map_err(cut)?;
        if start.len() > limit {
            return Err(refused(objects::Error::TooLarge { limit: limit as u64 }));
        }
        let broken = |e| Error::internal("reading a state", e);
        if start.len() <= SMALL {
            let bytes = Bytes::from(start);
            let input = Input::Whole(bytes.clone());
            if bytes.len() <= LARGE {
                return Ok((read(input)?, self.seal_blob(organization, workspace, bytes).await?));
            }
            let reading = spawn_blocking(|| read(input));
            let sealed = self.seal_blob(organization, workspace, bytes).await;
            return self.received(reading.await.map_err(broken).flatten(), sealed).await;
        }
        // Never closed.
        let _reading = READING.acquire().await;
        let (copy, stream) = duplex(WAITING);
        let reading = spawn_blocking(move || read(Input::Stream(SyncIoBridge::new(stream))));
        let whole = Box::pin(Cursor::new(start).chain(body));
        let sealed = self.seal_stream(organization, workspace, tee(whole, copy), limit as u64).await;
        let read = reading.await.map_err(broken).flatten();
        // An upload that was cut is no state either.
        self.received(read, Ok(sealed?)).await
    }

    /// What was read, and the blob. What is wrong with the state comes before what is wrong with the store; it leaves no blob.
    async fn received<T>(&self, read: Result<T>, sealed: Result<Blob>) -> Result<(T, Blob)> {
        match (read, sealed) {
            (Ok(read), sealed) => Ok((read, sealed?)),
            (Err(error), Ok(blob)) => {
                self.forget_blob(&blob).await;
                Err(error)
            }
            (Err(error), Err(_)) => Err(error),
        }
    }
}

/// Gives the bytes on, and a copy of them to whoever has the other end, for as long as they are wanted there.
fn tee(body: Reader, copy: DuplexStream) -> Reader {
    let pieces = stream::try_unfold((body, Some(copy)), |(mut body, mut copy)| async move {
        let mut piece = BytesMut::with_capacity(PIECE);
        if body.read_buf(&mut piece).await? == 0 {
            return Ok::<_, io::Error>(None);
        }
        if let Some(wanted) = &mut copy
            && wanted.write_all(&piece).await.is_err()
        {
            copy = None;
        }
        Ok(Some((piece.freeze(), (body, copy))))
    });
    Box::pin(StreamReader::new(Box::pin(pieces)))
}

/// Whether both are the same to the last byte.
pub(super) async fn same(one: Reader, other: Reader) -> io::Result<bool> {
    let (mut one, mut other) = (pin!(BufReader::new(one)), pin!(BufReader::new(other)));
    loop {
        let (here, there) = (one.fill_buf().await?, other.fill_buf().await?);
        let length = here.len().min(there.len());
        if length == 0 || here[..length] != there[..length] {
            return Ok(here.is_empty() && there.is_empty());
        }
        one.consume(length);
        other.consume(length);
    }
}
