//! Keep a lease, hear what the server wishes, fetch what the phase needs, hand in the state that it writes.

use crate::{
    App, Error, Result,
    hub::Event,
    log::lost,
    state::{Late, Upload},
    vault::Reader,
};
use protocol::{Artifact, Image, Lease, Wish};
use tokio::sync::broadcast::error::RecvError;

/// Why a call under a lease did not happen, as far as a runner has to tell them apart.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LeaseError {
    /// The lease is over.
    #[error("the lease of {0} is lost")]
    Lost(String),
    /// Anything else.
    #[error(transparent)]
    Other(#[from] Error),
}

impl App {
    /// Tells a runner's calls apart: has it lost its lease, or did something else go wrong?
    pub fn lease_error(&self, lease: &Lease, error: Error) -> LeaseError {
        match (&error, lost(&lease.phase_id)) {
            (Error::Forbidden(said), Error::Forbidden(text)) if *said == text => {
                LeaseError::Lost(lease.phase_id.clone())
            }
            _ => LeaseError::Other(error),
        }
    }

    /// Prolongs a lease. [`Wish::Lost`] when it is over.
    pub async fn renew(&self, lease: &Lease) -> Result<Wish> {
        let now = self.now();
        let until = now.plus_seconds(lease.seconds.into());
        let wish = self
            .store
            .write(async |mut tx| {
                store::agent::hear(&mut tx, &lease.agent, now).await?;
                store::phase::renew(&mut tx, &lease.phase_id, &lease.agent, lease.fence, until).await
            })
            .await?;
        Ok(read_wish(wish.as_deref()))
    }

    /// Waits until something else than `than` is wished.
    pub async fn wait_for_wish(&self, lease: &Lease, than: Wish) -> Result<Wish> {
        let mut events = self.hub.listen();
        loop {
            let wish = match self.leased(lease).await {
                Ok(phase) => read_wish(Some(&phase.wish)),
                Err(Error::Forbidden(_) | Error::NotFound(_)) => Wish::Lost,
                Err(other) => return Err(other),
            };
            if wish != than {
                return Ok(wish);
            }
            loop {
                match events.recv().await {
                    Ok(Event::Wish(phase)) if phase == lease.phase_id => break,
                    Ok(Event::Anything) | Err(RecvError::Lagged(_)) => break,
                    Ok(_) => {}
                    Err(RecvError::Closed) => return Err(Error::Unavailable("the server stops".into())),
                }
            }
        }
    }

    /// Whether a runner still holds a phase that outlived it or us; the length of its log if so.
    pub async fn adopt(&self, lease: &Lease) -> Result<Option<u64>> {
        match self.leased(lease).await {
            Ok(phase) => {
                self.renew(lease).await?;
                Ok(u64::try_from(phase.log_end).ok())
            }
            Err(Error::Forbidden(_) | Error::NotFound(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Notes that the engine's first process was started, its exact version, and the image it is in where it has one.
    pub async fn started(&self, lease: &Lease, version: &str, image: Option<&Image>) -> Result<()> {
        check_started(version, image)?;
        let phase = self.leased(lease).await?;
        let now = self.now();
        self.store
            .write(async |mut tx| {
                if !store::phase::set_started(&mut tx, &phase.id, lease.fence, now).await? {
                    return Err(lost(&phase.id));
                }
                if let Some(Image { reference, digest }) = image {
                    store::phase::set_image(&mut tx, &phase.id, lease.fence, reference, digest).await?;
                }
                Ok(store::run::set_version(&mut tx, &phase.run_id, version).await?)
            })
            .await?;
        self.hub.announce([Event::Run { workspace: phase.workspace_id, run: phase.run_id }]);
        Ok(())
    }

    /// The configuration to plan or apply from.
    pub async fn leased_configuration(&self, lease: &Lease) -> Result<Reader> {
        let phase = self.leased(lease).await?;
        let found = self
            .store
            .read(async |mut tx| {
                let Some(run) = store::run::find(&mut tx, &phase.run_id).await? else { return Ok(None) };
                store::configuration::find(&mut tx, &run.configuration_version_id).await
            })
            .await?;
        let version = found.ok_or_else(|| Error::Internal(format!("{} has no configuration", phase.run_id)))?;
        self.configuration_bytes(&version).await
    }

    /// The state to plan or apply from.
    pub async fn leased_state(&self, lease: &Lease) -> Result<Option<Reader>> {
        let phase = self.leased(lease).await?;
        let current = self.store.look(async |mut tx| store::state::current(&mut tx, &phase.workspace_id).await).await?;
        match current {
            Some(version) => self.state_stream(&version).await.map(Some),
            None => Ok(None),
        }
    }

    /// A file that the run's plan handed back.
    pub async fn leased_artifact(&self, lease: &Lease, artifact: Artifact) -> Result<Option<Reader>> {
        let phase = self.leased(lease).await?;
        self.artifact(phase.run_id.plan().as_str(), artifact).await
    }

    pub(crate) async fn artifact(&self, plan: &str, artifact: Artifact) -> Result<Option<Reader>> {
        let kind = artifact.as_str();
        let blob = self
            .store
            .read(async |mut tx| match store::phase::find_artifact(&mut tx, plan, kind).await? {
                Some(blob) => store::blob::find(&mut tx, &blob).await,
                None => Ok(None),
            })
            .await?;
        match blob {
            Some(blob) => self.open_stream(&blob).await.map(Some),
            None => Ok(None),
        }
    }

    /// Stores a state that an apply wrote. A plan writes none; a lease that is lost does not make a state worthless.
    pub async fn put_state(&self, lease: &Lease, state: Upload) -> Result<()> {
        let found = self.store.look(async |mut tx| store::phase::find(&mut tx, &lease.phase_id).await).await?;
        let phase = found.ok_or_else(|| Error::not_found(lease.phase_id.clone()))?;
        if phase.agent_id.as_deref() != Some(lease.agent.as_str()) {
            return Err(lost(&phase.id));
        }
        if !phase.is_apply() {
            return Err(Error::Forbidden(format!("{} is a plan: it writes no state", phase.id)));
        }
        let late = Late { fenced: phase.fence == lease.fence, ended_without_it: phase.lost_at.is_some() };
        self.write_run_state(&phase.run_id, &phase.workspace_id, state, late).await?;
        if late.fenced { Ok(()) } else { Err(lost(&phase.id)) }
    }
}

/// The longest name of an image or digest, and the longest version, in bytes.
const LONGEST_IMAGE: usize = 1_024;
const LONGEST_VERSION: usize = 64;

/// Refuses what no engine is called: the version is what the apply asks for, and is shown everywhere.
fn check_started(version: &str, image: Option<&Image>) -> Result<()> {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
    if !version.starts_with(|first: char| first.is_ascii_digit())
        || version.len() > LONGEST_VERSION
        || !version.bytes().all(usual)
    {
        let shown: String = version.chars().take(LONGEST_VERSION).collect();
        return Err(Error::invalid("version", format!("{shown:?} is no exact version of an engine")));
    }
    if image.is_some_and(|image| image.reference.len().max(image.digest.len()) > LONGEST_IMAGE) {
        return Err(Error::invalid("image", format!("the name of an image has at most {LONGEST_IMAGE} bytes")));
    }
    Ok(())
}

fn read_wish(wish: Option<&str>) -> Wish {
    match wish {
        Some("go-on") => Wish::GoOn,
        Some("interrupt") => Wish::Interrupt,
        Some("kill") => Wish::Kill,
        _ => Wish::Lost,
    }
}
