//! How a person says which version: by id, serial, moment, or what it is now.

use super::There;
use anyhow::{Context as _, bail};
use serde_json::Value;

/// So many are asked for at once: the most that a server gives.
const PAGE: usize = 100;

/// Which version is meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Id(String),
    Serial(i64),
    Moment(String),
    Current,
    Previous,
}

impl Wanted {
    pub(super) fn read(text: &str) -> anyhow::Result<Self> {
        Ok(match text {
            "current" => Self::Current,
            "previous" => Self::Previous,
            id if id.starts_with("sv-") => Self::Id(id.to_owned()),
            moment if moment.contains('T') && moment.contains(':') => Self::Moment(moment.to_owned()),
            serial => match serial.parse() {
                Ok(serial) => Self::Serial(serial),
                Err(_) => bail!(
                    "{serial:?} is no version: say an id (sv-…), a serial, a moment (2026-11-26T18:30:00Z), current or previous"
                ),
            },
        })
    }
}

impl There {
    /// The current version; null without a state.
    pub(super) async fn current(&self) -> anyhow::Result<Value> {
        let workspace = self.client.get(&format!("workspaces/{}", self.id), &[]).await?;
        let relation = &workspace["data"]["relationships"]["current-state-version"]["data"]["id"];
        let Some(id) = relation.as_str() else {
            // A newest version there may be all the same: `backend "http"` deletes states.
            return Ok(Value::Null);
        };
        Ok(self.client.get(&format!("state-versions/{id}"), &[]).await?["data"].take())
    }

    /// The newest versions.
    pub(super) async fn versions(&self, limit: usize) -> anyhow::Result<Vec<Value>> {
        let mut versions = Vec::new();
        for page in 1.. {
            let mut listed = self.page(page).await?;
            let more = listed.len() == PAGE;
            versions.append(&mut listed);
            if !more || versions.len() >= limit {
                break;
            }
        }
        versions.truncate(limit);
        Ok(versions)
    }

    async fn page(&self, number: usize) -> anyhow::Result<Vec<Value>> {
        let (number, size) = (number.to_string(), PAGE.to_string());
        let query = [
            ("filter[organization][name]", self.place.organization.as_str()),
            ("filter[workspace][name]", self.place.workspace.as_str()),
            ("page[number]", &number),
            ("page[size]", &size),
        ];
        let mut listed = self.client.get("state-versions", &query).await?;
        match listed["data"].take() {
            Value::Array(versions) => Ok(versions),
            _ => bail!("the server lists no versions"),
        }
    }

    /// The version that is meant; `previous` is the one before `other`, or before the current one.
    pub(super) async fn version(&self, wanted: &Wanted, other: Option<&Value>) -> anyhow::Result<Value> {
        match wanted {
            Wanted::Id(id) => Ok(self.client.get(&format!("state-versions/{id}"), &[]).await?["data"].take()),
            Wanted::Moment(moment) => {
                let path = format!("workspaces/{}/state-version-at", self.id);
                Ok(self.client.get(&path, &[("time", moment)]).await?["data"].take())
            }
            Wanted::Current => {
                let current = self.current().await?;
                if current.is_null() {
                    bail!("workspace {} has no state yet", self.place.workspace)
                } else {
                    Ok(current)
                }
            }
            Wanted::Serial(serial) => {
                let found = self.find(|version| version["attributes"]["serial"] == *serial).await?;
                found.with_context(|| format!("workspace {} has no state with serial {serial}", self.place.workspace))
            }
            Wanted::Previous => {
                let before = match other {
                    Some(other) => other["id"].clone(),
                    None => self.current().await?["id"].take(),
                };
                let mut seen = false;
                let found = self.find(|version| {
                    let next = seen;
                    seen = seen || version["id"] == before;
                    next
                });
                found.await?.context("there is no version before that one")
            }
        }
    }

    /// The first version, from the newest on, that was current and is this.
    async fn find(&self, mut is: impl FnMut(&Value) -> bool) -> anyhow::Result<Option<Value>> {
        for number in 1.. {
            let page = self.page(number).await?;
            let last = page.len() < PAGE;
            let was_current = page.into_iter().filter(|version| version["attributes"]["status"] == "finalized");
            if let Some(found) = was_current.into_iter().find(|version| is(version)) {
                return Ok(Some(found));
            }
            if last {
                break;
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_said_in_some_ways() {
        assert_eq!(Wanted::read("sv-abc").unwrap(), Wanted::Id("sv-abc".into()));
        assert_eq!(Wanted::read("7").unwrap(), Wanted::Serial(7));
        assert_eq!(Wanted::read("current").unwrap(), Wanted::Current);
        assert_eq!(Wanted::read("2026-11-26T18:30:00Z").unwrap(), Wanted::Moment("2026-11-26T18:30:00Z".into()));
        assert!(Wanted::read("yesterday").unwrap_err().to_string().contains("a serial"));
    }
}
