//! Files of the registry: sealed as they stream in, each under a key of its own.

use crate::{App, Error, Result, vault::Reader, vault::context};
use bytes::Bytes;
use domain::id::{BlobId, OrganizationId};
use objects::{Digests, Key, Sealed};
use store::registry::File;
use tokio::io::AsyncReadExt as _;

/// The most bytes of what is kept in memory: check sums, a signature.
const SMALL: u64 = 1 << 20;

impl App {
    /// Seals what streams in; the answer is the file, which is not saved yet, and its SHA-256 in hexadecimal digits.
    pub(super) async fn seal_file(
        &self,
        organization: &OrganizationId,
        (kind, name): (&str, &str),
        body: Reader,
    ) -> Result<(File, String)> {
        let id = BlobId::new(&self.entropy());
        let context = context("registry_files", id.as_str(), organization.as_str());
        let (key, wrapped) = self.vault.own_key(&context)?;
        let object = Key::new(format!("{organization}/registry/{id}"));
        let object = object.map_err(|e| Error::internal("naming an object", e))?;
        let digests = Digests { sha256: true, ..Digests::default() };
        let limit = self.limits.upload_bytes;
        let written = self.vault.blobs().seal_stream(&key, &context, &object, body, limit, digests).await;
        let written = written.map_err(crate::vault::refused)?;
        let (sealed, object_key) = match written.sealed {
            Sealed::Inline(bytes) => (Some(bytes), None),
            Sealed::Object { key, .. } => (None, Some(key.as_str().to_owned())),
        };
        let file = File {
            id,
            organization_id: organization.clone(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            wrapped,
            size: i64::try_from(written.size).unwrap_or(i64::MAX),
            sealed,
            object_key,
        };
        Ok((file, hex::encode(written.sha256.unwrap_or_default())))
    }

    /// The bytes of a file, as they stream out.
    pub async fn open_file(&self, file: &File) -> Result<Reader> {
        let context = context("registry_files", file.id.as_str(), file.organization_id.as_str());
        let key = self.unwrap_key(&context, &file.wrapped).await?;
        self.vault.open(&key, &context, (file.sealed.as_ref(), file.object_key.as_ref()), file.size).await
    }

    /// A file that somebody may read who has its signed address.
    pub async fn registry_file(&self, id: &str) -> Result<File> {
        let found = self.store.look(async |mut tx| store::registry::find_file(&mut tx, id).await).await?;
        found.ok_or_else(|| Error::not_found("that file, which was removed since"))
    }

    /// The bytes of a small file, all at once.
    pub(super) async fn file_bytes(&self, file: &File) -> Result<Bytes> {
        read_small(self.open_file(file).await?).await
    }

    /// Removes the object of a file that no row points at. One that stays is found by the sweep.
    pub(super) async fn forget_file(&self, file: &File) {
        self.vault.forget(&file.id, file.object_key.as_ref()).await;
    }
}

/// Everything of an upload that has to be small.
pub(super) async fn read_small(body: Reader) -> Result<Bytes> {
    let mut bytes = Vec::new();
    let read = body.take(SMALL + 1).read_to_end(&mut bytes).await;
    read.map_err(|cut| Error::invalid("body", format!("the upload was cut off: {cut}; send it again")))?;
    if bytes.len() as u64 > SMALL {
        return Err(Error::TooLarge(format!("check sums and signatures have at most {SMALL} bytes")));
    }
    Ok(bytes.into())
}
