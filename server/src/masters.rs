//! The master keys of the configuration, as services that wrap root keys.

use crate::config::{Config, MasterKey};
use anyhow::Context as _;
use app::keys::Masters;
use secrets::{KeyService, LocalMaster};
use secrets_aws::Kms;
use secrets_vaults::{KeyVault, KeyVaultOptions, Transit, TransitOptions};
use std::{path::Path, sync::Arc};
use store::Store;

/// Whether a key file that is missing is made.
#[derive(Debug, Clone, Copy)]
enum Missing<'a> {
    Refused,
    /// Only if nothing was ever sealed in this database.
    MadeForNew(&'a Store),
    Made,
}

/// Prepares them; `certificates` are the authorities of `--ca-bundle`, as PEM. A key file is made with a new database, and where an old master
/// key still opens everything.
pub(crate) async fn open(config: &Config, store: &Store, certificates: &[u8]) -> anyhow::Result<Masters> {
    let settings = &config.storage.masters;
    let old = match &settings.old {
        Some(old) => Some(service(old, Missing::Refused, certificates).await.context("preparing --old-master-key")?),
        None => None,
    };
    let missing = if old.is_some() { Missing::Made } else { Missing::MadeForNew(store) };
    let current = service(&settings.current, missing, certificates).await.context("preparing --master-key")?;
    Ok(Masters { current, old })
}

/// As [`open`], where nothing is made: for who only reads.
pub(crate) async fn attach(config: &Config, certificates: &[u8]) -> anyhow::Result<Masters> {
    let settings = &config.storage.masters;
    let old = match &settings.old {
        Some(old) => Some(service(old, Missing::Refused, certificates).await.context("preparing --old-master-key")?),
        None => None,
    };
    let current = service(&settings.current, Missing::Refused, certificates).await.context("preparing --master-key")?;
    Ok(Masters { current, old })
}

/// As [`open`], where everything is to be wrapped by the current one, whatever wrapped it before.
pub(crate) async fn open_new(config: &Config, certificates: &[u8]) -> anyhow::Result<Masters> {
    let current = service(&config.storage.masters.current, Missing::Made, certificates).await;
    Ok(Masters { current: current.context("preparing --master-key")?, old: None })
}

async fn service(key: &MasterKey, missing: Missing<'_>, certificates: &[u8]) -> anyhow::Result<Arc<dyn KeyService>> {
    Ok(match key {
        MasterKey::File(path) => {
            Arc::new(LocalMaster::new(file(path, missing).await?, format!("the key file {}", path.display())))
        }
        MasterKey::Variable { name, text } => {
            let key =
                MasterKey::of_variable(text).with_context(|| format!("the variable {name} does not hold a key"))?;
            Arc::new(LocalMaster::new(key, format!("the key in the variable {name}")))
        }
        MasterKey::Kms(options) => {
            let options = secrets_aws::Options { certificates: certificates.to_vec(), ..(**options).clone() };
            Arc::new(Kms::open(options).await?)
        }
        MasterKey::KeyVault(options) => {
            Arc::new(KeyVault::open(KeyVaultOptions { certificates: certificates.to_vec(), ..(**options).clone() })?)
        }
        MasterKey::Transit(options) => {
            Arc::new(Transit::open(TransitOptions { certificates: certificates.to_vec(), ..(**options).clone() })?)
        }
    })
}

async fn file(path: &Path, missing: Missing<'_>) -> anyhow::Result<secrets::MasterKey> {
    let store = match missing {
        Missing::Refused => return Ok(secrets::MasterKey::load(path)?),
        Missing::Made => return Ok(secrets::MasterKey::load_or_create(path)?),
        Missing::MadeForNew(store) => store,
    };
    if app::keys::is_new(store).await? {
        return Ok(secrets::MasterKey::load_or_create(path)?);
    }
    if path.exists() {
        return Ok(secrets::MasterKey::load(path)?);
    }
    anyhow::bail!(
        "the database is sealed with the master key {}, and there is no key file {}: copy the one of the server that made the database to \
         there, or name it with --master-key; if it is lost, have the root keys from an escrow (terrane keys recover)",
        app::keys::wanted(store).await?.join(" and "),
        path.display()
    )
}
