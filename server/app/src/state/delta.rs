//! Versions that are no longer current lie as what they differ in from an earlier one: a thousand versions of a state take little more room than
//! a few. A version is written whole and stays so for as long as it is current; this is done to it later, when nobody waits.

use super::room::{Held, Room};
use crate::{
    App, Error, Result,
    vault::{blob_context, missing},
};
use bytes::Bytes;
use domain::{
    id::{BlobId, WorkspaceId},
    state::base_of,
};
use objects::LARGEST_DELTA;
use std::time::Duration;
use store::{blob::Blob, delta::Form, state::StateVersion};
use tokio::{task::spawn_blocking, time::sleep};

/// So many versions are asked for at once.
const BATCH: i64 = 100;
/// The pause after each that was written anew: whoever waits for an answer comes first.
const PAUSE: Duration = Duration::from_millis(5);
/// So long one round over what is due steps aside for writers: whole versions take room meanwhile.
const PATIENCE: Duration = Duration::from_secs(120);
/// What opens in less is opened on the spot: bytes.
const SMALL: usize = 128 << 10;
/// How often a chain is read again that somebody wrote anew meanwhile.
const ATTEMPTS: usize = 5;

/// What became of one form of a version.
enum Outcome {
    /// It lies as a delta now.
    Encoded,
    /// It lies as it will stay.
    Stays,
    /// Another server wrote it, or its base, at the same time: what is left to do is seen with the next call.
    Raced,
}

impl App {
    /// Writes versions that are no longer current as what they differ in from another one. Idempotent, on several servers at once too; the
    /// reconciler calls it. Returns how many blobs it wrote anew.
    ///
    /// # Errors
    /// When the database cannot be asked. What concerns one version is logged, and tried again with the next call.
    pub async fn encode_old_states(&self) -> Result<u64> {
        let round = self.round(PATIENCE);
        let (mut encoded, mut last): (u64, Option<(String, i64)>) = (0, None);
        loop {
            let after = last.as_ref().map(|(workspace, sequence)| (workspace.as_str(), *sequence));
            let due = self.store.look(async |mut tx| store::delta::list_due(&mut tx, after, BATCH).await).await?;
            let Some(end) = due.last().cloned() else { return Ok(encoded) };
            for (workspace, sequence) in due {
                let pace = self.pace();
                match self.encode(&workspace, sequence).await {
                    Ok(new) => encoded += new,
                    Err(error) => {
                        tracing::warn!(%error, workspace, sequence, "a version of a state stays whole for now: writing it as a delta");
                    }
                }
                self.step_aside(&round, pace).await;
            }
            last = Some(end);
        }
    }

    /// Writes the forms of one version anew, where that makes them smaller.
    async fn encode(&self, workspace: &str, sequence: i64) -> Result<u64> {
        let workspace: WorkspaceId = workspace.parse().map_err(|e| Error::internal("reading a workspace's id", e))?;
        let found = self.store.read(async |mut tx| {
            let version = store::state::find_by_sequence(&mut tx, &workspace, sequence).await?;
            let base = match base_of(sequence) {
                Some(base) => store::state::find_by_sequence(&mut tx, &workspace, base).await?,
                None => None,
            };
            let waits = match &base {
                Some(base) => !store::delta::is_settled(&mut tx, &base.id).await?,
                None => false,
            };
            Ok::<_, Error>((version, base, waits))
        });
        let (Some(version), base, waits) = found.await? else { return Ok(0) };
        // What others are written against never changes any more: a base comes first.
        if waits {
            return Ok(0);
        }
        let mut encoded = 0;
        if let Some(base) = base {
            for form in [Form::State, Form::Json] {
                match self.encode_form(&version, &base, form).await? {
                    Outcome::Encoded => {
                        encoded += 1;
                        sleep(PAUSE).await;
                    }
                    Outcome::Stays => {}
                    Outcome::Raced => return Ok(encoded),
                }
            }
        }
        let json = version.json_blob_id.is_some();
        self.store.write(async |mut tx| store::delta::settle(&mut tx, &version.id, json).await).await?;
        points::pass("delta.settled");
        Ok(encoded)
    }

    /// Writes one form of a version anew, where that makes it smaller. What is opened for it is not counted as room: it is done one version at
    /// a time.
    async fn encode_form(&self, version: &StateVersion, base: &StateVersion, form: Form) -> Result<Outcome> {
        let (Some(whole), Some(base)) = (self.blob_of(version, form).await?, self.blob_of(base, form).await?) else {
            return Ok(Outcome::Stays);
        };
        let most = i64::try_from(LARGEST_DELTA).unwrap_or(i64::MAX);
        if whole.base_blob_id.is_some() || whole.size.max(base.size) > most {
            return Ok(Outcome::Stays);
        }
        let (plaintext, base_bytes) = (self.open_bytes(&whole).await?, self.open_bytes(&base).await?);
        let key = self.workspace_key(&whole.workspace_id).await?;
        let id = BlobId::new(&self.entropy());
        let organization = whole.organization_id.clone();
        let sealing = id.clone();
        let sealed = spawn_blocking(move || {
            let context = blob_context(&sealing, &organization);
            let sealed = objects::seal_delta(&key, &context, &plaintext, &base_bytes)?;
            let Some(sealed) = sealed else { return Ok(None) };
            let opened = objects::open_delta(&key, &context, &sealed, &base_bytes, plaintext.len() as u64)?;
            Ok::<_, objects::Error>(Some((sealed, opened == plaintext)))
        });
        let sealed = sealed.await.map_err(|e| Error::internal("making a delta", e))?;
        let Some((sealed, same)) = sealed.map_err(|e| Error::internal("making a delta", e))? else {
            return Ok(Outcome::Stays);
        };
        if !same {
            return Err(Error::Internal(format!("a delta of {} does not open to what was sealed", version.id)));
        }
        // What lies as an object has more bytes than any row.
        if whole.sealed.as_ref().is_some_and(|whole| sealed.len() * 2 > whole.len()) {
            return Ok(Outcome::Stays);
        }
        let delta = Blob {
            id,
            sealed: Some(sealed),
            object_key: None,
            base_blob_id: Some(base.id.to_string()),
            ..whole.clone()
        };
        let now = self.now();
        points::pass("delta.replace");
        let replaced =
            self.store.write(async |mut tx| store::delta::replace(&mut tx, &whole, &delta, now).await).await?;
        points::pass("delta.replaced");
        Ok(if replaced { Outcome::Encoded } else { Outcome::Raced })
    }

    /// What holds a form of a version now: the version as it was read may know an older place.
    pub(super) async fn blob_of(&self, version: &StateVersion, form: Form) -> Result<Option<Blob>> {
        Ok(self.store.look(async |mut tx| store::delta::find_blob(&mut tx, &version.id, form).await).await?)
    }

    /// The bytes of a blob that is written against another one, and the room that was taken to open it.
    pub(crate) async fn open_delta(&self, blob: &Blob) -> Result<(Bytes, Held)> {
        for _ in 0..ATTEMPTS {
            let chain = self.store.look(async |mut tx| store::delta::list_chain(&mut tx, blob.id.as_str()).await);
            let mut chain = chain.await?;
            // A base may have been written anew between; the blob itself never is once it is a delta.
            let Some(whole) = chain.pop().filter(|last| last.base_blob_id.is_none()) else { continue };
            let longest = chain.iter().map(|blob| blob.size).max().unwrap_or_default().max(whole.size);
            let room = if whole.sealed.is_some() { Room::Rows } else { Room::Objects };
            // A version and its base are in memory at once.
            let held = room.take(longest.saturating_mul(2)).await;
            let mut bytes = self.open_whole(&whole).await?;
            while let Some(next) = chain.pop() {
                bytes = self.open_step(next, bytes).await?;
            }
            return Ok((bytes, held));
        }
        Err(missing(blob.id.as_str()))
    }

    async fn open_step(&self, blob: Blob, base: Bytes) -> Result<Bytes> {
        let doing = "opening a delta";
        let key = self.workspace_key(&blob.workspace_id).await?;
        let size = u64::try_from(blob.size).unwrap_or_default();
        let sealed = blob.sealed.ok_or_else(|| Error::Internal(format!("{doing}: {} has no bytes", blob.id)))?;
        let (id, organization) = (blob.id, blob.organization_id);
        let small = base.len().max(usize::try_from(size).unwrap_or(usize::MAX)) <= SMALL;
        let open = move || objects::open_delta(&key, &blob_context(&id, &organization), &sealed, &base, size);
        let opened = if small { open() } else { spawn_blocking(open).await.map_err(|e| Error::internal(doing, e))? };
        opened.map(Bytes::from).map_err(|e| Error::internal(doing, e))
    }
}
