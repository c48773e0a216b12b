//! The store over one bucket.

use crate::{Encryption, Options, client::client, error, upload::Upload};
use aws_sdk_s3::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::get_object::GetObjectError,
    primitives::{ByteStream, DateTime},
    types::{Object, ServerSideEncryption},
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use bytes::Bytes;
use futures::{
    FutureExt, StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use objects::{Broken, Entry, Error, Key, Opened, Parts, Ranged, Result, Store};
use std::sync::Arc;

/// A store in a bucket, below a prefix.
#[derive(Debug, Clone)]
pub struct S3 {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    client: Client,
    options: Options,
    /// The bucket and where it is, for messages.
    place: String,
}

impl S3 {
    /// Prepares everything; nothing is asked of the bucket yet.
    ///
    /// # Errors
    /// When the certificates cannot be read.
    pub async fn open(options: Options) -> Result<Self> {
        let client = client(&options).await?;
        let at = options.endpoint.as_ref().map(|endpoint| format!(" at {endpoint}")).unwrap_or_default();
        let place = format!("the bucket {}{at}", options.bucket);
        Ok(Self { inner: Arc::new(Inner { client, options, place }) })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.inner.client
    }

    pub(crate) fn bucket(&self) -> &str {
        &self.inner.options.bucket
    }

    /// How the bucket names an object.
    pub(crate) fn name(&self, key: &Key) -> String {
        format!("{}{key}", self.inner.options.prefix)
    }

    pub(crate) fn failed<E>(&self, doing: &'static str, key: &Key, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        error::failed(doing, key.as_str(), &self.inner.place, error)
    }

    /// What the store is asked to encrypt with, and with which key.
    pub(crate) fn encryption(&self) -> (Option<ServerSideEncryption>, Option<String>) {
        match &self.inner.options.encryption {
            Encryption::Unsaid => (None, None),
            Encryption::Aes256 => (Some(ServerSideEncryption::Aes256), None),
            Encryption::Kms(key) => (Some(ServerSideEncryption::AwsKms), key.clone()),
        }
    }

    /// How many bytes an object has, if it is there.
    pub(crate) async fn length(&self, key: &Key) -> Result<Option<u64>> {
        match self.client().head_object().bucket(self.bucket()).key(self.name(key)).send().await {
            Ok(head) => Ok(head.content_length.and_then(|length| length.try_into().ok())),
            Err(error) if error.as_service_error().is_some_and(|said| said.is_not_found()) => Ok(None),
            Err(error) => Err(self.failed("looking at", key, &error)),
        }
    }

    async fn put_whole(&self, key: &Key, bytes: Bytes) -> Result<u64> {
        let size = bytes.len() as u64;
        let (encryption, kms) = self.encryption();
        let put = self.client().put_object().bucket(self.bucket()).key(self.name(key)).body(bytes.into());
        points::pass("objects.s3.put");
        let put = put.set_server_side_encryption(encryption).set_ssekms_key_id(kms).send().await;
        points::pass("objects.s3.kept");
        put.map(|_| size).map_err(|error| self.failed("putting", key, &error))
    }

    async fn open_at(&self, key: &Key, from: u64, version: Option<&str>) -> Result<Opened> {
        let get = self.client().get_object().bucket(self.bucket()).key(self.name(key));
        let get = get.set_range((from > 0).then(|| format!("bytes={from}-"))).set_if_match(version.map(str::to_owned));
        let got = get.send().await.map_err(|error| match error.as_service_error() {
            Some(GetObjectError::NoSuchKey(_)) => Error::NotFound(key.clone()),
            _ => self.failed("getting", key, &error),
        })?;
        let left = got.content_length.and_then(|length| length.try_into().ok());
        let left = left.ok_or_else(|| Error::store("getting", key, "the store does not say how long it is"))?;
        if from > 0 && got.content_range.is_none() {
            return Err(Error::store("reading on in", key, "the store does not give a part of an object"));
        }
        Ok(Opened { left, version: got.e_tag, content: pieces(got.body) })
    }

    fn entry(&self, object: &Object) -> Option<Entry> {
        let key = object.key()?.strip_prefix(self.inner.options.prefix.as_str())?;
        Some(Entry {
            key: Key::new(key).ok()?,
            size: object.size().and_then(|size| size.try_into().ok())?,
            modified: object.last_modified().map(micros)?,
        })
    }

    /// Uploads of others' in the same bucket have other prefixes.
    async fn abort_begun(&self, before: i64) -> Result<u64> {
        let everything = "uploads that were never completed";
        let failed =
            |doing, error: &SdkError<_, HttpResponse>| error::failed(doing, everything, &self.inner.place, error);
        let mut count = 0;
        let (mut key_marker, mut id_marker) = (None, None);
        loop {
            let list = self.client().list_multipart_uploads().bucket(self.bucket()).prefix(&self.inner.options.prefix);
            let page = list.set_key_marker(key_marker).set_upload_id_marker(id_marker).send().await;
            let page = page.map_err(|error| failed("listing", &error))?;
            for upload in page.uploads() {
                let (Some(name), Some(id)) = (upload.key(), upload.upload_id()) else { continue };
                let ours = name.strip_prefix(self.inner.options.prefix.as_str()).and_then(|key| Key::new(key).ok());
                let Some(key) = ours.filter(objects::may_be_orphan) else { continue };
                if upload.initiated().map(micros).is_none_or(|begun| begun >= before) {
                    continue;
                }
                let abort = self.client().abort_multipart_upload().bucket(self.bucket()).key(name).upload_id(id);
                match abort.send().await {
                    Ok(_) => count += 1,
                    Err(error) if error.code() == Some("NoSuchUpload") => {}
                    Err(error) => return Err(self.failed("aborting an upload of", &key, &error)),
                }
            }
            if page.is_truncated() != Some(true) || page.next_key_marker().is_none() {
                return Ok(count);
            }
            (key_marker, id_marker) = (page.next_key_marker, page.next_upload_id_marker);
        }
    }
}

impl Store for S3 {
    fn put<'a>(&'a self, key: &'a Key, content: BoxStream<'a, Result<Bytes>>) -> BoxFuture<'a, Result<u64>> {
        async move {
            let mut parts = Parts::new(content);
            match parts.next().await? {
                None => self.put_whole(key, Bytes::new()).await,
                Some(only) if only.last => self.put_whole(key, only.bytes).await,
                Some(first) => Upload::begin(self, key).await?.send(first, parts).await,
            }
        }
        .boxed()
    }

    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<BoxStream<'static, Result<Bytes>>>> {
        objects::read(Arc::new(self.clone()), key, self.inner.options.pace.answer).boxed()
    }

    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<()>> {
        async move {
            match self.client().delete_object().bucket(self.bucket()).key(self.name(key)).send().await {
                Ok(_) => Ok(()),
                Err(error) if error.code() == Some("NoSuchKey") => Ok(()),
                Err(error) => Err(self.failed("deleting", key, &error)),
            }
        }
        .boxed()
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxStream<'a, Result<Entry>> {
        let all = format!("{}{prefix}", self.inner.options.prefix);
        let pages = stream::try_unfold((None, false), move |(token, ended): (Option<String>, bool)| {
            let list = self.client().list_objects_v2().bucket(self.bucket()).prefix(&all);
            async move {
                if ended {
                    return Ok(None);
                }
                let page = list.set_continuation_token(token).send().await;
                let page = page.map_err(|error| error::failed("listing", prefix, &self.inner.place, &error))?;
                let entries: Vec<Result<Entry>> =
                    page.contents().iter().filter_map(|object| self.entry(object)).map(Ok).collect();
                let next = page.next_continuation_token;
                let ended = next.is_none();
                Ok::<_, Error>(Some((stream::iter(entries), (next, ended))))
            }
        });
        pages.try_flatten().boxed()
    }

    fn sweep(&self, before: i64) -> BoxFuture<'_, Result<u64>> {
        self.abort_begun(before).boxed()
    }
}

impl Ranged for S3 {
    fn open<'a>(&'a self, key: &'a Key, from: u64, version: Option<&'a str>) -> BoxFuture<'a, Result<Opened>> {
        self.open_at(key, from, version).boxed()
    }
}

fn pieces(body: ByteStream) -> BoxStream<'static, Result<Bytes, Broken>> {
    stream::try_unfold(body, |mut body| async { Ok(body.try_next().await?.map(|piece| (piece, body))) }).boxed()
}

fn micros(moment: &DateTime) -> i64 {
    i64::try_from(moment.as_nanos() / 1000).unwrap_or(i64::MAX)
}
