//! `terrane doctor`: looks at everything that a site stands on, and says of each what is and what to do. It changes nothing.

mod machine;
mod serving;
mod storage;

use crate::{
    clock,
    commands::{out, tell},
    config::{Config, Loaded},
};
use anyhow::bail;
use serde::Serialize;

/// How well something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Good,
    Warning,
    Bad,
}

/// What is said of something.
#[derive(Debug, Serialize)]
struct Line {
    level: Level,
    /// What it is about.
    about: &'static str,
    /// What is.
    says: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Line {
    fn good(about: &'static str, says: impl Into<String>) -> Self {
        Self { level: Level::Good, about, says: says.into(), advice: None }
    }
    fn warning(about: &'static str, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Warning, about, says: says.into(), advice: Some(advice.into()) }
    }
    fn bad(about: &'static str, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Bad, about, says: says.into(), advice: Some(advice.into()) }
    }
}

/// Looks, and tells; an error if something is bad.
pub(crate) async fn doctor(loaded: Loaded, json: bool) -> anyhow::Result<()> {
    let lines = examine(&loaded).await;
    let bad = lines.iter().filter(|line| line.level == Level::Bad).count();
    let warnings = lines.iter().filter(|line| line.level == Level::Warning).count();
    if json {
        out(&format!("{}\n", serde_json::to_string_pretty(&lines)?))?;
    } else {
        out(&lines.iter().map(shown).collect::<String>())?;
    }
    if bad > 0 {
        bail!("{bad} things are bad, {warnings} deserve a look");
    }
    tell(&if warnings > 0 {
        format!("nothing is bad, {warnings} things deserve a look")
    } else {
        "all is well".to_owned()
    });
    Ok(())
}

async fn examine(loaded: &Loaded) -> Vec<Line> {
    let config: &Config = &loaded.config;
    let now = clock::system();
    let mut lines = vec![Line::good("configuration", "it can be read")];
    lines.extend(loaded.warnings.iter().map(|warning| {
        Line::warning(
            "configuration",
            warning.clone(),
            "terrane config shows what is in effect, and where it comes from",
        )
    }));
    lines.push(machine::data(config));
    lines.extend(storage::all(config).await);
    lines.extend(machine::disks(config));
    lines.extend(serving::certificate(config, now));
    lines.extend(machine::engines(config).await);
    lines.extend(serving::server(config).await);
    lines
}

fn shown(line: &Line) -> String {
    let level = match line.level {
        Level::Good => "good",
        Level::Warning => "look",
        Level::Bad => "BAD",
    };
    let mut text = format!("{level:<5}{:<15}{}\n", line.about, line.says);
    if let Some(advice) = &line.advice {
        text += &format!("{:20}-> {advice}\n", "");
    }
    text
}
