//! How it stands with the keys.

use crate::{App, Error, Result};
use domain::time::Time;
use secrets::RootKey;
use store::root_key::{self, DATA};

/// How it stands with the keys of the site.
#[derive(Debug, Clone)]
pub struct Status {
    /// The site's id.
    pub site: String,
    /// The master key, as an operator knows it.
    pub master: String,
    /// What went wrong when it was asked to wrap a key and to unwrap it again.
    pub trouble: Option<String>,
    /// Every root key, newest first.
    pub roots: Vec<RootStatus>,
}

/// How it stands with a root key.
#[derive(Debug, Clone)]
pub struct RootStatus {
    /// Its id.
    pub id: String,
    /// `tokens` or `data`.
    pub purpose: String,
    /// `current`, `former` or `retired`.
    pub stage: String,
    /// The master key that wrapped it.
    pub master: String,
    /// Whether the master key opens it, or the one before that.
    pub opens: bool,
    /// How many data keys it wraps.
    pub wraps: u64,
    /// Since when.
    pub created_at: Time,
    /// When it was last put into an escrow.
    pub escrowed_at: Option<Time>,
    /// Since when nothing is wrapped by it.
    pub retired_at: Option<Time>,
}

impl Status {
    /// Whether a rotation has begun and not ended, or a server that was slow has wrapped something since with a root key that is not current.
    #[must_use]
    pub fn is_rotating(&self) -> bool {
        self.roots.iter().any(|root| root.stage == "former" || (root.stage == "retired" && root.wraps > 0))
    }
}

impl App {
    /// How it stands with the keys. The master key is asked to wrap and to unwrap. For the house itself.
    pub async fn key_status(&self) -> Result<Status> {
        let keys = self.vault.keys();
        let trouble = self.try_master().await.err().map(|error| error.to_string());
        let mut roots = Vec::new();
        for row in self.store.look(async |mut tx| root_key::list(&mut tx).await).await? {
            roots.push(RootStatus {
                opens: keys.open(&row).await.is_ok(),
                wraps: if row.purpose == DATA { super::count(&self.store, &row.id).await? } else { 0 },
                id: row.id,
                purpose: row.purpose,
                stage: row.stage,
                master: row.master,
                created_at: row.created_at,
                escrowed_at: row.escrowed_at.map(Time::from_micros),
                retired_at: row.retired_at.map(Time::from_micros),
            });
        }
        Ok(Status { site: keys.site.clone(), master: keys.masters.current.name(), trouble, roots })
    }

    /// Has the master key wrap a key that is used for nothing else, and unwrap it.
    async fn try_master(&self) -> Result<()> {
        let keys = self.vault.keys();
        let failed = |error| Error::internal("trying the master key", error);
        let root = RootKey::generate().map_err(failed)?;
        super::wrap(&*keys.masters.current, &root, &keys.site).await.map(drop).map_err(failed)
    }
}
