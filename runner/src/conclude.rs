//! Turns what a supervisor left into how the phase ended. What a plan hands back is computed here, from the plan file, behind a wall in which no
//! process of the phase ever was: those could have forged it.

use crate::{
    layout::Layout,
    lease::{Cause, ordered},
    phase::{Conclusion, Execution, Record, exit},
    plan::{self, Summary},
    prepare::{self, quote},
    providers::{self, Link, lock, lock::Locked},
    server::{Error, Server},
    supervise::spec::{Exit, Output, Spec, Step, Wall, name},
};
use cap_std::fs::Dir;
use protocol::{Artifact, Engine, Outcome, Phase};
use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The name of an engine as the first line of a log has it.
pub(crate) fn product(engine: Engine) -> &'static str {
    match engine {
        Engine::Terraform => "Terraform",
        Engine::Tofu => "OpenTofu",
    }
}

/// How the phase ended.
pub(crate) async fn conclude<S: Server>(execution: &Execution<S>, record: &Record, exit: Option<Exit>) -> Conclusion {
    let Some(exit) = exit else {
        if execution.keeper.order().cause() == Some(Cause::Wish) {
            // A signal that comes before the supervisor listens ends it.
            return Conclusion { outcome: Outcome::Canceled { killed: true }, artifacts: Vec::new() };
        }
        // A supervisor announces itself before it starts anything: without that nothing has begun, nor will it, since its directory is
        // taken away before the server hears of this.
        let announced =
            [name::SUPERVISOR, name::CONTAINER].iter().any(|name| execution.layout.root().join(name).exists());
        if record.phase == Phase::Plan || !announced {
            let reason = "the phase ended with its runner before it was done".to_owned();
            return Conclusion::unfinished(reason);
        }
        return Conclusion::failed(
            "the supervisor of the phase was killed, and the engine with it; start the run again",
            None,
        );
    };
    if exit.succeeded < record.steps {
        let outcome = ended_early(record, &exit, execution.keeper.order().cause());
        return Conclusion { outcome, artifacts: Vec::new() };
    }
    match record.phase {
        Phase::Plan => match planned(execution, record).await {
            Ok(conclusion) => conclusion,
            Err(_) if execution.keeper.order().cause() == Some(Cause::Wish) => {
                Conclusion { outcome: Outcome::Canceled { killed: false }, artifacts: Vec::new() }
            }
            // Files are missing that the phase left: an earlier runner died while it looked at them.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let reason = format!("the plan was made but its files are gone: {error}");
                Conclusion::unfinished(reason)
            }
            Err(error) => Conclusion::failed(format!("the plan was made but cannot be read: {error}"), None),
        },
        Phase::Apply => {
            let (log, json) = (execution.layout.log(), record.json_log);
            let counts = tokio::task::spawn_blocking(move || plan::applied(&log, json)).await;
            let counts = counts.map_err(io::Error::other).flatten().unwrap_or_default();
            Conclusion { outcome: Outcome::Applied { counts }, artifacts: Vec::new() }
        }
    }
}

fn ended_early(record: &Record, exit: &Exit, cause: Option<Cause>) -> Outcome {
    let engine = record.engine.file_name().unwrap_or_default().to_string_lossy();
    let name = record.names.get(exit.succeeded).cloned().unwrap_or_else(|| engine.clone().into_owned());
    let failed = |reason: String| Outcome::Failed { reason, exit_code: exit.code };
    if let Some(reason) = &exit.unstarted {
        return failed(format!("{name} could not be started: {reason}"));
    }
    if let Some(limit) = exit.memory.filter(|_| cause.is_none()) {
        let limit = limit >> 20;
        return failed(format!(
            "{engine} was ended because the phase used up the memory of its container ({limit} MiB); give containers more with --container-memory, or split the configuration"
        ));
    }
    if let Some(limit) = exit.room {
        let limit = limit >> 20;
        return failed(format!(
            "{engine} failed and the work directory of its container is full ({limit} MiB); give containers more room with --container-work-size"
        ));
    }
    if let (Some(reason), None) = (&exit.files, cause) {
        return failed(format!(
            "the runner could not write the files of the phase ({reason}), so {engine} was interrupted; make room on its machine and start the run again"
        ));
    }
    let hard =
        if exit.killed { "; it had to be killed, so look for resources that the state does not know" } else { "" };
    if record.phase == Phase::Plan
        && (exit.abandoned || cause == Some(Cause::Lease) && (exit.interrupted || exit.killed))
    {
        return Outcome::Unfinished {
            reason: "the server was out of its runner's reach for longer than a lease lasts".to_owned(),
        };
    }
    if exit.abandoned {
        return failed(format!("nobody prolonged the lease, so {engine} was ended{hard}"));
    }
    match cause {
        Some(Cause::Wish) if exit.interrupted || exit.killed => return Outcome::Canceled { killed: exit.killed },
        Some(Cause::TimeOut) if exit.interrupted || exit.killed => {
            let seconds = record.limits.phase_seconds;
            return failed(format!("it took longer than the {seconds} seconds that a phase may take{hard}"));
        }
        Some(Cause::Lease) if exit.interrupted || exit.killed => {
            return failed(format!("the lease could not be prolonged, so {engine} was ended{hard}"));
        }
        _ => {}
    }
    if let Some(reason) = &exit.lost {
        let reason = format!("the container of the phase is gone: {reason}");
        return match record.phase {
            Phase::Plan if exit.memory.is_none() => Outcome::Unfinished { reason },
            _ => failed(format!("{reason}; the last whole state is kept, so look for resources that it does not know")),
        };
    }
    if (exit.interrupted || exit.killed) && record.phase == Phase::Plan {
        Outcome::Unfinished { reason: format!("{name} was ended because its runner stopped") }
    } else if exit.interrupted || exit.killed {
        failed(format!("{name} was ended because the server stopped; start the run again{hard}"))
    } else if let Some(signal) = exit.signal {
        failed(format!(
            "{name} was killed by signal {signal} (9 is often a lack of memory); the last whole state is kept"
        ))
    } else {
        failed(format!("{name} failed with exit code {}; the log says why", exit.code.unwrap_or(-1)))
    }
}

/// How an apply ended whose last state the server does not take: whatever the engine did, nobody may take the state that is there for the result.
pub(crate) fn without_state(conclusion: Conclusion, error: &Error, kept: &Path) -> Conclusion {
    if let Outcome::Applied { .. } = conclusion.outcome {
        let kept = kept.display();
        return Conclusion::failed(
            format!(
                "everything was applied, but the new state could not be stored: {error}; it is kept in {kept} on the runner's machine: push it \
                 from there before the next run"
            ),
            None,
        );
    }
    conclusion
}

/// What the log ends with when the engine did not say it.
pub(crate) fn last_words(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed { exit_code: Some(_), .. }
        | Outcome::Planned { .. }
        | Outcome::Applied { .. }
        | Outcome::Unfinished { .. } => None,
        Outcome::Failed { reason, .. } => Some(format!("\nError: {reason}\n")),
        Outcome::Canceled { killed: false } => Some("\nThe run was canceled.\n".to_owned()),
        Outcome::Canceled { killed: true } => Some(
            "\nThe run was canceled and the engine killed: resources may exist that the state does not know.\n"
                .to_owned(),
        ),
    }
}

async fn planned<S: Server>(execution: &Execution<S>, record: &Record) -> io::Result<Conclusion> {
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

/// Runs steps in a directory of their own, behind a wall of their own, to their end or that of the phase.
pub(crate) async fn aside<S: Server>(
    execution: &Execution<S>,
    side: &Layout,
    wall: &Wall,
    steps: Vec<Step>,
    fetch: Vec<PathBuf>,
) -> io::Result<()> {
    let count = steps.len();
    let spec = Spec {
        directory: side.root().to_owned(),
        steps,
        wall: Wall { work: side.work(), ..wall.clone() },
        survive: false,
        grace_seconds: 0,
        abandoned_grace_seconds: 0,
        state: None,
        fetch,
    };
    fs::write(side.root().join(name::LEASE), u64::MAX.to_string())?; // it ends with this process
    let mut supervisor = execution.machine.start(&spec, None).await?;
    let mut orders = execution.keeper.orders();
    tokio::select! {
        () = supervisor.ended() => {}
        () = ordered(&mut orders) => {
            supervisor.kill();
            supervisor.ended().await;
        }
    }
    match exit(side) {
        Some(exit) if exit.succeeded == count => Ok(()),
        exit => {
            let said = fs::read_to_string(side.log()).unwrap_or_default();
            let why = exit.and_then(|exit| exit.unstarted.or(exit.lost)).unwrap_or_default();
            Err(io::Error::other(format!("{why}{said}")))
        }
    }
}

/// A step that is run [`aside`]: nothing that the run sets is in its environment.
pub(crate) fn side_step<S: Server>(
    execution: &Execution<S>,
    side: &Layout,
    wall: &Wall,
    engine: &Path,
    arguments: &[&str],
    output: Output,
) -> io::Result<Step> {
    let machine = &execution.machine;
    let wall = Wall { work: side.work(), ..wall.clone() };
    let inside = machine.inside(side, &wall);
    let environment = prepare::environment(&machine.options, &inside, &[], None);
    Ok(Step {
        program: engine.to_owned(),
        arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        directory: inside.layout.configuration(),
        environment: environment.map_err(io::Error::other)?,
        output,
        keep: None,
    })
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
        side_step(execution, show, &record.wall, &record.engine, arguments, Output::File(file.to_owned()))
    };
    let plan = execution.machine.inside(show, &record.wall).layout.work_plan();
    let mut steps = vec![step(&["show", "-json", &plan.display().to_string()], "plan.json")?];
    if !cached {
        steps.push(step(&["providers", "schema", "-json"], "schemas.json")?);
    }
    Ok(steps)
}
