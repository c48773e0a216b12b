//! Steps beside a phase: the engine alone, in a directory and behind a wall of their own.

use crate::{
    layout::Layout,
    lease::ordered,
    phase::{Execution, exit},
    prepare,
    server::Server,
    supervise::spec::{Output, Spec, Step, Wall, name},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

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

/// A step that is run [`aside`]. What `of_run` holds is all that the run sets in its environment.
pub(crate) fn side_step<S: Server>(
    execution: &Execution<S>,
    side: &Layout,
    wall: &Wall,
    engine: &Path,
    arguments: &[&str],
    of_run: &[(String, String)],
    output: Output,
) -> io::Result<Step> {
    let machine = &execution.machine;
    let wall = Wall { work: side.work(), ..wall.clone() };
    let inside = machine.inside(side, &wall);
    let environment = prepare::environment(&machine.options, &inside, of_run, None);
    Ok(Step {
        program: engine.to_owned(),
        arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        directory: inside.layout.configuration(),
        environment: environment.map_err(io::Error::other)?,
        output,
        keep: None,
    })
}
