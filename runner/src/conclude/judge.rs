//! What a plan hands back is computed here, from the plan file, behind a wall in which no process of the phase ever was: those could have forged it.

use crate::{
    aside::{aside, side_step},
    layout::Layout,
    phase::{Conclusion, Execution, Record},
    plan::Summary,
    prepare::{self, quote},
    providers::{self, Link, lock, lock::Locked},
    server::Server,
    supervise::spec::{Output, Step, Wall},
};
use cap_std::fs::Dir;
use protocol::{Artifact, Outcome};
use std::{fs, io, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

/// Seals the plan file and reads it.
pub(super) async fn planned<S: Server>(execution: &Execution<S>, record: &Record) -> io::Result<Conclusion> {
    let layout = &execution.layout;
    let machine = &execution.machine;
    let lock = fs::read(layout.lock_file()).unwrap_or_default();
    let locked = lock::read(&lock);
    let linked = providers::linked(&record.links, &locked);
    let cached = match &linked {
        Some(links) => machine.schemas(&record.engine, &record.version, &providers::named(links)),
        None => machine.schemas(&record.engine, &record.version, &lock),
    };
    remember(execution, record, locked);
    let show = seal(layout, record, &lock, linked.as_deref(), &machine.packages())?;
    let steps = steps(execution, record, &show, cached.exists())?;
    aside(execution, &show, &judging(&record.wall), steps, Vec::new()).await?;
    let json = show.root().join("plan.json");
    if !cached.exists() {
        fs::rename(show.root().join("schemas.json"), &cached)?;
    }
    let (read, refresh_only) = (json.clone(), record.refresh_only);
    let summary =
        tokio::task::spawn_blocking(move || Summary::read(&read, refresh_only)).await.map_err(io::Error::other)??;
    let mut artifacts =
        vec![(Artifact::Plan, layout.plan()), (Artifact::PlanJson, json), (Artifact::ProviderSchemas, cached)];
    if !lock.is_empty() {
        artifacts.push((Artifact::LockFile, layout.lock_file()));
    }
    let Summary { has_changes, counts, generated_configuration } = summary;
    Ok(Conclusion { outcome: Outcome::Planned { has_changes, counts, generated_configuration }, artifacts })
}

/// The wall behind which a plan is looked at: never one that the workspace chose.
fn judging(wall: &Wall) -> Wall {
    let mut wall = wall.clone();
    if let Some(inside) = &mut wall.container
        && let Some(judge) = inside.judge.take()
    {
        inside.image = judge;
    }
    wall
}

/// Has what this plan installed in the place of links for the next one; nobody waits for it.
fn remember<S: Server>(execution: &Execution<S>, record: &Record, locked: Vec<Locked>) {
    let (providers, server) = (Arc::clone(&execution.machine.providers), Arc::clone(&execution.server));
    let mirrored = record.mirrored.clone();
    tokio::spawn(async move { providers.fetch(&server, &mirrored, &locked).await });
}

/// Takes the plan file out of the reach of the phase, and lays out the directory in which it is looked at. Nothing of the phase runs any more.
fn seal(
    layout: &Layout,
    record: &Record,
    lock: &[u8],
    linked: Option<&[&Link]>,
    packages: &Path,
) -> io::Result<Layout> {
    if !fs::symlink_metadata(layout.work_plan())?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    fs::rename(layout.work_plan(), layout.plan())?;
    let show = layout.show();
    prepare::directories(&show)?;
    fs::copy(layout.plan(), show.work_plan())?;
    fs::write(show.cli_configuration(), "disable_checkpoint = true\n")?;
    fs::write(show.configuration().join("providers.tf"), required_providers(lock))?;
    if !lock.is_empty() {
        fs::write(show.configuration().join(".terraform.lock.hcl"), lock)?;
        // The engine itself checks what it finds here against the lock file, which was copied out before foreign code ran.
        let target = Dir::open_ambient_dir(show.configuration(), cap_std::ambient_authority())?;
        target.create_dir(".terraform")?;
        match linked {
            Some(links) => link(&target, links, packages)?,
            None => {
                let work = Dir::open_ambient_dir(layout.work(), cap_std::ambient_authority())?;
                let providers = Path::new("c").join(&record.working_directory).join(".terraform/providers");
                match work.rename(&providers, &target, ".terraform/providers") {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
                link(&target, &record.links.iter().collect::<Vec<_>>(), packages)?;
            }
        }
    }
    if record.wall.namespaces && nix::unistd::Uid::current().is_root() {
        prepare::own(&show.work(), record.wall.uid)?;
    }
    // Behind this wall runs the engine alone, which has no business with writing to it.
    fs::set_permissions(show.work_plan(), fs::Permissions::from_mode(0o400))?;
    Ok(show)
}

/// Links to the packages that the phase could link to, where it installed no other. What it left may lead anywhere: nothing is followed out of
/// this directory.
fn link(target: &Dir, links: &[&Link], packages: &Path) -> io::Result<()> {
    for link in links {
        let place = Path::new(".terraform/providers").join(link.place());
        if target.symlink_metadata(&place).is_ok() {
            continue;
        }
        if let Some(parent) = place.parent() {
            target.create_dir_all(parent)?;
        }
        target.symlink_contents(packages.join(link.key()), &place)?;
    }
    Ok(())
}

/// A configuration that needs exactly the locked providers, and the one that every engine brings along.
fn required_providers(lock: &[u8]) -> String {
    let mut text = String::from(
        "terraform {\n  required_providers {\n    terraform = { source = \"terraform.io/builtin/terraform\" }\n",
    );
    let lock = String::from_utf8_lossy(lock);
    let providers = lock.lines().filter_map(|line| line.strip_prefix("provider \"")?.split('"').next());
    for (number, provider) in providers.enumerate() {
        text += &format!("    p{number} = {{ source = {} }}\n", quote(provider));
    }
    text + "  }\n}\n"
}

fn steps<S: Server>(execution: &Execution<S>, record: &Record, show: &Layout, cached: bool) -> io::Result<Vec<Step>> {
    let step = |arguments: &[&str], file: &str| {
        side_step(execution, show, &record.wall, &record.engine, arguments, &[], Output::File(file.to_owned()))
    };
    let plan = execution.machine.inside(show, &record.wall).layout.work_plan();
    let mut steps = vec![step(&["show", "-json", &plan.display().to_string()], "plan.json")?];
    if !cached {
        steps.push(step(&["providers", "schema", "-json"], "schemas.json")?);
    }
    Ok(steps)
}
