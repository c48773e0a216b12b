//! What does not fit into one request: an upload of many parts that is there only when it is complete.

use crate::bucket::S3;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use futures::{FutureExt, future::BoxFuture};
use objects::{Error, Key, Part, Parts, Result, Uploading};

/// An upload that is under way. Unless it was completed, it is aborted when this is dropped, so that nobody pays for parts of nothing.
pub(crate) struct Upload<'a> {
    store: &'a S3,
    key: &'a Key,
    id: String,
    open: bool,
}

impl<'a> Upload<'a> {
    /// Begins one.
    pub(crate) async fn begin(store: &'a S3, key: &'a Key) -> Result<Self> {
        let (encryption, kms) = store.encryption();
        let begun = store.client().create_multipart_upload().bucket(store.bucket()).key(store.name(key));
        let begun = begun.set_server_side_encryption(encryption).set_ssekms_key_id(kms).send().await;
        let begun = begun.map_err(|error| store.failed("beginning to put", key, &error))?;
        let id = begun.upload_id.ok_or_else(|| Error::store("beginning to put", key, "the store names no upload"))?;
        Ok(Self { store, key, id, open: true })
    }

    /// Sends all parts and puts them together. Returns how many bytes they are.
    pub(crate) async fn send(mut self, first: Part, parts: Parts<'_>) -> Result<u64> {
        let sent = parts.send(first, &self).await?;
        let completed = sent
            .receipts
            .into_iter()
            .zip(1..)
            .map(|(tag, number)| CompletedPart::builder().part_number(number).e_tag(tag).build());
        let completed = CompletedMultipartUpload::builder().set_parts(Some(completed.collect())).build();
        let (store, key) = (self.store, self.key);
        let answer = store.client().complete_multipart_upload().bucket(store.bucket()).key(store.name(key));
        points::pass("objects.s3.complete");
        match answer.upload_id(&self.id).multipart_upload(completed).send().await {
            Ok(_) => points::pass("objects.s3.completed"),
            // One that was sent again finds nothing to complete if the first did it and only its answer was lost.
            Err(error) if is_gone(&error) && store.length(key).await? == Some(sent.size) => {}
            Err(error) => return Err(store.failed("completing", key, &error)),
        }
        self.open = false;
        Ok(sent.size)
    }

    async fn send_part(&self, part: Part) -> Result<String> {
        let (store, key) = (self.store, self.key);
        let number = i32::try_from(part.number).map_err(|_| Error::store("putting", key, "it has too many parts"))?;
        let sent = store.client().upload_part().bucket(store.bucket()).key(store.name(key)).upload_id(&self.id);
        let sent = sent.part_number(number).body(part.bytes.into()).send().await;
        points::pass("objects.s3.part");
        let sent = sent.map_err(|error| store.failed("putting a part of", key, &error))?;
        sent.e_tag.ok_or_else(|| Error::store("putting a part of", key, "the store does not say how it names it"))
    }
}

impl Uploading for Upload<'_> {
    fn part(&self, part: Part) -> BoxFuture<'_, Result<String>> {
        self.send_part(part).boxed()
    }
}

fn is_gone(
    error: &aws_sdk_s3::error::SdkError<aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadError>,
) -> bool {
    use aws_sdk_s3::error::ProvideErrorMetadata as _;
    error.code() == Some("NoSuchUpload")
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.open {
            let abort = self.store.client().abort_multipart_upload().bucket(self.store.bucket());
            let abort = abort.key(self.store.name(self.key)).upload_id(&self.id);
            let key = self.key.clone();
            // What cannot be aborted now is swept later.
            runtime.spawn(async move {
                if let Err(error) = abort.send().await {
                    tracing::debug!(%key, %error, "aborting an upload that has ended early");
                }
            });
        }
    }
}
