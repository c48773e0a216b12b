//! The other way of a state, for large applies: the engine sends it to the server itself, as it does at home with a `cloud` block.
//!
//! The local backend writes the whole state for each resource, which is safest and costs nothing as long as that is little: an engine that is
//! killed has told everything it made. A thousand resources make it write for most of the apply's time (25 s, of which 3.5 s are left
//! this way). So where that matters the apply's own copy of the plan file gets the server as its backend; the engine keeps the state in memory
//! then, sends a snapshot every 20 seconds, and leaves `errored.tfstate` when it cannot send the last one.
//!
//! Whether the server can be reached from inside, and what the engine notes down about such a backend, is tried first, with the engine itself.
//! If that fails the apply takes the slow way.

use crate::{
    aside::{aside, side_step},
    layout::Layout,
    phase::Execution,
    plan_file::{self, Backend},
    prepare::{self, Prepared, host, quote},
    prime::NOTE,
    server::Server,
    supervise::spec::{Output, Wall},
};
use protocol::{Job, Moment, Phase};
use serde::Deserialize;
use serde_json::Value;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// From here on it matters: changes times the bytes of state and plan. On a small machine about ten seconds of writing.
const LARGE: u64 = 100_000_000;

/// Whether this apply goes that way. If so, its plan file says so already.
pub(crate) async fn choose<S: Server>(
    execution: &Execution<S>,
    job: &Job,
    prepared: &Prepared,
    wall: &Wall,
    engine: &Path,
) -> bool {
    // A hook after the apply reads the file; settings of the configuration's own may name another place for this very server.
    let in_the_file = prepared.own_settings || job.hooks.iter().any(|hook| hook.moment == Moment::After);
    if job.phase != Phase::Apply || in_the_file || !is_large(job, prepared, execution.layout.plan()).await {
        return false;
    }
    match redirect(execution, job, prepared, wall, engine).await {
        Ok(()) => {
            tracing::info!(phase = job.lease.phase_id, "a large apply: the engine sends its state by itself");
            true
        }
        Err(error) => {
            tracing::warn!(phase = job.lease.phase_id, %error, "a large apply writes its state to a file, which takes longer: the engine cannot send it by itself");
            false
        }
    }
}

/// Makes this the environment of an engine that sends its state by itself. It speaks as the run, whoever the workspace would have it be.
pub(crate) fn turn(environment: &mut Vec<(String, String)>, job: &Job) {
    let host = host(&job.address).unwrap_or_default();
    environment.retain(|(key, _)| !is_token_for(key, host));
    environment.push(("TF_FORCE_LOCAL_BACKEND".into(), "1".into()));
    environment.push(("TFE_RUN_ID".into(), job.run_id.clone()));
}

/// Whether a variable holds the engine's token for this host: `TF_TOKEN_` and the host with `_` for each dot and `__` for each dash.
fn is_token_for(key: &str, host: &str) -> bool {
    let named = key.strip_prefix("TF_TOKEN_").map(|name| name.replace("__", "-").replace('_', "."));
    named.is_some_and(|named| named.eq_ignore_ascii_case(host))
}

async fn is_large(job: &Job, prepared: &Prepared, plan: PathBuf) -> bool {
    let counts = job.counts;
    let changes = [counts.additions, counts.changes, counts.destructions, counts.imports].map(u64::from);
    let state = prepared.state.as_ref().map_or(0, |state| state.len() as u64);
    // A plan that cannot be read is the engine's to complain of.
    let weighed = tokio::task::spawn_blocking(move || plan_file::weigh(&plan)).await;
    let plan = weighed.map_err(io::Error::other).flatten().unwrap_or_default();
    changes.iter().sum::<u64>().saturating_mul(state.saturating_add(plan)) >= LARGE
}

/// What an engine notes down about its backend.
#[derive(Deserialize)]
struct Note {
    backend: Noted,
}

#[derive(Deserialize)]
struct Noted {
    r#type: String,
    config: Value,
}

async fn redirect<S: Server>(
    execution: &Execution<S>,
    job: &Job,
    prepared: &Prepared,
    wall: &Wall,
    engine: &Path,
) -> io::Result<()> {
    let side = execution.layout.through_api();
    let owner = execution.machine.owner(wall.uid);
    lay_out(&side, job, owner)?;
    // What the apply will find, or the trial says nothing of it.
    let of_run = &prepared.environment;
    let mut init = side_step(execution, &side, wall, engine, &["init", "-input=false"], of_run, Output::Quiet)?;
    turn(&mut init.environment, job);
    aside(execution, &side, wall, vec![init], vec![Path::new("c").join(NOTE)]).await?;
    let Note { backend } = serde_json::from_slice(&fs::read(side.configuration().join(NOTE))?)?;
    let (from, to, workspace) = (execution.layout.plan(), execution.layout.work_plan(), job.cli_workspace.clone());
    let written = tokio::task::spawn_blocking(move || write(&from, &to, &backend, &workspace, owner));
    written.await.map_err(io::Error::other)?
}

/// A directory whose configuration names nothing but the workspace. `backend "remote"` by name is the one that calls it `default`.
fn lay_out(side: &Layout, job: &Job, owner: Option<u32>) -> io::Result<()> {
    let host = host(&job.address).ok_or_else(|| io::Error::other(format!("{} names no host", job.address)))?;
    let block = if job.cli_workspace == "default" { "backend \"remote\"" } else { "cloud" };
    let (host, organization, workspace) = (quote(host), quote(&job.organization), quote(&job.workspace));
    let configuration = format!(
        "terraform {{\n  {block} {{\n    hostname     = {host}\n    organization = {organization}\n    workspaces {{\n      name = {workspace}\n    }}\n  }}\n}}\n"
    );
    prepare::directories(side)?;
    prepare::write_settings(job, "", &side.cli_configuration())?;
    fs::write(side.configuration().join("main.tf"), configuration)?;
    match owner {
        Some(owner) => prepare::own(&side.work(), owner),
        None => Ok(()),
    }
}

/// The copy comes into the place of the other when it is whole.
fn write(from: &Path, to: &Path, backend: &Noted, workspace: &str, owner: Option<u32>) -> io::Result<()> {
    let new: PathBuf = from.with_extension("new");
    plan_file::put_backend(from, &new, &Backend { kind: &backend.r#type, config: &backend.config, workspace })?;
    if let Some(owner) = owner {
        prepare::own(&new, owner)?;
    }
    fs::rename(new, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_for_a_host_is_known_by_its_name() {
        for (key, host, is) in [
            ("TF_TOKEN_terrane_example_com", "terrane.example.com", true),
            ("TF_TOKEN_my__terrane_example_com", "My-terrane.example.com", true),
            ("TF_TOKEN_app_terraform_io", "terrane.example.com", false),
            ("TOKEN_terrane_example_com", "terrane.example.com", false),
        ] {
            assert_eq!(is_token_for(key, host), is, "{key}");
        }
    }
}
