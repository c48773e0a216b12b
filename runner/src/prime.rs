//! Finds out, once for each engine, what it notes down about a local backend.
//!
//! With that note in place from the beginning, `init` finds nothing new: without it, it takes the workspace's state, which lies where the local
//! backend keeps it, for one to be migrated, and asks. The state cannot come later, because `init` installs the providers that it needs.

use crate::{
    aside::{aside, side_step},
    layout::Layout,
    phase::Execution,
    prepare::{self, BACKEND},
    server::Server,
    supervise::{self, spec::Output, spec::Wall},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where an engine notes down its backend, beneath the root module.
pub(crate) const NOTE: &str = ".terraform/terraform.tfstate";

/// The file with the note of this engine.
pub(crate) async fn note<S: Server>(
    execution: &Execution<S>,
    wall: &Wall,
    engine: &Path,
    version: &str,
) -> io::Result<PathBuf> {
    let known = execution.machine.backend(engine, version);
    if known.exists() {
        return Ok(known);
    }
    let side = execution.layout.prime();
    lay_out(&side, execution.machine.owner(wall.uid))?;
    let init = side_step(execution, &side, wall, engine, &["init", "-input=false"], &[], Output::Quiet)?;
    aside(execution, &side, wall, vec![init], vec![Path::new("c").join(NOTE)]).await?;
    let note = fs::read(side.configuration().join(NOTE))?;
    let (directory, name) = (known.parent().unwrap_or(Path::new("/")), known.file_name().unwrap_or_default());
    supervise::write_bytes(directory, &name.to_string_lossy(), &note, false)?;
    Ok(known)
}

fn lay_out(side: &Layout, owner: Option<u32>) -> io::Result<()> {
    prepare::directories(side)?;
    fs::write(side.cli_configuration(), "disable_checkpoint = true\n")?;
    fs::write(side.configuration().join("main.tf"), BACKEND)?;
    match owner {
        Some(owner) => prepare::own(&side.work(), owner),
        None => Ok(()),
    }
}
