//! `terrane state`: the history of a workspace's state, at a terminal.

mod print;
mod version;

pub(crate) use print::clean;

use crate::{
    client::{Client, Connection, Place},
    commands::{out, tell},
    config,
};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use version::Wanted;

/// The history of a workspace's state, on its server.
#[derive(Debug, Args)]
pub struct State {
    /// How to reach the server.
    #[command(flatten)]
    pub connection: Connection,
    /// Which workspace; without it, that of the cloud block that this directory was initialized with
    #[arg(long, value_name = "HOST/ORG/WORKSPACE", global = true)]
    pub workspace: Option<String>,
    /// Print what the server says as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do with the history.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the versions, newest first
    List {
        /// How many
        #[arg(long, default_value_t = 20, value_name = "NUMBER")]
        limit: usize,
    },
    /// Show what differs between two versions
    ///
    /// A version is said by its id (sv-…), its serial, a moment (2026-11-26T18:30:00Z), `current` or `previous`, which is the one before the other.
    Diff {
        /// The earlier one
        #[arg(default_value = "previous")]
        from: String,
        /// The later one
        #[arg(default_value = "current")]
        to: String,
    },
    /// Show what a version holds; with --json its bytes, as they were stored
    Show {
        /// Which
        #[arg(default_value = "current")]
        version: String,
    },
    /// Make an earlier version current again, as a new version; what is real is not touched
    Rollback {
        /// Which
        version: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// A workspace, and the server that has it.
struct There {
    client: Client,
    place: Place,
    id: String,
}

/// Does it.
///
/// # Errors
/// When the server cannot be asked, or says no.
pub(crate) async fn run(wanted: State) -> anyhow::Result<()> {
    let place = match &wanted.workspace {
        Some(said) => said.parse().map_err(|wrong| anyhow::anyhow!("--workspace {said}: {wrong}"))?,
        None => {
            let directory = std::env::current_dir().context("where this is")?;
            Place::of_directory(&directory, config::login().workspace.as_deref())?
        }
    };
    let client = Client::new(&wanted.connection, &place.host)?;
    let path = format!("organizations/{}/workspaces/{}", place.organization, place.workspace);
    let workspace = client.get(&path, &[]).await?;
    let id = workspace["data"]["id"].as_str().context("the server names no workspace")?.to_owned();
    let there = There { client, place, id };
    match wanted.verb {
        Verb::List { limit } => there.list(limit, wanted.json).await,
        Verb::Diff { from, to } => there.diff(&from, &to, wanted.json).await,
        Verb::Show { version } => there.show(&version, wanted.json).await,
        Verb::Rollback { version, yes } => there.roll_back(&version, yes, wanted.json).await,
    }
}

fn colours() -> bool {
    std::io::stdout().is_terminal()
}

impl There {
    async fn list(&self, limit: usize, as_json: bool) -> anyhow::Result<()> {
        let versions = self.versions(limit).await?;
        if as_json {
            return out(&format!("{}\n", Value::from(versions)));
        }
        let current = self.current().await?;
        let line = |version: &Value| print::version(version, version["id"] == current["id"]);
        out(&versions.iter().map(line).collect::<String>())
    }

    async fn diff(&self, from: &str, to: &str, as_json: bool) -> anyhow::Result<()> {
        let to = self.version(&Wanted::read(to)?, None).await?;
        let from = self.version(&Wanted::read(from)?, Some(&to)).await?;
        let diff = self.difference(&from, &to).await?;
        if as_json { out(&format!("{diff}\n")) } else { out(&print::diff(&diff["data"]["attributes"], colours())) }
    }

    async fn show(&self, version: &str, as_json: bool) -> anyhow::Result<()> {
        let version = self.version(&Wanted::read(version)?, None).await?;
        let bytes = self.client.download(&format!("state-versions/{}/download", id_of(&version)?)).await?;
        let text = std::str::from_utf8(&bytes).context("the state is no text")?;
        if as_json {
            return out(text);
        }
        let state: Value = serde_json::from_str(text).context("the state is no JSON")?;
        out(&(print::version(&version, false) + &print::state(&state)))
    }

    async fn roll_back(&self, version: &str, yes: bool, as_json: bool) -> anyhow::Result<()> {
        let current = self.current().await?;
        let version = self.version(&Wanted::read(version)?, Some(&current)).await?;
        let id = id_of(&version)?;
        let serial = &version["attributes"]["serial"];
        if !yes {
            if !current.is_null() {
                let diff = self.difference(&current, &version).await?;
                let text = print::diff(&diff["data"]["attributes"], std::io::stderr().is_terminal());
                write!(std::io::stderr(), "{text}")?;
            }
            confirm(&format!("make serial {serial} of {} the state again", self.place.workspace))?;
        }
        let reason = json!({ "reason": format!("going back to serial {serial}") });
        let (lock, unlock) =
            (format!("workspaces/{}/actions/lock", self.id), format!("workspaces/{}/actions/unlock", self.id));
        self.client.send(Method::POST, &lock, &reason).await.context("taking the workspace's lock")?;
        let related = json!({ "data": { "type": "state-versions", "id": id } });
        let mut relationships = json!({ "rollback-state-version": related });
        // What was shown is what is agreed to.
        if let Some(seen) = current["id"].as_str() {
            relationships["current-state-version"] = json!({ "data": { "type": "state-versions", "id": seen } });
        }
        let document = json!({ "data": { "type": "state-versions", "relationships": relationships } });
        let made = self.client.send(Method::PATCH, &format!("workspaces/{}/state-versions", self.id), &document).await;
        let unlocked = self.client.send(Method::POST, &unlock, &json!({})).await;
        let made = made.context("going back")?;
        unlocked.context("the state is back; giving the workspace's lock back failed: unlock it")?;
        if as_json {
            return out(&format!("{made}\n"));
        }
        tell(&format!(
            "serial {serial} is the state again, as serial {}; see what terraform plan says",
            made["data"]["attributes"]["serial"]
        ));
        Ok(())
    }

    async fn difference(&self, from: &Value, to: &Value) -> anyhow::Result<Value> {
        self.client.get(&format!("state-versions/{}/diff/{}", id_of(from)?, id_of(to)?), &[]).await
    }
}

fn id_of(version: &Value) -> anyhow::Result<&str> {
    version["id"].as_str().context("there is no state yet")
}

fn confirm(what: &str) -> anyhow::Result<()> {
    if !std::io::stdin().is_terminal() {
        bail!("nobody is here to ask whether to {what}: say --yes");
    }
    write!(std::io::stderr(), "{what}? Only 'yes' is taken: ")?;
    let mut said = String::new();
    std::io::stdin().lock().read_line(&mut said)?;
    if said.trim() == "yes" { Ok(()) } else { bail!("nothing was changed") }
}
