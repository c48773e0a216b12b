//! Keys and sealed bytes: what the verbs need of `secrets` and `objects`.

use crate::{
    App, Error, Result, access,
    keys::Keys,
    state::room::{Held, shrink},
};
use bytes::Bytes;
use domain::{
    id::{BlobId, OrganizationId, WorkspaceId},
    time::Time,
};
use objects::{Blobs, Digests, Key, Sealed};
use secrecy::SecretString;
use secrets::{Context, DataKey, Signer, Token, TokenHasher, TokenKind};
use std::{
    collections::HashMap,
    io::Cursor,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context as TaskContext, Poll},
};
use store::blob::Blob;
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};
use zeroize::Zeroizing;

/// Opened bytes on their way out.
pub type Reader = Pin<Box<dyn AsyncRead + Send>>;

/// Opened bytes that are all in memory, and the room that they take there.
struct Roomy {
    bytes: Cursor<Bytes>,
    _held: Held,
}

impl AsyncRead for Roomy {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.bytes).poll_read(cx, buf)
    }
}

/// How many opened data keys are kept.
const KEYS: usize = 10_000;
/// Bytes above this are opened piece by piece, off the threads that answer others.
const LARGE: u64 = 1 << 20;

/// What a caller is told while the object store does not do its part.
const STORE_IS_AWAY: &str = "what is too large for a row of the database cannot be kept or read just now, because the server's object store \
    does not do its part; everything small is served as always. Try again later; the server's log says what is wrong";

/// Keys, tokens, signatures.
pub struct Vault {
    keys: Keys,
    hasher: TokenHasher,
    signer: Signer,
    opened: Mutex<HashMap<WorkspaceId, Arc<DataKey>>>,
    blobs: Blobs,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// A vault whose data keys are wrapped by these, and whose large blobs lie in this store.
    pub fn new(keys: Keys, blobs: Blobs) -> Self {
        Self {
            hasher: TokenHasher::new(keys.tokens()),
            signer: Signer::new(keys.tokens()),
            keys,
            opened: Mutex::default(),
            blobs,
        }
    }
    /// The root keys.
    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }
    /// What is stored of a token; `None` when the text cannot be one.
    pub(crate) fn hash_token(&self, text: &str) -> Option<[u8; 32]> {
        Token::parse(text).ok().map(|token| self.hasher.hash(&token))
    }
    /// A new token and what is stored of it.
    pub(crate) fn new_token(&self, kind: TokenKind) -> Result<(SecretString, [u8; 32])> {
        let token = Token::generate(kind).map_err(|e| Error::internal("making a token", e))?;
        let hash = self.hasher.hash(&token);
        Ok((token.expose().to_owned().into(), hash))
    }
    /// A value that proves itself until `until`.
    pub fn sign(&self, purpose: &str, payload: &[u8], until: Time) -> String {
        self.signer.sign(purpose, payload, Some(until.micros()))
    }
    /// The payload of a signed value for this purpose that is still good.
    pub fn verify(&self, purpose: &str, text: &str, now: Time) -> Option<Vec<u8>> {
        self.signer.verify(purpose, text, now.micros()).ok()
    }
    /// A new data key for a workspace, wrapped.
    pub(crate) fn new_key(&self, workspace: &WorkspaceId) -> Result<Vec<u8>> {
        let key = DataKey::generate().map_err(|e| Error::internal("making a data key", e))?;
        let wrapped = self.keys.ring().wrap(&key, &key_context(workspace.as_str()));
        Ok(wrapped.map_err(|e| Error::internal("wrapping a data key", e))?.to_bytes())
    }
}

/// A sealed value with a data key of its own: what belongs to no workspace.
#[derive(Debug, Clone)]
pub(crate) struct Own {
    pub(crate) wrapped: Vec<u8>,
    pub(crate) sealed: Vec<u8>,
}

impl Vault {
    /// Seals a value under a key of its own.
    pub(crate) fn seal_own(&self, context: &Context<'_>, value: &[u8]) -> Result<Own> {
        let (key, wrapped) = self.own_key(context)?;
        let sealed = secrets::seal(&key, context, value).map_err(|e| Error::internal("sealing a value", e))?;
        Ok(Own { wrapped, sealed })
    }
}

impl Vault {
    /// Where large sealed bytes lie.
    pub(crate) fn blobs(&self) -> &Blobs {
        &self.blobs
    }
    /// A new data key for one thing alone, and the same, wrapped.
    pub(crate) fn own_key(&self, context: &Context<'_>) -> Result<(DataKey, Vec<u8>)> {
        let doing = "making a data key";
        let key = DataKey::generate().map_err(|e| Error::internal(doing, e))?;
        let wrapped = self.keys.ring().wrap(&key, context).map_err(|e| Error::internal(doing, e))?.to_bytes();
        Ok((key, wrapped))
    }

    /// What lies sealed in its row, or as an object, as it streams out.
    pub(crate) async fn open(
        &self,
        key: &DataKey,
        context: &Context<'_>,
        lying: (Option<&Vec<u8>>, Option<&String>),
        size: i64,
    ) -> Result<Reader> {
        let doing = &format!("opening {} of {}", context.id, context.table);
        let sealed = match lying {
            (Some(bytes), _) => Sealed::Inline(bytes.clone()),
            (None, Some(key)) => {
                Sealed::Object { key: Key::new(key.clone()).map_err(|e| Error::internal(doing, e))?, size: 0 }
            }
            (None, None) => return Err(Error::Internal(format!("{doing}: neither bytes nor an object ({context:?})"))),
        };
        let size = u64::try_from(size).unwrap_or_default();
        let opened = self.blobs.open_stream(key, context, sealed, size).await;
        Ok(Box::pin(opened.map_err(|e| failed(doing, e))?))
    }

    /// Removes an object that no row points at. One that stays is found by the sweep.
    pub(crate) async fn forget(&self, id: &BlobId, object: Option<&String>) {
        let Some(key) = object.and_then(|key| Key::new(key.clone()).ok()) else { return };
        if let Err(error) = self.blobs.store().delete(&key).await {
            tracing::warn!(%error, %id, "removing an object that is not needed");
        }
    }
}

/// Why an upload was not sealed, in words for who sends it.
pub(crate) fn refused(error: objects::Error) -> Error {
    match error {
        objects::Error::Source(error) => cut(error),
        objects::Error::TooLarge { limit } => Error::TooLarge(format!("the upload is larger than {limit} bytes")),
        other => failed("sealing a blob", other),
    }
}

/// Why a blob cannot be had or kept. What the object store says is for the log: it names buckets.
fn failed(doing: &str, error: objects::Error) -> Error {
    match error {
        objects::Error::Store { .. } => {
            tracing::error!(%error, "{doing}");
            Error::Unavailable(STORE_IS_AWAY.to_owned())
        }
        other => Error::internal(doing, other),
    }
}

/// Why a blob could not be read to its end.
fn cut_off(doing: &str, error: std::io::Error) -> Error {
    match error.downcast::<objects::Error>() {
        Ok(error) => failed(doing, error),
        Err(error) => Error::internal(doing, error),
    }
}

/// An upload that ended before its end.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(crate) fn cut(error: std::io::Error) -> Error {
    Error::invalid("body", format!("the upload was cut off: {error}; send it again"))
}

/// Where the data key of a workspace belongs.
pub(crate) fn key_context(workspace: &str) -> Context<'_> {
    Context { table: "data_keys", id: workspace, organization: "" }
}

/// Where a sealed value belongs.
pub(crate) fn context<'a>(table: &'a str, id: &'a str, organization: &'a str) -> Context<'a> {
    Context { table, id, organization }
}

impl App {
    /// The key that seals what a workspace keeps.
    pub(crate) async fn workspace_key(&self, workspace: &WorkspaceId) -> Result<Arc<DataKey>> {
        let known = self.vault.opened.lock().unwrap_or_else(PoisonError::into_inner).get(workspace).cloned();
        if let Some(key) = known {
            return Ok(key);
        }
        let wrapped = self.store.look(async |mut tx| store::workspace::find_key(&mut tx, workspace).await).await?;
        let wrapped = wrapped.ok_or_else(|| Error::Internal(format!("{workspace} has no data key")))?;
        let key = self.unwrap_key(&key_context(workspace.as_str()), &wrapped).await?;
        let key = Arc::new(key);
        let mut keys = self.vault.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= KEYS {
            keys.clear();
        }
        keys.insert(workspace.clone(), key.clone());
        Ok(key)
    }

    /// Opens what [`Vault::seal_own`] sealed.
    pub(crate) async fn open_own(&self, context: &Context<'_>, own: &Own) -> Result<Zeroizing<Vec<u8>>> {
        let key = self.unwrap_key(context, &own.wrapped).await?;
        let opened = secrets::open(&key, context, &own.sealed).map(Zeroizing::new);
        opened.map_err(|e| Error::internal("opening a sealed value", e))
    }

    /// Seals a small value.
    pub(crate) async fn seal_small(
        &self,
        workspace: &WorkspaceId,
        context: &Context<'_>,
        value: &[u8],
    ) -> Result<Vec<u8>> {
        let key = self.workspace_key(workspace).await?;
        secrets::seal(&key, context, value).map_err(|e| Error::internal("sealing a value", e))
    }
    /// Opens a small value.
    pub(crate) async fn open_small(
        &self,
        workspace: &WorkspaceId,
        context: &Context<'_>,
        sealed: &[u8],
    ) -> Result<Vec<u8>> {
        let key = self.workspace_key(workspace).await?;
        secrets::open(&key, context, sealed).map_err(|e| Error::internal("opening a sealed value", e))
    }
    /// Compresses and seals a piece of a log.
    pub(crate) async fn seal_compressed(
        &self,
        workspace: &WorkspaceId,
        context: &Context<'_>,
        piece: &[u8],
    ) -> Result<Vec<u8>> {
        let key = self.workspace_key(workspace).await?;
        objects::seal_bytes(&key, context, piece).map_err(|e| Error::internal("sealing a piece of a log", e))
    }
    /// Opens a piece of a log, which had `length` bytes.
    pub(crate) async fn open_compressed(
        &self,
        workspace: &WorkspaceId,
        context: &Context<'_>,
        sealed: &[u8],
        length: u64,
    ) -> Result<Vec<u8>> {
        let key = self.workspace_key(workspace).await?;
        objects::open_bytes(&key, context, sealed, length).map_err(|e| Error::internal("opening a piece of a log", e))
    }

    /// Seals bytes that are at hand. The blob is not saved yet.
    pub(crate) async fn seal_blob(
        &self,
        organization: &OrganizationId,
        workspace: &WorkspaceId,
        bytes: Bytes,
    ) -> Result<Blob> {
        let limit = u64::MAX;
        if bytes.len() >= objects::INLINE {
            return self.seal_stream(organization, workspace, Box::pin(Cursor::new(bytes)), limit).await;
        }
        let id = BlobId::new(&self.entropy());
        let key = self.workspace_key(workspace).await?;
        let sealed = objects::seal_bytes(&key, &blob_context(&id, organization), &bytes);
        let sealed = sealed.map_err(|e| Error::internal("sealing a blob", e))?;
        Ok(blob(id, organization, workspace, bytes.len() as u64, Sealed::Inline(sealed)))
    }

    /// Seals bytes as they stream in, up to `limit`. The blob is not saved yet; if it is large, its object is.
    pub(crate) async fn seal_stream(
        &self,
        organization: &OrganizationId,
        workspace: &WorkspaceId,
        reader: Reader,
        limit: u64,
    ) -> Result<Blob> {
        let id = BlobId::new(&self.entropy());
        let key = self.workspace_key(workspace).await?;
        let object =
            Key::new(format!("{organization}/{workspace}/{id}")).map_err(|e| Error::internal("naming an object", e))?;
        let context = blob_context(&id, organization);
        let written = self.vault.blobs.seal_stream(&key, &context, &object, reader, limit, Digests::default()).await;
        let written = written.map_err(refused)?;
        Ok(blob(id, organization, workspace, written.size, written.sealed))
    }

    /// The bytes of a blob, all at once.
    pub(crate) async fn open_bytes(&self, blob: &Blob) -> Result<Bytes> {
        if blob.base_blob_id.is_some() { Ok(self.open_delta(blob).await?.0) } else { self.open_whole(blob).await }
    }

    /// The bytes of a blob that is written against no other, all at once.
    pub(crate) async fn open_whole(&self, blob: &Blob) -> Result<Bytes> {
        let doing = &format!("opening blob {} of {}", blob.id, blob.workspace_id);
        if let Some(sealed) = &blob.sealed
            && blob.size < i64::try_from(LARGE).unwrap_or_default()
        {
            let key = self.workspace_key(&blob.workspace_id).await?;
            let size = u64::try_from(blob.size).unwrap_or_default();
            let opened = objects::open_bytes(&key, &blob_context(&blob.id, &blob.organization_id), sealed, size);
            return opened.map(Bytes::from).map_err(|e| Error::internal(doing, e));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(blob.size).unwrap_or_default());
        let mut reader = self.stream_whole(blob).await?;
        reader.read_to_end(&mut bytes).await.map_err(|e| cut_off(doing, e))?;
        Ok(bytes.into())
    }

    /// The bytes of the blob with this id, as they stream out.
    pub(crate) async fn blob_stream(&self, id: &str) -> Result<Reader> {
        let found = self.store.look(async |mut tx| store::blob::find(&mut tx, id).await).await?;
        self.open_stream(&found.ok_or_else(|| missing(id))?).await
    }

    /// The bytes of a blob, as they stream out.
    pub(crate) async fn open_stream(&self, blob: &Blob) -> Result<Reader> {
        if blob.base_blob_id.is_some() {
            let (bytes, mut held) = self.open_delta(blob).await?;
            // What a slow reader keeps in memory is counted until it has read it.
            shrink(&mut held, blob.size);
            return Ok(Box::pin(Roomy { bytes: Cursor::new(bytes), _held: held }));
        }
        self.stream_whole(blob).await
    }

    async fn stream_whole(&self, blob: &Blob) -> Result<Reader> {
        let key = self.workspace_key(&blob.workspace_id).await?;
        let context = blob_context(&blob.id, &blob.organization_id);
        self.vault.open(&key, &context, (blob.sealed.as_ref(), blob.object_key.as_ref()), blob.size).await
    }

    /// Removes the object of a blob that no row points at. One that stays is found by the sweep. Whether a row does is asked here: a write
    /// whose outcome nobody knows may have happened. The workspace is held, so that one which still commits is waited for.
    pub(crate) async fn forget_blob(&self, blob: &Blob) {
        let Some(key) = blob.object_key.as_deref() else { return };
        let now = self.now();
        let kept: Result<bool> = self
            .store
            .write(async |mut tx| {
                access::hold_ours(&mut tx, &blob.workspace_id).await?;
                Ok(!store::blob::find_known(&mut tx, &[key], now).await?.is_empty())
            })
            .await;
        match kept {
            Ok(false) => self.vault.forget(&blob.id, blob.object_key.as_ref()).await,
            Ok(true) => {}
            Err(error) => tracing::warn!(%error, id = %blob.id, "left to the sweep: whether an object is needed"),
        }
    }
}

pub(crate) fn missing(blob: &str) -> Error {
    Error::Internal(format!("blob {blob} is missing"))
}

pub(crate) fn blob_context<'a>(id: &'a BlobId, organization: &'a OrganizationId) -> Context<'a> {
    context("blobs", id.as_str(), organization.as_str())
}

fn blob(id: BlobId, organization: &OrganizationId, workspace: &WorkspaceId, size: u64, sealed: Sealed) -> Blob {
    let (sealed, object_key) = match sealed {
        Sealed::Inline(bytes) => (Some(bytes), None),
        Sealed::Object { key, .. } => (None, Some(key.as_str().to_owned())),
    };
    Blob {
        id,
        organization_id: organization.clone(),
        workspace_id: workspace.clone(),
        size: i64::try_from(size).unwrap_or(i64::MAX),
        sealed,
        object_key,
        base_blob_id: None,
    }
}
