//! A phase in its container as the runner sees it: started, attended by a task of its own, found again after the death of a runner.

use super::{
    Docker,
    attend::{Ask, Attended},
    connection::Connection,
    errand::Errand,
    inputs,
    outputs::Wanted,
    wall::{Network, PHASE, RUN, RUNNER},
};
use crate::supervise::{
    self,
    spec::{Container as Inside, Spec, boot_milliseconds, name},
};
use bollard::{
    Docker as Api,
    errors::Error,
    query_parameters::{CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder, RenameContainerOptionsBuilder},
};
use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{io::AsyncWriteExt, sync::watch, task::JoinHandle};

/// What the next runner must know to go on with a container. Holds no secret.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct Note {
    pub(super) id: String,
    /// Bytes of the log that are not the container's.
    pub(super) before: u64,
    pub(super) wanted: Wanted,
    pub(super) steps: usize,
    pub(super) keep: Option<String>,
    pub(super) survive: bool,
    pub(super) grace_seconds: u64,
}

/// A handle on a container with a phase in it. Dropping it ends a plan, and lets an apply go on.
pub(crate) struct Container {
    ask: watch::Sender<Ask>,
    ended: watch::Receiver<bool>,
    task: Option<JoinHandle<()>>,
    /// What is removed with this handle.
    mortal: Option<(Arc<Docker>, String)>,
}

impl Container {
    /// Starts a container and streams the phase into it. `lease` tells when the lease ends (milliseconds since the machine was started); without
    /// one the container lives as long as this handle.
    pub(crate) async fn start(
        docker: &Arc<Docker>,
        spec: &Spec,
        inside: &Inside,
        certificates: &Path,
        lease: Option<watch::Receiver<u64>>,
    ) -> io::Result<Self> {
        let seconds = lease.as_ref().map_or(ALONE, |end| seconds_until(*end.borrow()));
        let (packed, certificates) = (spec.clone(), certificates.to_owned());
        let packing = tokio::task::spawn_blocking(move || inputs::pack(&packed, seconds, &certificates));
        let mut connection = docker.ready(inside).await?;
        let started = async {
            let file = packing.await.map_err(io::Error::other)??;
            let log = spec.directory.join(name::LOG);
            let note = Note {
                id: connection.id.clone(),
                before: fs::metadata(log).map_or(0, |log| log.len()),
                wanted: Wanted::of(spec, docker.options.work_size.saturating_mul(2)),
                steps: spec.steps.len(),
                keep: spec.steps.iter().find_map(|step| Some(step.keep.as_ref()?.1.clone())),
                survive: spec.survive,
                grace_seconds: spec.grace_seconds,
            };
            supervise::write_whole(&spec.directory, name::CONTAINER, &note, spec.survive)?;
            send(&mut connection, file).await?;
            Ok(note)
        };
        let started: io::Result<Note> = started.await;
        match started {
            Ok(note) => Ok(Self::attend(Arc::clone(docker), note, Some(connection), Some(inside.clone()), lease)),
            Err(error) => {
                let said = connection.said().await;
                docker.remove(&connection.id).await;
                Err(io::Error::other(format!("the container did not take the phase: {error}{said}")))
            }
        }
    }

    /// Goes on with the container that an earlier runner left for the phase in `directory`. A plan is not gone on with.
    pub(crate) async fn adopt(docker: &Arc<Docker>, directory: &Path, lease: watch::Receiver<u64>) -> Self {
        let note =
            fs::read(directory.join(name::CONTAINER)).ok().and_then(|json| serde_json::from_slice::<Note>(&json).ok());
        let exited = directory.join(name::EXIT).exists();
        match note {
            Some(note) if note.survive && !exited => {
                let moved = Wanted { directory: directory.to_owned(), ..note.wanted };
                Self::attend(Arc::clone(docker), Note { wanted: moved, ..note }, None, None, Some(lease))
            }
            note => {
                if let Some(note) = note {
                    docker.remove(&note.id).await;
                }
                Self { ask: watch::channel(Ask::GoOn).0, ended: watch::channel(true).1, task: None, mortal: None }
            }
        }
    }

    fn attend(
        docker: Arc<Docker>,
        note: Note,
        connection: Option<Connection>,
        inside: Option<Inside>,
        lease: Option<watch::Receiver<u64>>,
    ) -> Self {
        let (ask, asked) = watch::channel(Ask::GoOn);
        let (over, ended) = watch::channel(false);
        let mortal = (!note.survive).then(|| (Arc::clone(&docker), note.id.clone()));
        let attended = Attended::new(Arc::clone(&docker), note, asked, lease);
        let task = tokio::spawn(async move {
            let id = attended.run(connection).await;
            over.send_replace(true);
            // Beside whatever is done with what the phase left.
            docker.remove(&id).await;
            if let Some(inside) = inside {
                docker.refill(&inside).await;
            }
        });
        Self { ask, ended, task: Some(task), mortal }
    }

    /// Waits until it has ended and all that it left is laid down.
    pub(crate) async fn ended(&mut self) {
        self.ended.wait_for(|ended| *ended).await.ok();
        self.mortal = None;
    }

    /// Asks for a gentle end.
    pub(crate) fn interrupt(&self) {
        self.raise(Ask::Interrupt);
    }

    /// Asks for an end now.
    pub(crate) fn kill(&self) {
        self.raise(Ask::Kill);
    }

    fn raise(&self, ask: Ask) {
        self.ask.send_if_modified(|current| {
            let stronger = ask > *current;
            if stronger {
                *current = ask;
            }
            stronger
        });
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if let Some(task) = self.task.take().filter(|_| !*self.ended.borrow()) {
            task.abort();
        }
        if let (Some((docker, id)), Ok(runtime)) = (self.mortal.take(), tokio::runtime::Handle::try_current()) {
            // Where the program ends before this is done the container ends with its lease, or by the next runner.
            runtime.spawn(async move { docker.remove(&id).await });
        }
    }
}

/// How long a container that no lease covers hears nothing before it ends itself, in seconds.
const ALONE: u64 = 3_600;

/// Seconds until a moment given in milliseconds since the machine was started.
pub(super) fn seconds_until(end: u64) -> u64 {
    (end.saturating_sub(boot_milliseconds()) / 1000).max(1)
}

async fn send(connection: &mut Connection, file: fs::File) -> io::Result<()> {
    let length = file.metadata()?.len();
    let mut file = tokio::fs::File::from_std(file);
    tokio::io::AsyncSeekExt::rewind(&mut file).await?;
    let Some(input) = &mut connection.input else { return Err(io::ErrorKind::BrokenPipe.into()) };
    input.write_all(format!("{length}\n").as_bytes()).await?;
    tokio::io::copy(&mut file, input).await?;
    input.flush().await
}

impl Docker {
    /// A started container that waits for its phase: one that was started before, or a new one.
    async fn ready(&self, inside: &Inside) -> io::Result<Connection> {
        let (taken, dead) = self.warm.take(&inside.image);
        for id in dead {
            let api = self.api.clone();
            tokio::spawn(async move { remove(&api, &id).await });
        }
        let Some(connection) = taken else { return self.cold(inside, Some(inside)).await };
        if self.options.network == Network::Own
            && let Err(error) = self.network(&inside.image).await
        {
            self.remove(&connection.id).await;
            return Err(io::Error::other(error));
        }
        let name = format!("terrane-{}", unique(&inside.phase));
        let (api, id) = (self.api.clone(), connection.id.clone());
        // Whoever looks for it among others finds it by its name; its labels cannot be changed any more.
        tokio::spawn(async move {
            api.rename_container(&id, RenameContainerOptionsBuilder::default().name(&name).build()).await
        });
        Ok(connection)
    }

    /// Makes and starts a container of this image; `of` is the phase it is for, when that is known.
    pub(super) async fn cold(&self, inside: &Inside, of: Option<&Inside>) -> io::Result<Connection> {
        match self.options.network {
            Network::None => self.started(inside, of, "none").await,
            Network::Host => self.started(inside, of, "host").await,
            Network::Own => {
                let network = self.network(&inside.image).await.map_err(io::Error::other)?;
                let started = self.started(inside, of, &network).await;
                if started.is_ok() {
                    return started;
                }
                // The network may be what is wrong: whoever removes it does not say so.
                self.doubt(&network).await;
                let network = self.network(&inside.image).await.map_err(io::Error::other)?;
                self.started(inside, of, &network).await
            }
        }
    }

    /// Makes and starts one on this network.
    async fn started(&self, inside: &Inside, of: Option<&Inside>, network: &str) -> io::Result<Connection> {
        let failed = |what: &str, error: Error| io::Error::other(format!("{what}: {}", told(&error)));
        let mut labels = HashMap::from([(RUNNER.to_owned(), self.runner.clone())]);
        if let Some(of) = of {
            labels.extend([(RUN.to_owned(), of.run.clone()), (PHASE.to_owned(), of.phase.clone())]);
        }
        let name = of.map_or_else(|| unique("waiting"), |of| unique(&of.phase));
        let name = CreateContainerOptionsBuilder::default().name(&format!("terrane-{name}")).build();
        let made = Errand::new(self, Some(name), self.body(&inside.image.id, network, labels)).await;
        let made = made.map_err(|error| failed("a container cannot be made", error))?;
        let connection = self.attach(made.id()).await;
        let connection = connection.map_err(|error| failed("a container cannot be reached", error))?;
        let started = self.api.start_container(made.id(), None).await;
        started.map_err(|error| failed("a container cannot be started", error))?;
        made.keep();
        Ok(connection)
    }

    /// Removes a container, whatever it does.
    pub(super) async fn remove(&self, id: &str) {
        remove(&self.api, id).await;
    }
}

/// Removes a container, whatever it does.
pub(super) async fn remove(api: &Api, id: &str) {
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    match api.remove_container(id, Some(options)).await {
        Ok(()) | Err(Error::DockerResponseServerError { status_code: 404 | 409, .. }) => {}
        Err(error) => tracing::warn!(container = id, error = told(&error), "a container cannot be removed"),
    }
}

/// Names of containers are told apart by a number, since a phase may have several one after another.
fn unique(phase: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{phase}-{}-{}", boot_milliseconds(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// What the engine said, without the words around it.
pub(super) fn told(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } => message.clone(),
        Error::DockerStreamError { error } => error.clone(),
        other => other.to_string(),
    }
}

/// Where a runner's own name is kept, so that it knows its containers again.
pub(super) fn runner_name(known: &Path) -> io::Result<String> {
    let path: PathBuf = known.join("runner");
    if let Ok(name) = fs::read_to_string(&path) {
        return Ok(name);
    }
    let name = nonce()?;
    supervise::write_bytes(known, "runner", name.as_bytes(), true)?;
    Ok(name)
}

/// A name that nothing else has.
pub(super) fn nonce() -> io::Result<String> {
    let mut bytes = [0; 10];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes)
        .map_err(|_| io::Error::other("no random bytes"))?;
    Ok(hex::encode(bytes))
}
