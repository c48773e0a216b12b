//! Backing a site up, restoring it, and seeing that everything in it can be read: on the data itself, whether servers run or not.

use crate::{
    cli, clock,
    commands::{out, tell},
    config::{Config, Database},
    instance::Lock,
    wiring,
};
use anyhow::bail;
use app::{Chance as _, Clock as _, SystemChance, SystemClock, keys::Masters};
use backup::{Manifest, Place, Source, Target};
use secrecy::ExposeSecret as _;

/// Does what `terrane backup` was asked.
pub(crate) async fn backup(config: Config, wanted: Option<cli::Backup>) -> anyhow::Result<()> {
    match wanted {
        None => make(&config).await,
        Some(cli::Backup::List) => list(&config).await,
        Some(cli::Backup::Verify { id }) => examine(&config, id).await,
        Some(cli::Backup::Prune { keep }) => prune(&config, keep).await,
    }
}

async fn make(config: &Config) -> anyhow::Result<()> {
    let site = wiring::Site::attach(config).await?;
    let place =
        Place::prepare(wiring::backup_place(config).await?, of(&site.masters), &site.id, site.keys.tokens()).await?;
    let source = Source { store: &site.store, objects: &*site.objects, version: env!("CARGO_PKG_VERSION") };
    let chance = SystemChance::default();
    let made = backup::make(&place, &source, SystemClock::default().now(), &|| chance.entropy()).await?;
    let Manifest { id, tables, objects, missing, .. } = &made.manifest;
    let rows: u64 = tables.values().sum();
    tell(&format!(
        "{rows} rows of {} tables, {} blobs (new {}), {objects} objects (new {})",
        tables.len(),
        tables.get("blobs").copied().unwrap_or_default(),
        made.new_blobs,
        made.new_objects,
    ));
    out(&format!("{id}\n"))?;
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "the backup is made, but {} objects that rows point at are not in the store of --objects: {}; look whether it is the right store, and at an \
         older backup. `terrane verify` tells what they belong to",
        missing.len(),
        missing.join(", ")
    )
}

/// What wraps the key of the backups.
pub(crate) fn of(masters: &Masters) -> backup::Masters<'_> {
    (&*masters.current, masters.old.as_deref().map(|old| old as _))
}

async fn list(config: &Config) -> anyhow::Result<()> {
    let masters = wiring::masters(config).await?;
    let place = Place::open(wiring::backup_place(config).await?, of(&masters)).await?;
    let mut lines = String::new();
    let mut damaged = 0;
    for id in place.list().await? {
        let manifest = match place.manifest(&id).await {
            Ok(manifest) => manifest,
            Err(error) => {
                tell(&format!("{id}: {error}"));
                damaged += 1;
                continue;
            }
        };
        let rows: u64 = manifest.tables.values().sum();
        let Manifest { created_at, version, objects, object_bytes, missing, .. } = manifest;
        lines += &format!("{id}\t{created_at}\t{version}\t{rows}\t{objects}\t{object_bytes}\t{}\n", missing.len());
    }
    out(&lines)?;
    if damaged > 0 {
        bail!(
            "{damaged} backups cannot be read, and are not listed; terrane backup verify tells of the others whether they are whole"
        );
    }
    Ok(())
}

/// Whether a backup could be restored.
async fn examine(config: &Config, id: Option<String>) -> anyhow::Result<()> {
    let masters = wiring::masters(config).await?;
    let place = Place::open(wiring::backup_place(config).await?, of(&masters)).await?;
    let id = match id {
        Some(id) => id,
        None => place.list().await?.pop().ok_or(backup::Error::NoBackups)?,
    };
    let checked = backup::check(&place, &id).await?;
    let lines = checked.damaged.iter().map(|(part, wrong)| format!("{part}\t{wrong}\n"));
    out(&lines.collect::<String>())?;
    if checked.damaged.is_empty() {
        tell(&format!("{id}: all {} parts are whole", checked.parts));
        return Ok(());
    }
    bail!(
        "{id}: {} of {} parts are damaged or gone; they are listed on standard output. Remove them from the place: the next backup writes what the site \
         still has anew. Older backups that share them are damaged too",
        checked.damaged.len(),
        checked.parts
    )
}

async fn prune(config: &Config, keep: u32) -> anyhow::Result<()> {
    let masters = wiring::masters(config).await?;
    let place = Place::open(wiring::backup_place(config).await?, of(&masters)).await?;
    let pruned = backup::prune(&place, usize::try_from(keep).unwrap_or(usize::MAX), &wiring::name()).await?;
    tell(&format!("{} backups removed, {} parts with them", pruned.backups.len(), pruned.parts));
    Ok(())
}

/// Fills an empty site from a backup, and sees that everything in it can be read.
pub(crate) async fn restore(config: Config, id: Option<String>) -> anyhow::Result<()> {
    // No server may start on the data meanwhile.
    let lock = Lock::create(&config.server.data)?;
    let masters = wiring::masters(&config).await?;
    let place = Place::open(wiring::backup_place(&config).await?, of(&masters)).await?;
    let objects = wiring::object_store(&config, &config.storage.objects).await?;
    let database = match &config.storage.database {
        Database::Sqlite(path) => store::copy::Place::Sqlite(path.clone()),
        Database::Postgres(url) => store::copy::Place::Postgres(url.expose_secret().to_owned()),
    };
    let restored =
        backup::restore(&place, id.as_deref(), &Target { database, objects: &*objects }, &wiring::name()).await?;
    tell(&format!(
        "restored {} of {}: {} rows, {} objects (copied {}); now everything is opened once",
        restored.manifest.id,
        restored.manifest.created_at,
        restored.rows,
        restored.manifest.objects,
        restored.new_objects
    ));
    let verified = check(&config).await;
    drop(lock);
    verified
}

/// Opens everything of a site, and tells what cannot be read.
pub(crate) async fn verify(config: Config) -> anyhow::Result<()> {
    check(&config).await
}

async fn check(config: &Config) -> anyhow::Result<()> {
    let app = wiring::attach(config).await?;
    let begun = clock::system();
    let mut report = |finding: app::Finding| {
        // Whoever reads this is told by the exit code too.
        let _ = out(&format!("{}\t{}\n", finding.what, finding.wrong));
    };
    let verified = app.verify(&mut report).await?;
    let app::Verified { states, blobs, log_pieces, files, values, bytes, findings } = verified;
    tell(&format!(
        "opened {blobs} blobs, {log_pieces} pieces of logs, {files} files of the registry and {values} keys and values: {bytes} bytes, in {:.1} s; \
         {states} state versions have their hashes",
        (clock::system() - begun).as_seconds_f64()
    ));
    if findings == 0 {
        return Ok(());
    }
    bail!(
        "{findings} of them cannot be read or are not what was written; they are listed on standard output. Restore them from a backup"
    )
}
