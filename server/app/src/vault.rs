//! Keys and sealed bytes: what the verbs need of `secrets` and `objects`.

use crate::{App, Error, Result};
use bytes::Bytes;
use domain::{
    id::{BlobId, OrganizationId, WorkspaceId},
    time::Time,
};
use secrecy::SecretString;
use secrets::{Context, DataKey, LocalKeyService, MasterKey, Signer, Token, TokenHasher, TokenKind, WrappedKey};
use std::{
    collections::HashMap,
    io::Cursor,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};
use store::blob::Blob;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Opened bytes on their way out.
pub type Reader = Pin<Box<dyn AsyncRead + Send>>;

/// How many opened data keys are kept.
const KEYS: usize = 10_000;
/// Bytes above this are compressed and sealed on a thread of their own.
const LARGE: usize = 256 * 1024;
/// First byte of a compressed plaintext, and of one that is as it was.
const ZSTD: u8 = 1;
const RAW: u8 = 0;

/// Keys, tokens, signatures.
pub struct Vault {
    service: LocalKeyService,
    hasher: TokenHasher,
    signer: Signer,
    keys: Mutex<HashMap<WorkspaceId, Arc<DataKey>>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// A vault whose keys are wrapped by this one.
    pub fn new(master: MasterKey) -> Self {
        Self {
            hasher: TokenHasher::from_master(&master),
            signer: Signer::from_master(&master),
            service: LocalKeyService::new(master, Vec::new()),
            keys: Mutex::default(),
        }
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
        let wrapped = self.service.wrap_now(&key, &key_context(workspace));
        Ok(wrapped.map_err(|e| Error::internal("wrapping a data key", e))?.to_bytes())
    }
}

fn key_context(workspace: &WorkspaceId) -> Context<'_> {
    Context { table: "data_keys", id: workspace.as_str(), organization: "" }
}

/// Where a sealed value belongs.
pub(crate) fn context<'a>(table: &'a str, id: &'a str, organization: &'a str) -> Context<'a> {
    Context { table, id, organization }
}

impl App {
    async fn key(&self, workspace: &WorkspaceId) -> Result<Arc<DataKey>> {
        let known = self.vault.keys.lock().unwrap_or_else(PoisonError::into_inner).get(workspace).cloned();
        if let Some(key) = known {
            return Ok(key);
        }
        let wrapped = self.store.look(async |mut tx| store::workspace::find_key(&mut tx, workspace).await).await?;
        let doing = "unwrapping a data key";
        let wrapped = wrapped.ok_or_else(|| Error::Internal(format!("{workspace} has no data key")))?;
        let wrapped = WrappedKey::from_bytes(&wrapped).map_err(|e| Error::internal(doing, e))?;
        let key =
            self.vault.service.unwrap_now(&wrapped, &key_context(workspace)).map_err(|e| Error::internal(doing, e))?;
        let key = Arc::new(key);
        let mut keys = self.vault.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= KEYS {
            keys.clear();
        }
        keys.insert(workspace.clone(), key.clone());
        Ok(key)
    }

    /// Seals a small value.
    pub(crate) async fn seal_small(
        &self,
        workspace: &WorkspaceId,
        context: &Context<'_>,
        value: &[u8],
    ) -> Result<Vec<u8>> {
        let key = self.key(workspace).await?;
        secrets::seal(&key, context, value).map_err(|e| Error::internal("sealing a value", e))
    }
    /// Opens a small value.
    pub(crate) async fn open_small(
        &self,
        workspace: &WorkspaceId,
        context: &Context<'_>,
        sealed: &[u8],
    ) -> Result<Vec<u8>> {
        let key = self.key(workspace).await?;
        secrets::open(&key, context, sealed).map_err(|e| Error::internal("opening a sealed value", e))
    }
    /// Compresses and seals a piece of a log.
    pub(crate) async fn seal_compressed(
        &self,
        workspace: &WorkspaceId,
        context: &Context<'_>,
        piece: &[u8],
    ) -> Result<Vec<u8>> {
        let key = self.key(workspace).await?;
        secrets::seal(&key, context, &compress(piece)?).map_err(|e| Error::internal("sealing a piece of a log", e))
    }
    /// Opens a piece of a log, which had `length` bytes.
    pub(crate) async fn open_compressed(
        &self,
        workspace: &WorkspaceId,
        context: &Context<'_>,
        sealed: &[u8],
        length: usize,
    ) -> Result<Vec<u8>> {
        let key = self.key(workspace).await?;
        let packed =
            secrets::open(&key, context, sealed).map_err(|e| Error::internal("opening a piece of a log", e))?;
        decompress(&packed, length)
    }

    /// Seals bytes that are at hand. The blob is not saved yet.
    pub(crate) async fn seal_blob(
        &self,
        organization: &OrganizationId,
        workspace: &WorkspaceId,
        bytes: Bytes,
    ) -> Result<Blob> {
        let id = BlobId::new(&self.entropy());
        let key = self.key(workspace).await?;
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let (owner, name) = (organization.clone(), id.clone());
        let seal = move || {
            let context = Context { table: "blobs", id: name.as_str(), organization: owner.as_str() };
            secrets::seal(&key, &context, &compress(&bytes)?).map_err(|e| Error::internal("sealing a blob", e))
        };
        let sealed = if size > i64::try_from(LARGE).unwrap_or_default() {
            tokio::task::spawn_blocking(seal).await.map_err(|e| Error::internal("sealing a blob", e))??
        } else {
            seal()?
        };
        Ok(Blob {
            id,
            organization_id: organization.clone(),
            workspace_id: workspace.clone(),
            size,
            sealed: Some(sealed),
            object_key: None,
        })
    }

    /// Seals bytes as they stream in, up to `limit`. The blob is not saved yet.
    pub(crate) async fn seal_stream(
        &self,
        organization: &OrganizationId,
        workspace: &WorkspaceId,
        reader: Reader,
        limit: u64,
    ) -> Result<Blob> {
        let mut bytes = Vec::new();
        let read = reader.take(limit.saturating_add(1)).read_to_end(&mut bytes).await;
        read.map_err(|e| Error::invalid("body", format!("the upload was cut off: {e}")))?;
        if bytes.len() as u64 > limit {
            return Err(Error::TooLarge(format!("the upload is larger than {limit} bytes")));
        }
        self.seal_blob(organization, workspace, bytes.into()).await
    }

    /// The bytes of a blob, all at once: for what was bounded when it came.
    pub(crate) async fn blob_bytes(&self, id: &str) -> Result<Bytes> {
        let found = self.store.look(async |mut tx| store::blob::find(&mut tx, id).await).await?;
        let blob = found.ok_or_else(|| Error::Internal(format!("blob {id} is missing")))?;
        self.open_blob(&blob).await
    }

    async fn open_blob(&self, blob: &Blob) -> Result<Bytes> {
        let key = self.key(&blob.workspace_id).await?;
        let sealed = blob.sealed.clone().ok_or_else(|| Error::Internal(format!("{} has no bytes", blob.id)))?;
        let (owner, name) = (blob.organization_id.clone(), blob.id.clone());
        let size = usize::try_from(blob.size).unwrap_or_default();
        let open = move || {
            let context = Context { table: "blobs", id: name.as_str(), organization: owner.as_str() };
            let packed = secrets::open(&key, &context, &sealed).map_err(|e| Error::internal("opening a blob", e))?;
            decompress(&packed, size).map(Bytes::from)
        };
        if size > LARGE {
            return tokio::task::spawn_blocking(open).await.map_err(|e| Error::internal("opening a blob", e))?;
        }
        open()
    }

    /// The bytes of a blob, as they stream out.
    pub(crate) async fn open_stream(&self, blob: &Blob) -> Result<Reader> {
        Ok(Box::pin(Cursor::new(self.open_blob(blob).await?)))
    }

    /// Removes the object of a blob that no row points at.
    pub(crate) async fn forget_blob(&self, _blob: &Blob) {}
}

fn compress(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::with_capacity(bytes.len() / 4 + 64);
    packed.push(ZSTD);
    zstd::stream::copy_encode(bytes, &mut packed, 1).map_err(|e| Error::internal("compressing", e))?;
    if packed.len() > bytes.len() {
        packed.clear();
        packed.push(RAW);
        packed.extend_from_slice(bytes);
    }
    Ok(packed)
}

fn decompress(packed: &[u8], size: usize) -> Result<Vec<u8>> {
    let broken = |detail: &str| Error::Internal(format!("decompressing a blob: {detail}"));
    match packed.split_first() {
        Some((&RAW, bytes)) if bytes.len() == size => Ok(bytes.to_vec()),
        Some((&ZSTD, packed)) => {
            let bytes = zstd::bulk::decompress(packed, size).map_err(|e| Error::internal("decompressing a blob", e))?;
            if bytes.len() == size { Ok(bytes) } else { Err(broken("it has another size")) }
        }
        _ => Err(broken("it has another form")),
    }
}
