//! What the machine gives: the data directory, room on disks, engines.

use super::Line;
use crate::{
    config::{Config, Database, Objects},
    instance::{self, Lock},
};
use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{net::UnixStream, time::timeout};

/// Below this much room, as a part of the disk and in bytes, writes will soon fail; and where it deserves a look.
const FULL: (f64, u64) = (0.01, 1 << 30);
const NARROW: (f64, u64) = (0.10, 5 << 30);
/// A container engine that takes longer to accept a connection is not well.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn data(config: &Config) -> Line {
    let (about, data) = ("data", &config.server.data);
    let shown = data.display();
    let Ok(metadata) = std::fs::metadata(data) else {
        return Line::bad(
            about,
            format!("there is no directory {shown}"),
            "start terrane serve once, or name the right one with --data",
        );
    };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let says = format!("others can look into {shown} (mode {mode:03o})");
        return Line::warning(about, says, format!("chmod 700 {shown}"));
    }
    match Lock::take(data) {
        Ok(_) => Line::good(about, format!("{shown}, and no server runs on it")),
        Err(instance::Error::Taken { holder, .. }) => {
            Line::good(about, format!("{shown}, and a server runs on it{holder}"))
        }
        Err(error) => Line::bad(about, error.to_string(), "run this as the user of the server"),
    }
}

pub(super) fn disks(config: &Config) -> Vec<Line> {
    let mut places: Vec<PathBuf> = vec![config.server.data.clone()];
    if let Database::Sqlite(path) = &config.storage.database {
        places.extend(path.parent().map(Path::to_owned));
    }
    for objects in [Some(&config.storage.objects), config.backup.as_ref()].into_iter().flatten() {
        if let Objects::File(folder) = objects {
            places.push(folder.clone());
        }
    }
    let mut seen = Vec::new();
    let mut lines = Vec::new();
    for place in places {
        let Ok(disk) = rustix::fs::statvfs(&place) else { continue };
        // One line for each disk.
        if seen.contains(&disk.f_fsid) {
            continue;
        }
        seen.push(disk.f_fsid);
        lines.push(room(&place, disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize));
    }
    lines
}

fn room(place: &Path, free: u64, whole: u64) -> Line {
    #[expect(clippy::cast_precision_loss, reason = "a part of a disk, for a person")]
    let part = free as f64 / whole.max(1) as f64;
    let says = format!("{:.1} GB ({:.0} %) are free for {}", free as f64 / 1e9, part * 100.0, place.display());
    let below = |(least, bytes): (f64, u64)| part < least || free < bytes;
    if below(FULL) {
        Line::bad("disk", says, "make room: a full disk refuses every write, and nothing that was acknowledged is lost")
    } else if below(NARROW) {
        Line::warning("disk", says, "make room, or move large blobs to a bucket: docs/storage.md")
    } else {
        Line::good("disk", says)
    }
}

pub(super) async fn engines(config: &Config) -> Vec<Line> {
    let about = "engines";
    if !config.runner.on {
        return vec![Line::good(about, "this server executes nothing itself: its runners have them")];
    }
    if config.containers.on {
        return vec![container_engine(&config.containers.options.host).await];
    }
    let (folder, mut versions) = (&config.runner.engines, Vec::new());
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        for program in ["terraform", "tofu"] {
            if entry.path().join(program).is_file() {
                versions.push(format!("{program} {}", entry.file_name().to_string_lossy()));
            }
        }
    }
    versions.sort();
    let on_path = |program: &&str| config.surroundings.path.iter().any(|folder| folder.join(program).is_file());
    let found: Vec<&str> = ["terraform", "tofu"].into_iter().filter(|program| on_path(program)).collect();
    vec![match (versions.is_empty() && found.is_empty(), &config.runner.release_mirror) {
        (true, None) => Line::bad(
            about,
            format!("there is none in {} nor on the PATH, and no --release-mirror", folder.display()),
            "put them into --engines as VERSION/terraform, or name a mirror that they are fetched from",
        ),
        (true, Some(mirror)) => Line::good(about, format!("none is here yet; they are fetched from {mirror}")),
        (false, mirror) => {
            let mut says = versions.join(", ");
            if !found.is_empty() {
                says += &format!("{}{} on the PATH", if says.is_empty() { "" } else { "; " }, found.join(" and "));
            }
            if mirror.is_some() {
                says += "; others are fetched";
            }
            Line::good(about, says)
        }
    }]
}

async fn container_engine(host: &str) -> Line {
    let advice = "see that it runs (systemctl status docker) and that this user may use its socket";
    let Some(path) = host.strip_prefix("unix://") else {
        return Line::warning(
            "engines",
            format!("runs are executed in containers of {host}, which was not asked"),
            advice,
        );
    };
    match timeout(PATIENCE, UnixStream::connect(path)).await {
        Ok(Ok(_)) => Line::good("engines", format!("the container engine at {host} accepts connections")),
        Ok(Err(error)) => Line::bad("engines", format!("the container engine at {host}: {error}"), advice),
        Err(_) => Line::bad("engines", format!("the container engine at {host} does not answer"), advice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn room_is_judged_by_part_and_bytes() {
        for (free, whole, level) in [
            (50 << 30, 100 << 30, Level::Good),
            (8 << 30, 100 << 30, Level::Warning),
            (4 << 30, 10 << 30, Level::Warning),
            (2 << 30, 100 << 30, Level::Warning),
            (9 << 30, 1000 << 30, Level::Bad),
            (1 << 29, 1 << 30, Level::Bad),
            (0, 0, Level::Bad),
        ] {
            assert_eq!(room(Path::new("/"), free, whole).level, level, "{free} of {whole}");
        }
    }
}
