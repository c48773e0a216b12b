//! Where the rooms are plugged into the shell: what is served, what the operator's requests do, what runs beside.

use crate::{
    admin::{Request, Response},
    config::Config,
    health,
    lifecycle::Shutdown,
};
use axum::Router;
use std::ffi::OsString;
use tokio_util::task::TaskTracker;
use url::Url;

/// Everything behind the door, built and ready to be served.
#[derive(Debug, Clone)]
pub struct House {
    /// What is served.
    pub router: Router,
    /// Work beside the requests. It ends by itself once the shutdown is wanted, and is waited for after the last answer.
    pub tasks: TaskTracker,
}

impl House {
    /// Builds it. `url` is what clients call this server. Nothing slow belongs here: the server is not ready before it is done.
    #[expect(clippy::unused_async, reason = "opening the store waits for it")]
    pub async fn build(_config: &Config, _url: &Url, shutdown: &Shutdown) -> anyhow::Result<Self> {
        let router = health::router(shutdown.clone(), async || Ok(()));
        Ok(Self { router, tasks: TaskTracker::new() })
    }

    /// Does what the operator wants, while the server runs.
    pub async fn administer(self, request: Request) -> Response {
        refuse(&request)
    }
}

/// Does what the operator wants where no server runs; the data directory is held meanwhile.
pub async fn administer(_config: &Config, request: Request) -> Response {
    refuse(&request)
}

fn refuse(_: &Request) -> Response {
    Response::Refused { reason: "this build has no store yet".to_owned() }
}

/// Shows it at work.
pub async fn demo(_config: Config) -> anyhow::Result<()> {
    anyhow::bail!("this build cannot run terraform yet")
}

/// Watches over one phase of a run.
pub fn supervise(_arguments: &[OsString]) -> anyhow::Result<()> {
    anyhow::bail!("this build cannot run terraform yet")
}
