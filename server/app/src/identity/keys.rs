//! Keys that sign identities: one signs, the next one is published long before it does, those before them stay published until whatever they
//! signed is over.

use crate::{App, Caller, Error, Result, caller::must_operate, vault};
use domain::time::Time;
use secrets::IdentityKey;
use store::identity::Key;

/// How long a key signs, in seconds: 90 days.
const SIGNS: i64 = 90 * 24 * 3600;
/// How long it stays published afterwards, in seconds: 30 days.
const STAYS: i64 = 30 * 24 * 3600;
/// A key that verifiers may not have seen yet does not sign, unless an administrator wants it: seconds.
const KNOWN_AFTER: i64 = 24 * 3600;

/// What only a site admin does here.
const KEYS: &str = "decides about the keys that sign identities";

/// A published key: the fields of a JWK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// `kid`
    pub id: String,
    /// `n`
    pub modulus: String,
    /// `e`
    pub exponent: String,
}

impl App {
    /// Every key that a token may be signed with, now or soon; makes them where there are none.
    pub async fn identity_keys(&self) -> Result<Vec<PublicKey>> {
        let keys = self.have_identity_keys().await?;
        let public = |key: Key| PublicKey { id: key.id, modulus: key.modulus, exponent: key.exponent };
        Ok(keys.into_iter().map(public).collect())
    }

    /// Lets the next key sign at once. For a site admin, and for the house itself (`caller` is none).
    pub async fn rotate_identity_key(&self, caller: Option<&Caller>) -> Result<()> {
        must_operate(caller, KEYS)?;
        self.have_identity_keys().await?;
        let now = self.now();
        self.store.write(async |mut tx| rotate(&mut tx, now, |_, _| true).await).await?;
        self.have_identity_keys().await.map(drop)
    }

    /// Withdraws every key that no longer signs: what it signed is worth nothing from now on. For a site admin, and for the house itself.
    pub async fn trim_identity_keys(&self, caller: Option<&Caller>) -> Result<()> {
        must_operate(caller, KEYS)?;
        let now = self.now().plus_seconds(1);
        self.store.write(async |mut tx| store::identity::delete_retired(&mut tx, now).await).await?;
        Ok(())
    }

    /// Makes, rotates and withdraws keys that are due. Idempotent; the reconciler calls it.
    pub async fn tend_identity_keys(&self) -> Result<()> {
        self.have_identity_keys().await?;
        let now = self.now();
        let due = |current: &Key, next: &Key| {
            let signs_since = current.used_at.map_or(current.created_at, Time::from_micros);
            signs_since.plus_seconds(SIGNS) <= now && next.created_at.plus_seconds(KNOWN_AFTER) <= now
        };
        let before = now.plus_seconds(-STAYS);
        let rotated = self
            .store
            .write(async |mut tx| {
                store::identity::delete_retired(&mut tx, before).await?;
                rotate(&mut tx, now, due).await
            })
            .await?;
        if rotated {
            tracing::info!("another key signs the identities of runs");
            self.have_identity_keys().await?;
        }
        Ok(())
    }

    /// The key that signs.
    pub(super) async fn signing_key(&self) -> Result<IdentityKey> {
        let keys = self.have_identity_keys().await?;
        let current = keys.iter().find(|key| key.stage == "current");
        let current = current.ok_or_else(|| Error::Internal("no key signs identities".into()))?;
        let sealed = vault::Own { wrapped: current.wrapped.clone(), sealed: current.sealed.clone() };
        let bytes = self.open_own(&context(&current.id), &sealed).await?;
        IdentityKey::from_pkcs8(&bytes).map_err(|e| Error::internal("reading a key that signs identities", e))
    }

    async fn have_identity_keys(&self) -> Result<Vec<Key>> {
        for stage in ["current", "next"] {
            let keys = self.store.look(async |mut tx| store::identity::list(&mut tx).await).await?;
            if !keys.iter().any(|key| key.stage == stage) {
                self.make_identity_key(stage).await?;
            }
        }
        Ok(self.store.look(async |mut tx| store::identity::list(&mut tx).await).await?)
    }

    async fn make_identity_key(&self, stage: &str) -> Result<()> {
        let doing = "making a key that signs identities";
        let made = tokio::task::spawn_blocking(|| {
            let bytes = IdentityKey::generate()?;
            Ok::<_, secrets::Error>((IdentityKey::from_pkcs8(&bytes)?.public(), bytes))
        });
        let made = made.await.map_err(|e| Error::internal(doing, e))?;
        let (public, bytes) = made.map_err(|e| Error::internal(doing, e))?;
        let vault::Own { wrapped, sealed } = self.vault.seal_own(&context(&public.id), &bytes)?;
        let now = self.now();
        let key = Key {
            id: public.id,
            stage: stage.to_owned(),
            modulus: public.modulus,
            exponent: public.exponent,
            wrapped,
            sealed,
            created_at: now,
            used_at: (stage == "current").then_some(now.micros()),
            retired_at: None,
        };
        match self.store.write(async |mut tx| store::identity::insert(&mut tx, &key).await).await {
            // Another was faster: theirs is as good.
            Err(error) if error.is_taken("identity_keys") => Ok(()),
            other => Ok(other?),
        }
    }
}

async fn rotate(tx: &mut store::Tx, now: Time, due: impl Fn(&Key, &Key) -> bool) -> Result<bool, store::Error> {
    let keys = store::identity::list(tx).await?;
    let of = |stage: &str| keys.iter().find(|key| key.stage == stage);
    let (Some(current), Some(next)) = (of("current"), of("next")) else { return Ok(false) };
    if due(current, next) {
        store::identity::rotate(tx, &current.id, &next.id, now).await?;
        return Ok(true);
    }
    Ok(false)
}

fn context(id: &str) -> secrets::Context<'_> {
    vault::context("identity_keys", id, "")
}
