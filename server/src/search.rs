//! `terrane search`: finding anything in an organization, at a terminal.

use crate::{
    client::{Client, Connection, Place},
    commands::{out, tell},
    config,
    states::clean,
};
use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::Value;

/// Finds workspaces, outputs and resources of an organization, on its server.
#[derive(Debug, Args)]
pub struct Search {
    /// How to reach the server.
    #[command(flatten)]
    pub connection: Connection,
    /// Words, each from its beginning and in any order; type: provider: module: workspace: id: arn: name: region: tag:KEY=VALUE kind: narrow
    #[arg(required = true, value_name = "WORD")]
    pub query: Vec<String>,
    /// Of which organization; without it, that of the cloud block that this directory was initialized with
    #[arg(long, value_name = "HOST/ORGANIZATION")]
    pub organization: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 50, value_name = "NUMBER")]
    pub limit: usize,
    /// Print what the server says as JSON
    #[arg(long)]
    pub json: bool,
}

/// Does it.
///
/// # Errors
/// When the server cannot be asked, or says no.
pub(crate) async fn run(wanted: Search) -> anyhow::Result<()> {
    let (host, organization) = match &wanted.organization {
        Some(said) => said_place(said)?,
        None => {
            let directory = std::env::current_dir().context("where this is")?;
            let place = Place::of_directory(&directory, config::login().workspace.as_deref());
            let place = place.context("no --organization HOST/ORGANIZATION was named")?;
            (place.host, place.organization)
        }
    };
    let client = Client::new(&wanted.connection, &host)?;
    let (path, query) = (format!("organizations/{organization}/search"), wanted.query.join(" "));
    let (mut found, mut after): (Vec<Value>, _) = (Vec::new(), String::new());
    let more = loop {
        if found.len() >= wanted.limit {
            break true;
        }
        let size = (wanted.limit - found.len()).min(100).to_string();
        let pairs = [("q", query.as_str()), ("page[size]", size.as_str()), ("page[after]", after.as_str())];
        let mut page = client.get(&path, &pairs).await?;
        if let Value::Array(things) = page["data"].take() {
            found.extend(things);
        }
        match page["meta"]["pagination"]["next-cursor"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break false,
        }
    };
    if wanted.json {
        return out(&format!("{}\n", Value::from(found)));
    }
    if more {
        tell(&format!("There may be more than these {}: --limit says how many.", found.len()));
    }
    out(&found.iter().map(line).collect::<String>())
}

fn said_place(said: &str) -> anyhow::Result<(String, String)> {
    match said.trim_start_matches("https://").split('/').collect::<Vec<_>>()[..] {
        [host, organization] if !host.is_empty() && !organization.is_empty() => {
            Ok((host.to_ascii_lowercase(), organization.to_owned()))
        }
        _ => bail!("--organization {said}: it is HOST/ORGANIZATION"),
    }
}

/// One thing, in a line: its kind, its workspace, what it is called, and its id.
fn line(thing: &Value) -> String {
    let attributes = &thing["attributes"];
    let text = |value: &Value| clean(value.as_str().unwrap_or_default());
    let name = if attributes["address"].is_string() { &attributes["address"] } else { &attributes["name"] };
    let known = text(&attributes["attributes"]["id"]);
    let known = if known.is_empty() { known } else { format!("\t{known}") };
    format!("{}\t{}\t{}{known}\n", text(&attributes["kind"]), text(&attributes["workspace-name"]), text(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_organization_is_said_with_its_host() {
        assert_eq!(said_place("https://Terrane.test:8443/acme").unwrap(), ("terrane.test:8443".into(), "acme".into()));
        for wrong in ["", "acme", "/acme", "a/b/c", "a/"] {
            assert!(said_place(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_thing_is_a_line_that_no_terminal_obeys() {
        let thing = json!({ "attributes": { "kind": "resource", "workspace-name": "web", "address": "a.b[\"\u{1b}[2J\"]", "attributes": { "id": "i-1\n" } } });
        assert_eq!(line(&thing), "resource\tweb\ta.b[\"\u{fffd}[2J\"]\ti-1\u{fffd}\n");
        assert_eq!(line(&json!({ "attributes": { "kind": "output", "name": "url" } })), "output\t\turl\n");
    }
}
