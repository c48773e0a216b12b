//! Packages of providers where containers see them: a volume that each of them has, read-only, and that the runner alone fills.
//!
//! It is filled through the engine, into a container that is made for that and never started: no program of any image has a part in it, and the
//! engine may be another machine. Packages are named by what they hold, and a phase is given a link only to one that is whole there.

use super::{
    Docker, Image,
    container::{nonce, told},
    errand::Errand,
    wall::{RUNNER, VOLUME},
};
use crate::{
    providers::{Link, Providers},
    supervise,
};
use bollard::{
    errors::Error,
    models::{ContainerCreateBody, HostConfig, Mount, MountType, MountVolumeOptions, VolumeCreateRequest},
    query_parameters::UploadToContainerOptionsBuilder,
};
use std::{
    collections::{BTreeSet, HashMap},
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};
use tokio_util::io::ReaderStream;

/// Where the volume is in a container.
pub(crate) const PACKAGES: &str = "/terrane-providers";

/// What is whole in the volume.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Filled {
    /// The volume's own mark: another one of that name is empty. What the engine says of when it was made will not do, since Docker before 23
    /// gives the time of the last change in it: <https://github.com/moby/moby/issues/44364>. For a volume without a mark it has to.
    #[serde(alias = "made")]
    mark: String,
    keys: BTreeSet<String>,
}

/// One writer's knowledge of its volume.
pub(super) struct Volume {
    known: PathBuf,
    /// The beginning of the marks that this writer gives.
    nonce: String,
    next: AtomicU64,
    filled: tokio::sync::Mutex<Option<Filled>>,
}

/// The name of the file that says what the volume holds.
const NOTE: &str = "volume.json";

impl Volume {
    /// The volume whose contents are noted in this directory.
    pub(super) fn new(known: PathBuf) -> io::Result<Self> {
        Ok(Self { known, nonce: nonce()?, next: AtomicU64::new(0), filled: tokio::sync::Mutex::default() })
    }
}

impl Docker {
    fn volume_name(&self) -> String {
        format!("terrane-providers-{}", self.runner)
    }

    /// The volume as a container has it.
    pub(super) fn packages(&self, writable: bool) -> Mount {
        Mount {
            target: Some(PACKAGES.to_owned()),
            source: Some(self.volume_name()),
            typ: Some(MountType::VOLUME),
            read_only: Some(!writable),
            volume_options: Some(MountVolumeOptions {
                // Whatever an image has in that place stays out of it.
                no_copy: Some(true),
                // Where somebody removed it the engine makes it again.
                labels: Some(self.volume_labels()),
                ..MountVolumeOptions::default()
            }),
            ..Mount::default()
        }
    }

    /// Puts into the volume what of these packages is not there.
    pub(crate) async fn provide(&self, image: &Image, links: &[Link], providers: &Providers) -> Result<(), String> {
        if links.is_empty() {
            return Ok(());
        }
        let wanted: BTreeSet<_> = links.iter().map(Link::key).collect();
        let mut filled = self.volume.filled.lock().await;
        let note = self.volume.known.join(NOTE);
        let noted = filled.take().or_else(|| serde_json::from_slice(&fs::read(&note).ok()?).ok());
        let mut now: Filled = noted.unwrap_or_default();
        let mark = self.mark().await.map_err(|error| told(&error))?;
        if mark.as_ref() != Some(&now.mark) || !now.keys.is_superset(&wanted) {
            // Nobody can remove the volume while a container has it.
            let pin = self.pin(image).await.map_err(|error| told(&error))?;
            let done = self.fill(&pin, &mut now, &wanted, providers).await;
            pin.done().await;
            done?;
            supervise::write_whole(&self.volume.known, NOTE, &now, false).map_err(|error| error.to_string())?;
        }
        *filled = Some(now);
        Ok(())
    }

    /// The mark of the volume; `None` where there is no volume.
    async fn mark(&self) -> Result<Option<String>, Error> {
        // What the engine answers to making one that is there may lack its labels, from the engine's start until somebody asks for it by name.
        match self.api.inspect_volume(&self.volume_name()).await {
            Ok(mut volume) => Ok(Some(volume.labels.remove(VOLUME).or(volume.created_at).unwrap_or_default())),
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What a volume is given that is made now: a mark that no other one has.
    fn volume_labels(&self) -> HashMap<String, String> {
        let number = self.volume.next.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{}-{number}", self.volume.nonce);
        HashMap::from([(RUNNER.to_owned(), self.runner.clone()), (VOLUME.to_owned(), mark)])
    }

    /// A container that has the volume, and is never started.
    async fn pin(&self, image: &Image) -> Result<Errand, Error> {
        // Podman does not take labels from a mount.
        let (name, labels) = (Some(self.volume_name()), Some(self.volume_labels()));
        self.api.create_volume(VolumeCreateRequest { name, labels, ..VolumeCreateRequest::default() }).await?;
        let body = ContainerCreateBody {
            image: Some(image.id.clone()),
            // An image without a command would not do.
            cmd: Some(vec!["true".to_owned()]),
            labels: Some(HashMap::from([(RUNNER.to_owned(), self.runner.clone())])),
            host_config: Some(HostConfig {
                network_mode: Some("none".to_owned()),
                mounts: Some(vec![self.packages(true)]),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        Errand::new(self, None, body).await
    }

    /// Puts through a container what is missing of these packages, and says what is there then.
    async fn fill(
        &self,
        pin: &Errand,
        now: &mut Filled,
        wanted: &BTreeSet<String>,
        providers: &Providers,
    ) -> Result<(), String> {
        let mark = self.mark().await.map_err(|error| told(&error))?.unwrap_or_default();
        if now.mark != mark {
            *now = Filled { mark, keys: BTreeSet::new() };
        }
        let missing: Vec<_> = wanted.difference(&now.keys).map(|key| (key.clone(), providers.path(key))).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let known = self.volume.known.clone();
        let tar = tokio::task::spawn_blocking(move || pack(&known, &missing)).await.map_err(io::Error::other);
        let tar = tar.flatten().map_err(|error| format!("they cannot be packed: {error}"))?;
        let options = UploadToContainerOptionsBuilder::default().path(PACKAGES).build();
        let stream = bollard::body_try_stream(ReaderStream::new(tokio::fs::File::from_std(tar)));
        let sent = self.api.upload_to_container(pin.id(), Some(options), stream).await;
        sent.map_err(|error| told(&error))?;
        now.keys.extend(wanted.iter().cloned());
        // That of a volume without labels may have changed with what is in it.
        now.mark = self.mark().await.map_err(|error| told(&error))?.unwrap_or_default();
        Ok(())
    }
}

/// A tar of packages, without a name.
fn pack(beside: &Path, packages: &[(String, PathBuf)]) -> io::Result<fs::File> {
    use std::io::Seek;
    let path = beside.join("packages.tar");
    let file = fs::OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path)?;
    fs::remove_file(&path)?;
    let mut tar = tar::Builder::new(file);
    for (key, package) in packages {
        tar.append_dir_all(key, package)?;
    }
    let mut file = tar.into_inner()?;
    file.rewind()?;
    Ok(file)
}
