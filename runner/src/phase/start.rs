//! A phase is prepared, and its body starts.

use super::{Execution, Record};
use crate::{
    conclude,
    executor::Body,
    hooks,
    layout::Layout,
    lease::{Order, ordered, persist},
    log,
    prepare::{self, Prepared},
    prime,
    server::Server,
    state::{self, Followed},
    supervise::{
        self,
        spec::{Output, Spec, Step, Wall, boot_milliseconds},
    },
    through_api,
};
use protocol::{Job, Phase, Test};
use std::{fs, path::Path};

impl<S: Server> Execution<S> {
    /// Prepares the phase and starts its supervisor.
    pub(super) async fn start(&self, job: &Job, uid: u32) -> Result<(Record, Body, Option<Followed<S>>), String> {
        let machine = &self.machine;
        let owner = machine.owner(uid);
        let preparing = prepare::prepare(&self.server, machine, job, &self.layout, owner);
        let resolving = machine.resolve(job);
        let mut orders = self.keeper.orders();
        let (executable, prepared) = tokio::select! {
            both = async { tokio::join!(resolving, preparing) } => both,
            () = ordered(&mut orders) => return Err("it ended before it was started".to_owned()),
        };
        let executable = executable.map_err(|failure| failure.to_string())?;
        let version = executable.version.to_string();
        let mut preamble = log::preamble(job.phase, conclude::product(job.engine), &version);
        let prepared = prepared
            .inspect_err(|_| drop(fs::write(self.layout.log(), &preamble)))
            .map_err(|failure| failure.to_string())?;
        for warning in &prepared.warnings {
            preamble.extend_from_slice(format!("Warning: {warning}\n").as_bytes());
        }
        fs::write(self.layout.log(), preamble).map_err(|error| format!("cannot write the log: {error}"))?;
        machine
            .provide(&executable, &prepared.links)
            .await
            .map_err(|error| format!("the providers cannot be given to a container: {error}"))?;
        let wall = machine.wall(&self.layout, &executable, job, uid, &prepared.links);
        let note = prime::note(self, &wall, &executable.path, &version).await;
        note.and_then(|note| prepare::put_note(&self.layout, &job.working_directory, &note, owner))
            .map_err(|error| format!("cannot set {} up for a local backend: {error}", executable.path.display()))?;
        let through_api = through_api::choose(self, job, &prepared, &wall, &executable.path).await;
        let mut spec =
            self.spec(job, &prepared, &executable.path, wall.clone()).map_err(|failure| failure.to_string())?;
        if through_api {
            spec.state = Some(Path::new("c").join(&job.working_directory).join(state::ERRORED));
            spec.steps.iter_mut().for_each(|step| through_api::turn(&mut step.environment, job));
        }
        if prepared.own_settings {
            spec.steps.iter_mut().for_each(|step| step.environment.retain(|(key, _)| key != "TF_CLI_CONFIG_FILE"));
        }
        let names = hooks::surround(&mut spec.steps, job);
        let record = Record {
            lease: self.lease.clone(),
            phase: job.phase,
            engine: executable.path,
            version: version.clone(),
            working_directory: job.working_directory.clone(),
            cli_workspace: job.cli_workspace.clone(),
            json_log: job.options.json_log,
            refresh_only: job.options.refresh_only,
            limits: job.limits,
            wall,
            links: prepared.links,
            mirrored: job.mirrored.clone(),
            through_api,
            started: boot_milliseconds(),
            steps: spec.steps.len(),
            names,
        };
        supervise::write_whole(self.layout.root(), "phase", &record, false)
            .map_err(|error| format!("cannot write down the phase: {error}"))?;
        points::pass("runner.phase.written");
        let image = record.wall.container.as_ref().map(|inside| inside.image.told());
        if job.phase.acts() {
            let patience = self.patience();
            tokio::select! {
                told = persist(&patience, || self.server.started(&self.lease, &version, image.as_ref())) => {
                    told.map_err(|error| format!("the server cannot be told that the phase begins: {error}"))?;
                }
                () = ordered(&mut orders) => {}
            }
        }
        if self.keeper.order() != Order::GoOn {
            return Err("it ended before it was started".to_owned());
        }
        let followed = self
            .follow(&record, prepared.state)
            .map_err(|error| format!("the state that it would write cannot be followed: {error}"))?;
        let body = machine
            .start(&spec, Some(self.keeper.lease_end()))
            .await
            .map_err(|error| format!("the phase cannot be started: {error}"))?;
        Ok((record, body, followed))
    }

    fn spec(&self, job: &Job, prepared: &Prepared, engine: &Path, wall: Wall) -> Result<Spec, prepare::Failure> {
        let machine = &self.machine;
        let inside = machine.inside(&self.layout, &wall);
        let environment =
            prepare::environment(&machine.options, &inside, &prepared.environment, Some(&job.cli_workspace))?;
        let module = inside.layout.module(&job.working_directory);
        let step = |arguments: Vec<String>, output, keep| Step {
            program: engine.to_owned(),
            arguments,
            directory: module.clone(),
            environment: environment.clone(),
            output,
            keep,
        };
        let lock = (module.join(".terraform.lock.hcl"), Layout::LOCK_FILE.to_owned());
        let beneath = Path::new("c").join(&job.working_directory);
        let init = step(init_arguments(job), Output::Quiet, Some(lock));
        let work = step(arguments(job, &inside.layout), Output::Log, None);
        Ok(Spec {
            directory: self.layout.root().to_owned(),
            steps: if prepared.needs_init { vec![init, work] } else { vec![work] },
            wall,
            survive: job.phase.acts(),
            grace_seconds: job.limits.grace_seconds,
            abandoned_grace_seconds: machine.options.abandoned_grace_seconds,
            state: (job.phase == Phase::Apply).then(|| beneath.join(state::path(&job.cli_workspace))),
            fetch: match job.phase {
                Phase::Plan => vec!["plan".into(), beneath.join(".terraform/providers")],
                Phase::Apply | Phase::Test => Vec::new(),
            },
        })
    }
}

/// Of `init`, which installs what the test files use as well.
fn init_arguments(job: &Job) -> Vec<String> {
    let directory = job.test.as_ref().map(|test| test.directory.as_str()).filter(|directory| !directory.is_empty());
    let mut arguments = vec!["init".to_owned(), "-input=false".to_owned()];
    arguments.extend(directory.map(|directory| format!("-test-directory={directory}")));
    arguments
}

/// Of `test`: its log is for programs, and the client draws it.
fn test_arguments(test: &Test) -> Vec<String> {
    let mut arguments = vec!["test".to_owned(), "-json".to_owned(), "-no-color".to_owned()];
    let directory = Some(&test.directory).filter(|directory| !directory.is_empty());
    arguments.extend(directory.map(|directory| format!("-test-directory={directory}")));
    arguments.extend(test.filters.iter().map(|file| format!("-filter={file}")));
    arguments.extend(test.verbose.then(|| "-verbose".to_owned()));
    arguments.extend(test.parallelism.map(|number| format!("-parallelism={number}")));
    arguments
}

fn arguments(job: &Job, layout: &Layout) -> Vec<String> {
    let plan = layout.work_plan().display().to_string();
    let options = &job.options;
    let verb = match job.phase {
        Phase::Plan => "plan",
        Phase::Apply => "apply",
        Phase::Test => return test_arguments(job.test.as_ref().unwrap_or(&Test::default())),
    };
    let mut arguments = vec![verb.to_owned(), "-input=false".to_owned()];
    let mut flag = |set: bool, text: &str| {
        if set {
            arguments.push(text.to_owned());
        }
    };
    flag(options.json_log, "-json");
    if job.phase == Phase::Apply {
        arguments.push(plan);
        return arguments;
    }
    flag(options.destroy, "-destroy");
    flag(options.no_refresh, "-refresh=false");
    flag(options.refresh_only, "-refresh-only");
    flag(options.generate_config, "-generate-config-out=generated.tf");
    arguments.push(format!("-out={plan}"));
    arguments.extend(options.targets.iter().map(|target| format!("-target={target}")));
    arguments.extend(options.replaces.iter().map(|replace| format!("-replace={replace}")));
    arguments
}
