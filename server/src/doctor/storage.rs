//! What keeps the site's data: database, keys, object store, backups.

use super::Line;
use crate::{
    clock,
    config::{Config, Database, Objects},
    wiring,
};
use app::App;
use backup::Place;
use std::time::Instant;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// What an object store's clock may differ by before Amazon refuses every request, and half of it.
const SKEW: (Duration, Duration) = (Duration::minutes(5), Duration::minutes(15));
/// A backup that is older deserves a look.
const OLD: Duration = Duration::hours(48);

pub(super) async fn all(config: &Config) -> Vec<Line> {
    let mut lines = Vec::new();
    let begun = Instant::now();
    match wiring::attach_store(config).await {
        Ok(store) => {
            let opened = begun.elapsed();
            lines.push(match store.ping().await {
                Ok(()) => {
                    Line::good("database", format!("{} answers, opened in {} ms", shown(config), opened.as_millis()))
                }
                Err(error) => Line::bad(
                    "database",
                    format!("{}: {error}", shown(config)),
                    "see that it runs and is reached from here",
                ),
            });
        }
        Err(error) => {
            let advice = match &config.storage.database {
                _ if is_of_another_version(&error) => "use the terrane that serves it",
                Database::Sqlite(path) if !path.exists() => {
                    "start terrane serve once to make it, or name the right one with --database or --data"
                }
                Database::Sqlite(_) => "if the file is damaged, restore a backup: terrane restore",
                Database::Postgres(_) => "see that it runs and is reached from here, and that --database is right",
            };
            lines.push(Line::bad("database", format!("{error:#}"), advice));
            // Without it nobody knows which keys and which objects belong to it.
            return lines;
        }
    }
    match wiring::attach(config).await {
        Ok(app) => {
            lines.extend(keys(&app).await);
            lines.extend(objects(config, &app).await);
        }
        Err(error) => lines.push(Line::bad(
            "keys",
            format!("{error:#}"),
            "give the master key that the site was last started with, or terrane keys recover",
        )),
    }
    lines.extend(backups(config).await);
    lines
}

fn is_of_another_version(error: &anyhow::Error) -> bool {
    use store::MigrationError::{Different, Newer, Older};
    matches!(error.downcast_ref(), Some(Different(_) | Newer(_) | Older(_)))
}

fn shown(config: &Config) -> String {
    match &config.storage.database {
        Database::Sqlite(path) => format!("SQLite in {}", path.display()),
        Database::Postgres(_) => "Postgres".to_owned(),
    }
}

async fn keys(app: &App) -> Vec<Line> {
    let status = match app.key_status().await {
        Ok(status) => status,
        Err(error) => return vec![Line::bad("keys", error.to_string(), "see what terrane keys status says")],
    };
    let (all, opened) = (status.roots.len(), status.roots.iter().filter(|root| root.opens).count());
    let mut lines = vec![match &status.trouble {
        None if opened < all => {
            let shut = status.roots.iter().filter(|root| !root.opens);
            let shut: Vec<String> = shut.map(|root| format!("{} (wraps {} data keys)", root.id, root.wraps)).collect();
            let says = format!("{} opens {opened} of {all} root keys, and not {}", status.master, shut.join(", "));
            Line::warning(
                "keys",
                says,
                "start the servers with the master key that wrapped them as --old-master-key, or have them from an escrow (terrane keys recover)",
            )
        }
        None => Line::good("keys", format!("{} opens all {all} root keys", status.master)),
        Some(trouble) => {
            Line::bad("keys", trouble.clone(), "the server that runs goes on; none can start before this is mended")
        }
    }];
    if status.is_rotating() {
        lines.push(Line::warning("keys", "a rotation has begun and not ended", "terrane keys rotate goes on with it"));
    }
    if status.roots.iter().any(|root| root.retired_at.is_none() && root.escrowed_at.is_none()) {
        lines.push(Line::warning(
            "keys",
            "no escrow holds all root keys: if the master key is lost, everything is",
            "terrane keys escrow --to FILE, and keep file and passphrase in different safes",
        ));
    }
    lines
}

async fn objects(config: &Config, app: &App) -> Vec<Line> {
    let about = "objects";
    let place = place(&config.storage.objects);
    let away = |error: &dyn std::fmt::Display| {
        Line::bad(
            about,
            format!("{place}: {error}"),
            "mend it before anything large is written; what is small is served",
        )
    };
    let begun = Instant::now();
    let store = match wiring::object_store(config, &config.storage.objects).await {
        Ok(store) => store,
        Err(error) => return vec![away(&format!("{error:#}"))],
    };
    if let Err(error) = objects::probe(&*store, &wiring::name()).await {
        return vec![away(&error)];
    }
    let took = begun.elapsed().as_millis();
    // Read, never written: a place that was named by mistake is not claimed.
    let mut lines = vec![match (objects::owner(&*store).await, app.site().await) {
        (Ok(Some(owner)), Ok(Some(site))) if owner == site => {
            Line::good(about, format!("{place} keeps, gives back and deletes, in {took} ms"))
        }
        (Ok(Some(owner)), Ok(_)) => {
            Line::bad(about, format!("{place} belongs to another site, {owner}"), "name this site's with --objects")
        }
        (Ok(None), Ok(_)) => Line::warning(
            about,
            format!("{place} was never used by a site"),
            "if a server of this site ran before, its objects are elsewhere: name that place with --objects",
        ),
        (Err(error), _) => away(&error),
        (_, Err(error)) => away(&error),
    }];
    let here = clock::system();
    if let Ok(there) = objects::clock(&*store, &wiring::name()).await {
        let there = OffsetDateTime::from_unix_timestamp_nanos(i128::from(there) * 1000).unwrap_or(here);
        lines.push(clocks(here, there));
    }
    lines
}

fn clocks(here: OffsetDateTime, there: OffsetDateTime) -> Line {
    let skew = (there - here).abs();
    let says = format!("this machine's and the object store's differ by {} s", skew.whole_seconds());
    let advice = "set this machine's by NTP (timedatectl set-ntp true): signed requests and tokens end by it";
    match skew {
        skew if skew > SKEW.1 => Line::bad("clock", says, advice),
        skew if skew > SKEW.0 => Line::warning("clock", says, advice),
        _ => Line::good("clock", says),
    }
}

fn place(objects: &Objects) -> String {
    match objects {
        Objects::File(folder) => format!("the directory {}", folder.display()),
        Objects::S3(options) => format!("the bucket {}", options.bucket),
        Objects::Azure(options) => format!("the container {}", options.container),
    }
}

async fn backups(config: &Config) -> Vec<Line> {
    let about = "backups";
    let Some(place) = &config.backup else {
        return vec![Line::warning(
            about,
            "nobody says where they go",
            "name a place with --backup and make one each night: docs/backup.md",
        )];
    };
    let shown = self::place(place);
    let newest = async {
        let masters = wiring::masters(config).await?;
        let place = Place::open(wiring::backup_place(config).await?, crate::backups::of(&masters)).await?;
        match place.list().await?.pop() {
            Some(id) => Ok(Some(place.manifest(&id).await?)),
            None => Ok::<_, anyhow::Error>(None),
        }
    };
    vec![match newest.await {
        Err(error) => Line::bad(
            about,
            format!("{shown}: {error:#}"),
            "make one with terrane backup, or name the right place with --backup",
        ),
        Ok(None) => Line::bad(about, format!("{shown} holds none"), "make one with terrane backup"),
        Ok(Some(manifest)) => {
            let made = OffsetDateTime::parse(&manifest.created_at, &Rfc3339).unwrap_or(OffsetDateTime::UNIX_EPOCH);
            let age = clock::system() - made;
            let says = format!("the newest in {shown} is {}, {} h old", manifest.id, age.whole_hours());
            if !manifest.missing.is_empty() {
                let says = format!("{says}, and lacks {} objects", manifest.missing.len());
                Line::bad(about, says, "terrane verify tells what they belong to; an older backup may have them")
            } else if age > OLD {
                Line::warning(about, says, "make one each night: deploy/systemd/terrane-backup.timer")
            } else {
                Line::good(about, says)
            }
        }
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn clocks_are_judged_by_what_stores_bear() {
        let here = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
        for (seconds, level) in [(0, Level::Good), (-299, Level::Good), (301, Level::Warning), (-901, Level::Bad)] {
            assert_eq!(clocks(here, here + Duration::seconds(seconds)).level, level, "{seconds}");
        }
    }
}
