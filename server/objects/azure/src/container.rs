//! The store over one container.

use crate::{
    access::{Access, Proof},
    error,
};
use azure::Wire;
use azure_core::http::{ClientOptions, Etag, ExponentialRetryOptions, RetryOptions, Transport};
use azure_storage_blob::{
    BlobClient, BlobContainerClient, BlobContainerClientOptions,
    models::{BlobClientDownloadOptions, BlobContainerClientListBlobsOptions, BlobItem, BlockLookupList},
};
use bytes::Bytes;
use futures::{
    FutureExt, StreamExt, TryStreamExt,
    future::{BoxFuture, ready},
    stream::{self, BoxStream},
};
use objects::{Broken, Entry, Error, Key, Opened, Pace, Part, Parts, Ranged, Result, Store, Uploading};
use ring::rand::{SecureRandom, SystemRandom};
use std::{num::NonZero, sync::Arc, time::Duration};
use url::Url;

/// How much of an object is asked for at once, and how many such parts: the library keeps up to twice as many.
const RANGE: (NonZero<usize>, NonZero<usize>) = (NonZero::new(4 << 20).unwrap(), NonZero::new(2).unwrap());
/// So many objects are listed at once.
const PAGE: i32 = 1000;

/// Which container, and how to reach it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The container's name.
    pub container: String,
    /// What every key begins with in it: nothing, or parts that each end with `/`.
    pub prefix: String,
    /// Where it is, and who asks.
    pub access: Access,
    /// Authorities to trust beside the system's: PEM.
    pub certificates: Vec<u8>,
    /// For how long what goes wrong is tried again.
    pub pace: Pace,
}

/// A store in a container, below a prefix.
#[derive(Clone)]
pub struct Azure {
    inner: Arc<Inner>,
}

struct Inner {
    client: BlobContainerClient,
    prefix: String,
    patience: Duration,
    /// The container and where it is, for messages.
    place: String,
}

impl Azure {
    /// Prepares everything; nothing is asked of the container yet.
    ///
    /// # Errors
    /// When the certificates cannot be read, or an identity is wanted and there is no way to one.
    pub fn open(options: Options) -> Result<Self> {
        let preparing = |wrong: String| Error::store("preparing the connection for", &options.container, wrong);
        let url = options.access.container(&options.container);
        let (access, pace) = (options.access.clone(), options.pace);
        let sign = move |url: &mut Url| access.sign(url).map_err(|refused| refused.to_string());
        let wire = Wire::new(&options.certificates, pace.connect, pace.answer, Box::new(sign)).map_err(preparing)?;
        let client_options = ClientOptions {
            transport: Some(Transport::new(Arc::new(wire))),
            retry: RetryOptions::exponential(ExponentialRetryOptions {
                initial_delay: time::Duration::milliseconds(200),
                max_retries: options.pace.attempts.saturating_sub(1),
                max_total_elapsed: options.pace.total.try_into().unwrap_or(time::Duration::MINUTE),
                max_delay: time::Duration::seconds(10),
            }),
            ..ClientOptions::default()
        };
        let credential = match options.access.proof {
            Proof::Identity => Some(azure::identity(&client_options).map_err(|error| preparing(error.to_string()))?),
            Proof::Signed(_) | Proof::Key { .. } => None,
        };
        let place =
            format!("the container {} at {}", options.container, options.access.account.as_str().trim_end_matches('/'));
        let more = BlobContainerClientOptions { client_options, ..BlobContainerClientOptions::default() };
        let client =
            BlobContainerClient::new(url, credential, Some(more)).map_err(|error| preparing(error.to_string()))?;
        let inner = Inner { client, prefix: options.prefix, patience: options.pace.answer, place };
        Ok(Self { inner: Arc::new(inner) })
    }

    fn blob(&self, key: &Key) -> BlobClient {
        self.inner.client.blob_client(&format!("{}{key}", self.inner.prefix))
    }

    fn failed(&self, doing: &'static str, key: &Key, error: &azure_core::Error) -> Error {
        error::failed(doing, key.as_str(), &self.inner.place, error)
    }

    async fn put_whole(&self, key: &Key, bytes: Bytes) -> Result<u64> {
        let size = bytes.len() as u64;
        // One request, whatever its size.
        let options = azure_storage_blob::models::BlobClientUploadOptions {
            partition_size: NonZero::new(size.max(1)),
            ..Default::default()
        };
        points::pass("objects.azure.put");
        let put = self.blob(key).upload(bytes.into(), Some(options)).await;
        points::pass("objects.azure.kept");
        put.map(|_| size).map_err(|error| self.failed("putting", key, &error))
    }

    /// Blocks that nobody puts together are nothing to readers, and the store forgets them after a week.
    async fn put_blocks(&self, key: &Key, first: Part, parts: Parts<'_>) -> Result<u64> {
        let mut random = [0; 8];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| Error::store("naming the parts of", key, "the system gives no random bytes"))?;
        let upload = Upload { store: self, key, name: u64::from_be_bytes(random) };
        let sent = parts.send(first, &upload).await?;
        let blocks = sent.receipts.into_iter().map(String::into_bytes).collect();
        let blocks = BlockLookupList { latest: Some(blocks), ..Default::default() };
        let completed = async { self.blob(key).block_blob_client().commit_block_list(blocks.try_into()?, None).await };
        points::pass("objects.azure.complete");
        completed.await.map_err(|error| self.failed("completing", key, &error))?;
        points::pass("objects.azure.completed");
        Ok(sent.size)
    }

    async fn open_at(&self, key: &Key, from: u64, version: Option<&str>) -> Result<Opened> {
        let (partition, parallel) = RANGE;
        let options = BlobClientDownloadOptions {
            if_match: version.map(Etag::from),
            parallel: Some(parallel),
            partition_size: Some(partition),
            range: (from > 0).then(|| (from..).into()),
            ..Default::default()
        };
        let got = self.blob(key).download(Some(options)).await.map_err(|error| match error::code(&error) {
            Some("BlobNotFound") => Error::NotFound(key.clone()),
            _ => self.failed("getting", key, &error),
        })?;
        // The first answer holds a part; all of it is behind the `/` of `bytes 0-4194303/9000000`.
        let all = got
            .headers
            .get_optional_str(&"content-range".into())
            .and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        let left = all.map_or(got.properties.content_length, |all: u64| all.checked_sub(from));
        let left = left.ok_or_else(|| Error::store("getting", key, "the store does not say how long it is"))?;
        let version = got.properties.etag.map(|tag| tag.to_string());
        let content = got.body.map_err(|error| Broken::from(error.to_string())).boxed();
        Ok(Opened { left, version, content })
    }

    fn entry(&self, blob: &BlobItem) -> Option<Entry> {
        let properties = blob.properties.as_ref()?;
        let modified = properties.last_modified?.unix_timestamp_nanos() / 1000;
        Some(Entry {
            key: Key::new(blob.name.as_ref()?.strip_prefix(self.inner.prefix.as_str())?).ok()?,
            size: properties.content_length?,
            modified: i64::try_from(modified).ok()?,
        })
    }
}

/// Blocks of one object that are under way.
struct Upload<'a> {
    store: &'a Azure,
    key: &'a Key,
    /// Keeps the blocks of two uploads apart.
    name: u64,
}

impl Uploading for Upload<'_> {
    fn part(&self, part: Part) -> BoxFuture<'_, Result<String>> {
        async move {
            // All of one length, as the store wants them.
            let name = format!("{:016x}{:08}", self.name, part.number);
            let client = self.store.blob(self.key).block_blob_client();
            let sent = client.stage_block(name.as_bytes(), part.bytes.len() as u64, part.bytes.into(), None).await;
            points::pass("objects.azure.part");
            sent.map(|_| name).map_err(|error| self.store.failed("putting a part of", self.key, &error))
        }
        .boxed()
    }
}

impl Store for Azure {
    fn put<'a>(&'a self, key: &'a Key, content: BoxStream<'a, Result<Bytes>>) -> BoxFuture<'a, Result<u64>> {
        async move {
            let mut parts = Parts::new(content);
            match parts.next().await? {
                None => self.put_whole(key, Bytes::new()).await,
                Some(only) if only.last => self.put_whole(key, only.bytes).await,
                Some(first) => self.put_blocks(key, first, parts).await,
            }
        }
        .boxed()
    }

    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<BoxStream<'static, Result<Bytes>>>> {
        objects::read(Arc::new(self.clone()), key, self.inner.patience).boxed()
    }

    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<()>> {
        async move {
            match self.blob(key).delete(None).await {
                Ok(_) => Ok(()),
                Err(error) if error::code(&error) == Some("BlobNotFound") => Ok(()),
                Err(error) => Err(self.failed("deleting", key, &error)),
            }
        }
        .boxed()
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxStream<'a, Result<Entry>> {
        let options = BlobContainerClientListBlobsOptions {
            prefix: Some(format!("{}{prefix}", self.inner.prefix)).filter(|prefix| !prefix.is_empty()),
            maxresults: Some(PAGE),
            ..Default::default()
        };
        let failed = move |error| error::failed("listing", prefix, &self.inner.place, &error);
        let pages = match self.inner.client.list_blobs(Some(options)) {
            Ok(pager) => pager.into_pages(),
            Err(error) => return stream::once(ready(Err(failed(error)))).boxed(),
        };
        let entries = pages.map(move |page| {
            let page = page.and_then(azure_core::http::Response::into_model).map_err(failed)?;
            let entries: Vec<Result<Entry>> =
                page.blob_items.iter().filter_map(|blob| self.entry(blob)).map(Ok).collect();
            Ok::<_, Error>(stream::iter(entries))
        });
        entries.try_flatten().boxed()
    }

    /// The store forgets blocks of no object by itself.
    fn sweep(&self, _before: i64) -> BoxFuture<'_, Result<u64>> {
        ready(Ok(0)).boxed()
    }
}

impl Ranged for Azure {
    fn open<'a>(&'a self, key: &'a Key, from: u64, version: Option<&'a str>) -> BoxFuture<'a, Result<Opened>> {
        self.open_at(key, from, version).boxed()
    }
}

impl std::fmt::Debug for Azure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Azure({})", self.inner.place)
    }
}
