//! Opening the root keys of a site, at the start; making them where there are none.

use super::{Keys, WAYS_BACK, count, wrap, wrapped};
use crate::{Error, Result};
use domain::time::Time;
use secrets::{KeyService, Keyring, Place, RootKey, WrappedKey, open_root};
use std::sync::{Arc, RwLock};
use store::{Store, root_key, wrapped as rows};

/// The master key, and the one before it while root keys are still wrapped by that.
#[derive(Debug, Clone)]
pub struct Masters {
    /// What wraps root keys from now on.
    pub current: Arc<dyn KeyService>,
    /// What wrapped them until now.
    pub old: Option<Arc<dyn KeyService>>,
}

impl Masters {
    /// Opens a root key by the current master key, or by the old one; and whether it was the old one.
    pub(super) async fn open(&self, site: &str, row: &root_key::RootKey) -> secrets::Result<(RootKey, bool)> {
        let place = Place { site, root: &row.id };
        let sealed = wrapped(row)?;
        let refused = match open_root(&*self.current, &sealed, place).await {
            Ok(root) => return Ok((root, false)),
            Err(error) => error,
        };
        let Some(old) = &self.old else { return Err(refused) };
        match open_root(&**old, &sealed, place).await {
            // Whose it is not says nothing that the other has not said.
            Err(secrets::Error::OtherMaster { .. }) => Err(refused),
            other => other.map(|root| (root, true)),
        }
    }
}

/// Whether nothing was ever sealed in this database: then a new master key may be made for it.
pub async fn is_new(store: &Store) -> Result<bool> {
    Ok(crate::site::id(store).await?.is_none() && list(store).await?.is_empty())
}

/// The master keys that this database wants: those that wrapped its root keys, or the one that everything was sealed with before there were any.
pub async fn wanted(store: &Store) -> Result<Vec<String>> {
    let mut masters: Vec<String> =
        list(store).await?.into_iter().filter(|row| row.is_live()).map(|row| row.master).collect();
    if masters.is_empty() {
        masters.extend(crate::site::id(store).await?);
    }
    masters.sort();
    masters.dedup();
    Ok(masters)
}

/// Opens every root key that something may be wrapped by. On a new site they are made; a site from before there were any goes on with its master
/// key as the first. Those that the old master key wrapped are wrapped by the current one: those that are retired too, since an escrow holds them,
/// and a slow server may have wrapped something with one of them since.
///
/// # Errors
/// [`Error::Conflict`] when one of them does not open: with the master keys that are wanted, what can still be read, and what to do. One that is
/// retired and wraps something refuses a move only; otherwise the log tells of it.
pub async fn open(store: &Store, masters: &Masters, now: Time) -> Result<Keys> {
    if list(store).await?.is_empty() {
        let (site, made) = first(store, masters, now).await?;
        keep_first(store, &site, &made, now).await?;
    }
    let found = list(store).await?;
    open_all(store, masters, found, true).await
}

/// As [`open`], for who only reads: nothing is kept that is made or wrapped again.
///
/// # Errors
/// As [`open`].
pub async fn attach(store: &Store, masters: &Masters, now: Time) -> Result<Keys> {
    let mut found = list(store).await?;
    if found.is_empty() {
        found = first(store, masters, now).await?.1;
    }
    open_all(store, masters, found, false).await
}

async fn open_all(store: &Store, masters: &Masters, found: Vec<root_key::RootKey>, keep: bool) -> Result<Keys> {
    let site =
        crate::site::id(store).await?.ok_or_else(|| Error::Internal("the database does not say whose it is".into()))?;
    let (mut opened, mut shut, mut moving) = (Vec::new(), Vec::new(), Vec::new());
    for row in found {
        match masters.open(&site, &row).await {
            Ok((root, by_old)) => {
                let root = Arc::new(root);
                if by_old {
                    moving.push((row.clone(), root.clone()));
                }
                if row.is_live() {
                    opened.push((row, root));
                }
            }
            Err(error) if !row.is_live() => miss(store, masters, &row, &error, keep).await?,
            // Another root key would wait for it as long.
            Err(error @ secrets::Error::Service { .. }) => {
                return Err(Error::Unavailable(format!(
                    "the root keys are wrapped by the master key {}: {error}. Nothing is lost: the server starts once it answers",
                    wanted(store).await?.join(" and ")
                )));
            }
            Err(error) => shut.push((row, error)),
        }
    }
    if let Some((_, error)) = shut.first() {
        return Err(Error::Conflict(lost(store, masters, &opened, error).await?));
    }
    if keep {
        wrap_anew(store, masters, &site, &moving).await?;
    }
    let of = |purpose: &str| {
        let mut roots = opened.iter().filter(move |(row, _)| row.purpose == purpose);
        roots.find(|(row, _)| row.stage == "current").map(|(_, root)| root.clone())
    };
    let (Some(tokens), Some(current)) = (of(root_key::TOKENS), of(root_key::DATA)) else {
        return Err(Error::Internal("the table root_keys holds no current key: restore it from a backup".into()));
    };
    let former = opened.iter().filter(|(row, _)| row.purpose == root_key::DATA && row.stage != "current");
    let ring = Keyring::new(current, former.map(|(_, root)| root.clone()).collect());
    let (masters, asking) = (masters.clone(), tokio::sync::Mutex::default());
    Ok(Keys { site, masters, tokens, ring: RwLock::new(ring), asking })
}

async fn list(store: &Store) -> Result<Vec<root_key::RootKey>> {
    Ok(store.look(async |mut tx| root_key::list(&mut tx).await).await?)
}

/// The first root keys of a site, and its id.
async fn first(store: &Store, masters: &Masters, now: Time) -> Result<(String, Vec<root_key::RootKey>)> {
    let doing = "making the first root keys";
    let failed = |error| Error::internal(doing, error);
    let (site, tokens, data) = match crate::site::id(store).await? {
        None => {
            let (tokens, data) = (RootKey::generate().map_err(failed)?, RootKey::generate().map_err(failed)?);
            (tokens.id().to_owned(), tokens, data)
        }
        Some(site) => {
            let services = || [Some(&masters.current), masters.old.as_ref()].into_iter().flatten();
            let first = || services().filter_map(|service| service.first_root()).find(|root| root.id() == site);
            let (Some(tokens), Some(data)) = (first(), first()) else {
                return Err(Error::Conflict(format!(
                    "the database is sealed with the master key {site}, which is not {}: all servers on one database have the same key. \
                     Name the right file with --master-key, or with --old-master-key beside the new one",
                    masters.current.name()
                )));
            };
            (site, tokens, data)
        }
    };
    let mut made = Vec::new();
    for (purpose, root) in [(root_key::TOKENS, &tokens), (root_key::DATA, &data)] {
        let wrapped = wrap(&*masters.current, root, &site).await;
        let wrapped = wrapped.map_err(|error| Error::Unavailable(format!("{doing}: {error}")))?;
        made.push(row(purpose, root, &wrapped, now));
    }
    Ok((site, made))
}

/// Keeps the first root keys. Of several servers that do so at the same time, one is heard, and the others open what it made.
async fn keep_first(store: &Store, site: &str, made: &[root_key::RootKey], now: Time) -> Result<()> {
    let inserted = store
        .write(async |mut tx| {
            store::site::insert(&mut tx, site, now).await?;
            let ours = store::site::find(&mut tx).await?.as_deref() == Some(site);
            if !ours || !root_key::list(&mut tx).await?.is_empty() {
                return Ok(());
            }
            for row in made {
                root_key::insert(&mut tx, row).await?;
            }
            Ok(())
        })
        .await;
    match inserted {
        Err(error) if store::Error::is_taken(&error, "root_keys") => Ok(()),
        other => Ok(other?),
    }
}

/// A root key that is current from now on.
pub(super) fn row(purpose: &str, root: &RootKey, wrapped: &WrappedKey, now: Time) -> root_key::RootKey {
    root_key::RootKey {
        purpose: purpose.to_owned(),
        id: root.id().to_owned(),
        stage: "current".to_owned(),
        master: wrapped.by().to_owned(),
        sealed: wrapped.wrapped().to_vec(),
        created_at: now,
        retired_at: None,
        escrowed_at: None,
    }
}

/// What is done about a retired root key that does not open: while nothing is wrapped by it, an escrow lacks it and nothing else is missing.
async fn miss(
    store: &Store,
    masters: &Masters,
    row: &root_key::RootKey,
    error: &secrets::Error,
    keep: bool,
) -> Result<()> {
    let wraps = if row.purpose == root_key::DATA { count(store, &row.id).await? } else { 0 };
    let root = row.id.as_str();
    if wraps == 0 {
        tracing::warn!(%error, root, "a retired root key does not open; nothing is wrapped by it");
        return Ok(());
    }
    let told = format!("the root key {root} is retired and still wraps {wraps} data keys, and does not open: {error}");
    // Whoever leaves a master key deletes it next.
    if keep && masters.old.is_some() {
        return Err(Error::Conflict(format!(
            "{told}. Nothing was wrapped again: name the master key {} with --old-master-key, or have the root key from an escrow (terrane keys recover)",
            row.master
        )));
    }
    tracing::error!(root, wraps, "{told}; {WAYS_BACK}");
    Ok(())
}

/// Has the current master key wrap what the old one wrapped: all of it, or nothing.
async fn wrap_anew(
    store: &Store,
    masters: &Masters,
    site: &str,
    moving: &[(root_key::RootKey, Arc<RootKey>)],
) -> Result<()> {
    let mut again = Vec::with_capacity(moving.len());
    for (row, root) in moving {
        let wrapped = wrap(&*masters.current, root, site).await.map_err(|error| {
            let name = masters.current.name();
            let told = format!(
                "{name} does not wrap a root key and unwrap it again: {error}. Nothing was changed: the root keys stay with the old master key"
            );
            match error {
                secrets::Error::Service { .. } => Error::Unavailable(told),
                _ => Error::Conflict(told),
            }
        })?;
        again.push((row, wrapped));
    }
    let keep = async |mut tx: store::Tx| {
        let mut kept = Vec::new();
        for (row, wrapped) in &again {
            if root_key::rewrap(&mut tx, row, wrapped.by(), wrapped.wrapped()).await? > 0 {
                kept.push((row, wrapped));
            }
        }
        Ok::<_, store::Error>(kept)
    };
    for (row, wrapped) in store.write(keep).await? {
        let (root, purpose, master) = (row.id.as_str(), row.purpose.as_str(), wrapped.by());
        tracing::info!(root, purpose, master, "a root key is wrapped by the new master key");
    }
    Ok(())
}

/// What a person is told whose root keys do not open.
async fn lost(
    store: &Store,
    masters: &Masters,
    opened: &[(root_key::RootKey, Arc<RootKey>)],
    error: &secrets::Error,
) -> Result<String> {
    let roots: Vec<Vec<u8>> = opened
        .iter()
        .filter(|(row, _)| row.purpose == root_key::DATA)
        .map(|(_, root)| WrappedKey::prefix(root.id()))
        .collect();
    let (all, readable) = store
        .read(async |mut tx| {
            let mut readable = 0;
            for root in &roots {
                readable += rows::count(&mut tx, rows::Table::DataKeys, root).await?;
            }
            Ok::<_, Error>((rows::count(&mut tx, rows::Table::DataKeys, &[]).await?, readable))
        })
        .await?;
    let wanted = wanted(store).await?.join(" and ");
    Ok(format!(
        "the database is sealed with the master key {wanted}, and {} does not open it: {error}. \
         With it, the states of {readable} of {all} workspaces can be read, and those of {} not. \
         Give the right key with --master-key, or with --old-master-key beside a new one; if it is lost, bring it back from a backup, or have \
         the root keys from an escrow (terrane keys recover)",
        masters.current.name(),
        all - readable
    ))
}
