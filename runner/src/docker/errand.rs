//! A container that is there for one short piece of work of the runner's own, and gone when that is done or nobody waits for it any more.

use super::{Docker, container::remove};
use bollard::{Docker as Api, errors::Error, models::ContainerCreateBody, query_parameters::CreateContainerOptions};
use futures::TryStreamExt;
use std::{io, time::Duration};
use tokio::{runtime::Handle, time::timeout};

/// How long such a container may take to say what it has to say.
const LIMIT: Duration = Duration::from_secs(60);
/// How much it may say, in bytes.
const SAID: usize = 64 << 10;

/// A container that is removed when this is dropped.
pub(super) struct Errand {
    api: Api,
    id: String,
    kept: bool,
}

impl Errand {
    /// Makes the container. One that the engine makes while nobody waits any more is removed as well.
    pub(super) async fn new(
        docker: &Docker,
        options: Option<CreateContainerOptions>,
        body: ContainerCreateBody,
    ) -> Result<Self, Error> {
        let api = docker.api.clone();
        let made = tokio::spawn(async move {
            let id = api.create_container(options, body).await?.id;
            Ok(Self { api, id, kept: false })
        });
        made.await.map_err(|error| Error::IOError { err: io::Error::other(error) })?
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Removes it, and waits until that is done.
    pub(super) async fn done(mut self) {
        self.kept = true;
        remove(&self.api, &self.id).await;
    }

    /// Leaves it to whoever has its id.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        if let (false, Ok(runtime)) = (self.kept, Handle::try_current()) {
            let (api, id) = (self.api.clone(), std::mem::take(&mut self.id));
            runtime.spawn(async move { remove(&api, &id).await });
        }
    }
}

impl Docker {
    /// What a container of this kind says until its end, which comes within a time.
    pub(super) async fn say(&self, body: ContainerCreateBody) -> Result<Vec<u8>, Error> {
        let errand = Errand::new(self, None, body).await?;
        let said = async {
            let mut connection = self.attach(errand.id()).await?;
            self.api.start_container(errand.id(), None).await?;
            let mut said = Vec::new();
            while let Some(message) = connection.output.try_next().await? {
                let room = SAID.saturating_sub(said.len());
                let bytes = message.into_bytes();
                said.extend_from_slice(&bytes[..room.min(bytes.len())]);
            }
            Ok(said)
        };
        let late = || io::Error::new(io::ErrorKind::TimedOut, format!("it did not end within {} s", LIMIT.as_secs()));
        let said = timeout(LIMIT, said).await;
        errand.done().await;
        said.unwrap_or_else(|_| Err(Error::IOError { err: late() }))
    }
}
