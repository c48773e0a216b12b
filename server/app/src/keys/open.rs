//! Opening the root keys of a site, at the start; making them where there are none.

use super::{Keys, wrapped};
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
/// key as the first. Those that the old master key wrapped are wrapped by the current one.
///
/// # Errors
/// [`Error::Conflict`] when one of them does not open: with the master keys that are wanted, what can still be read, and what to do.
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
    let (mut opened, mut shut) = (Vec::new(), Vec::new());
    for row in found.into_iter().filter(root_key::RootKey::is_live) {
        match open_row(store, masters, &site, &row, keep).await? {
            Ok(root) => opened.push((row, Arc::new(root))),
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
    let of = |purpose: &str| {
        let mut roots = opened.iter().filter(move |(row, _)| row.purpose == purpose);
        roots.find(|(row, _)| row.stage == "current").map(|(_, root)| root.clone())
    };
    let (Some(tokens), Some(current)) = (of(root_key::TOKENS), of(root_key::DATA)) else {
        return Err(Error::Internal("the table root_keys holds no current key: restore it from a backup".into()));
    };
    let former = opened.iter().filter(|(row, _)| row.purpose == root_key::DATA && row.stage != "current");
    let ring = Keyring::new(current, former.map(|(_, root)| root.clone()).collect());
    let (master, asking) = (masters.current.clone(), tokio::sync::Mutex::default());
    Ok(Keys { site, master, tokens, ring: RwLock::new(ring), asking })
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
        let wrapped =
            masters.current.wrap(root, &site).await.map_err(|error| Error::Unavailable(format!("{doing}: {error}")))?;
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

/// Opens a root key by the master key, or by the old one; what that one wrapped, the current one wraps again.
async fn open_row(
    store: &Store,
    masters: &Masters,
    site: &str,
    row: &root_key::RootKey,
    keep: bool,
) -> Result<secrets::Result<RootKey>> {
    let place = Place { site, root: &row.id };
    let sealed = wrapped(row).map_err(|error| Error::internal("reading a root key", error))?;
    let refused = match open_root(&*masters.current, &sealed, place).await {
        Ok(root) => return Ok(Ok(root)),
        Err(error) => error,
    };
    let Some(old) = &masters.old else { return Ok(Err(refused)) };
    let root = match open_root(&**old, &sealed, place).await {
        Ok(root) => root,
        // Whose it is not says nothing that the other has not said.
        Err(secrets::Error::OtherMaster { .. }) => return Ok(Err(refused)),
        Err(error) => return Ok(Err(error)),
    };
    if !keep {
        return Ok(Ok(root));
    }
    let again = match masters.current.wrap(&root, site).await {
        Ok(again) => again,
        Err(error) => return Ok(Err(error)),
    };
    let kept = store.write(async |mut tx| root_key::rewrap(&mut tx, row, again.by(), again.wrapped()).await).await?;
    if kept > 0 {
        let (root, purpose, master) = (row.id.as_str(), row.purpose.as_str(), again.by());
        tracing::info!(root, purpose, master, "a root key is wrapped by the new master key");
    }
    Ok(Ok(root))
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
