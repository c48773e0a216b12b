//! The way back where a master key is lost: the root keys under a passphrase, made while everything is well.

use super::{Masters, count, wrap};
use crate::{App, Error, Result};
use secrecy::SecretString;
use secrets::{Escrow, RootKey};
use std::{collections::BTreeMap, sync::Arc};
use store::{
    Store,
    root_key::{self, DATA},
};

/// What was put into an escrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escrowed {
    /// The text to keep.
    pub text: String,
    /// The root keys in it.
    pub roots: Vec<String>,
    /// Retired root keys that do not open and are not in it, and how many data keys each of them wraps.
    pub missing: Vec<(String, u64)>,
}

/// What an escrow brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// When it was made.
    pub made: String,
    /// How many root keys the master key wraps now.
    pub roots: usize,
    /// Root keys that it does not hold, made since, and how many data keys each of them wraps.
    pub missing: Vec<(String, u64)>,
}

impl App {
    /// Every root key that opens under a passphrase, as a text to be kept apart from everything else. Those that are retired too: a backup of the
    /// database may still be wrapped by them. For the house itself: call [`App::note_escrow`] once the text is kept.
    ///
    /// # Errors
    /// When a root key that is in use is neither in memory nor opens; when the passphrase is too short.
    pub async fn escrow_root_keys(&self, passphrase: SecretString) -> Result<Escrowed> {
        let doing = "putting the root keys into an escrow";
        let keys = self.vault.keys();
        let found = self.store.look(async |mut tx| root_key::list(&mut tx).await).await?;
        let mut roots: BTreeMap<String, Arc<RootKey>> = BTreeMap::new();
        let mut missing = BTreeMap::new();
        for row in &found {
            if roots.contains_key(&row.id) {
                continue;
            }
            match (keys.known(&row.id), row.is_live()) {
                (Some(root), _) => drop(roots.insert(row.id.clone(), root)),
                (None, live) => match keys.open(row).await {
                    Ok(root) => drop(roots.insert(row.id.clone(), Arc::new(root))),
                    Err(error) if live => return Err(Error::Unavailable(format!("{doing}: {error}"))),
                    Err(error) => {
                        tracing::warn!(%error, root = row.id, "a retired root key does not open, and is in no new escrow");
                        missing.insert(row.id.clone(), count(&self.store, &row.id).await?);
                    }
                },
            }
        }
        missing.retain(|id, _| !roots.contains_key(id));
        let ids = roots.keys().cloned().collect();
        let (site, now) = (keys.site.clone(), self.now());
        let sealing = tokio::task::spawn_blocking(move || {
            let roots: Vec<RootKey> = roots.values().map(|root| RootKey::from_bytes(root.expose())).collect();
            Escrow::seal(&site, &now.rfc3339(), &roots, &passphrase)
        });
        let text = match sealing.await.map_err(|error| Error::internal(doing, error))? {
            Err(error @ secrets::Error::Passphrase { .. }) => return Err(Error::invalid("passphrase", error)),
            sealed => sealed.map_err(|error| Error::internal(doing, error))?,
        };
        Ok(Escrowed { text, roots: ids, missing: missing.into_iter().collect() })
    }

    /// Says of these root keys that they lie in an escrow, since its text is kept. For the house itself.
    pub async fn note_escrow(&self, roots: &[String]) -> Result<()> {
        let now = self.now();
        let mark = async |mut tx: store::Tx| {
            for id in roots {
                root_key::mark_escrowed(&mut tx, id, now).await?;
            }
            Ok::<_, Error>(())
        };
        self.store.write(mark).await
    }
}

/// What an escrow holds.
///
/// # Errors
/// When it is none, or does not open.
pub async fn open_escrow(text: &str, passphrase: SecretString) -> Result<(Escrow, Vec<RootKey>)> {
    let escrow = Escrow::parse(text).map_err(|error| Error::invalid("escrow", error))?;
    let opening = tokio::task::spawn_blocking(move || escrow.open(&passphrase).map(|roots| (escrow, roots)));
    let opened = opening.await.map_err(|error| Error::internal("opening the escrow", error))?;
    opened.map_err(|error| Error::invalid("escrow", error))
}

/// Has the master key wrap the root keys that an escrow holds, whatever wrapped them before.
///
/// # Errors
/// When the escrow is of another site; when the master key does not do its part.
pub async fn recover(store: &Store, masters: &Masters, escrow: &Escrow, roots: &[RootKey]) -> Result<Recovered> {
    let site = crate::site::id(store).await?;
    if site.as_deref() != Some(escrow.site()) {
        return Err(Error::Conflict(format!(
            "the escrow is of the site {}, and this database is of {}: name the right database with --database, or take the right escrow",
            escrow.site(),
            site.map_or("none yet".to_owned(), |site| format!("the site {site}"))
        )));
    }
    let made = escrow.made().to_owned();
    let (mut recovered, mut missing) = (0, Vec::new());
    for row in store.look(async |mut tx| root_key::list(&mut tx).await).await? {
        let Some(root) = roots.iter().find(|root| root.id() == row.id) else {
            if row.is_live() {
                missing.push((row.id.clone(), if row.purpose == DATA { count(store, &row.id).await? } else { 0 }));
            }
            continue;
        };
        let again = wrap(&*masters.current, root, escrow.site()).await;
        let again =
            again.map_err(|error| Error::Unavailable(format!("wrapping the root keys of the escrow: {error}")))?;
        store.write(async |mut tx| root_key::rewrap(&mut tx, &row, again.by(), again.wrapped()).await).await?;
        recovered += 1;
    }
    Ok(Recovered { made, roots: recovered, missing })
}
