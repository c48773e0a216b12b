//! What an earlier start of the runner left: phases to adopt, and states that the server did not take.

use crate::{
    layout::Layout,
    lease::{self, Keeper, Patience, persist},
    machine::Machine,
    phase::{Execution, Record},
    runner::Stop,
    server::{Error, Server},
    supervise::spec::boot_milliseconds,
};
use protocol::{Lease, Outcome};
use std::{fs, io, path::Path, sync::Arc, time::Duration};

/// How long a runner that is to stop goes on trying to reach the server for a phase that an earlier one left.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a phase's directory says of it.
enum Note {
    Phase(Box<Record>),
    /// It is being prepared, or was when its runner died.
    Nothing,
    /// Another version of the runner wrote it.
    Unread(String),
}

/// What is there.
#[derive(Default)]
pub(crate) struct Left {
    pub(crate) phases: Vec<(Record, Layout)>,
    /// Applies of which this version cannot read more than their lease. They are left alone, and held: nobody may say that they are dead.
    pub(crate) unread: Vec<(Lease, Layout)>,
}

impl Left {
    /// Reads the directory of phases before the runner has any of its own. What says nothing of a phase is removed.
    pub(crate) fn read(runs: &Path) -> Self {
        let mut left = Self::default();
        for (note, layout) in notes(runs) {
            match (note, layout.apply()) {
                (Note::Phase(record), _) => left.phases.push((*record, layout)),
                (Note::Unread(error), Some(lease)) => {
                    let path = layout.root().display();
                    tracing::error!(
                        phase = lease.phase_id, error, %path,
                        "this version of the runner cannot go on with an apply of another version: start that one again, or cancel the run and force its end"
                    );
                    left.unread.push((lease, layout));
                }
                // A supervisor that is just being started finds its directory gone, and starts nothing.
                (Note::Nothing | Note::Unread(_), _) => drop(layout.remove()),
            }
        }
        left
    }

    /// The leases of all.
    pub(crate) fn leases(&self) -> Vec<Lease> {
        let read = self.phases.iter().map(|(record, _)| &record.lease);
        read.chain(self.unread.iter().map(|(lease, _)| lease)).cloned().collect()
    }

    /// The directories of all.
    pub(crate) fn layouts(&self) -> impl Iterator<Item = &Layout> {
        self.phases.iter().map(|(_, layout)| layout).chain(self.unread.iter().map(|(_, layout)| layout))
    }
}

/// The leases that directories speak of.
pub(crate) fn leases(runs: &Path) -> Vec<Lease> {
    let lease = |(note, layout): (Note, Layout)| match note {
        Note::Phase(record) => Some(record.lease),
        Note::Unread(_) => layout.apply(),
        Note::Nothing => None,
    };
    notes(runs).into_iter().filter_map(lease).collect()
}

/// Puts the phases of the runner that this directory was copied from where nobody takes them for this one's: they may still be at work there.
pub(crate) fn set_aside(runs: &Path) {
    tracing::warn!(
        "the data directory is a copy of another runner's: this one is another to the server, and leaves the phases in it alone"
    );
    for (_, layout) in notes(runs) {
        let (root, name) = (layout.root(), layout.root().file_name().unwrap_or_default().to_string_lossy());
        if let Err(error) = fs::rename(root, root.with_file_name(format!("copied-{name}"))) {
            tracing::warn!(%error, path = %root.display(), "a copied work directory cannot be renamed");
        }
    }
}

fn notes(runs: &Path) -> Vec<(Note, Layout)> {
    let Ok(entries) = fs::read_dir(runs) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let phases = names.filter(|name| name.starts_with("plan-") || name.starts_with("apply-"));
    let read = |name: String| {
        let layout = Layout::at(runs.join(name));
        let note = match fs::read(layout.phase()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Note::Nothing,
            Err(error) => Note::Unread(error.to_string()),
            Ok(json) => serde_json::from_slice(&json).map_or_else(|error| Note::Unread(error.to_string()), Note::Phase),
        };
        (note, layout)
    };
    phases.map(read).collect()
}

/// Goes on with a phase of an earlier start.
pub(crate) async fn adopt<S: Server>(
    server: Arc<S>,
    machine: Arc<Machine>,
    record: Record,
    layout: Layout,
    stop: Stop,
) {
    let lease = record.lease.clone();
    let patience = Patience::UntilStopped(PATIENCE, stop.drain.clone());
    if layout.unsent().exists() {
        return send(&*server, &layout, &lease, &patience).await;
    }
    let adopted = persist(&patience, || server.adopt(&lease)).await;
    let elapsed = Duration::from_millis(boot_milliseconds().saturating_sub(record.started));
    let hand_back = (!record.phase.acts()).then(|| stop.hand_back.clone());
    let keeper = Keeper::start(&server, &lease, layout.clone(), record.limits, elapsed, hand_back);
    let body = match machine.adopt(&layout, &record.wall, keeper.lease_end()).await {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(phase = lease.phase_id, %error, "the supervisor of a phase cannot be reached");
            return;
        }
    };
    let log_end = match adopted {
        Ok(Some(adopted)) => {
            if let Err(error) = lease::write(&layout, &lease) {
                tracing::warn!(phase = lease.phase_id, %error, "the lease file cannot be written");
            }
            adopted.log_end
        }
        Ok(None) | Err(Error::Lost { .. } | Error::Refused(_) | Error::Superseded(_)) => {
            keeper.lose();
            fs::metadata(layout.log()).map_or(0, |meta| meta.len())
        }
        Err(error @ (Error::Unavailable(_) | Error::Unknown)) => {
            tracing::error!(phase = lease.phase_id, %error, "a phase cannot be adopted");
            return;
        }
    };
    tracing::info!(phase = lease.phase_id, log_end, "a phase of an earlier runner is adopted");
    let execution = Execution { server, machine, layout, lease, keeper, stop };
    let followed = execution.follow(&record, None);
    Box::pin(execution.attend(&record, body, log_end, followed)).await;
}

/// Tries again to hand over a state that the server did not take when its apply ended, and says how that ended where the server has not heard it.
async fn send<S: Server>(server: &S, layout: &Layout, lease: &Lease, patience: &Patience) {
    let outcome = fs::read(layout.unsent()).ok().and_then(|json| serde_json::from_slice::<Outcome>(&json).ok());
    let sent = if layout.large_state().exists() {
        Err((layout.large_state(), Error::Refused("it is larger than the server took".to_owned())))
    } else {
        match fs::read(layout.state()).map(bytes::Bytes::from) {
            Ok(state) => {
                let sent = persist(patience, || server.put_state(lease, state.clone())).await;
                sent.map_err(|error| (layout.state(), error))
            }
            Err(_) => Ok(()),
        }
    };
    points::pass("runner.unsent.sent");
    if let Err((path, error)) = &sent {
        tracing::error!(phase = lease.phase_id, %error, path = %path.display(), "the state of an apply is still only in a file");
    }
    let told = match outcome {
        Some(outcome) => persist(patience, || server.finish(lease, outcome.clone(), Vec::new())).await,
        None => Ok(()),
    };
    if sent.is_ok()
        && !matches!(told, Err(Error::Unavailable(_) | Error::Unknown))
        && let Err(error) = layout.remove()
    {
        tracing::warn!(%error, path = %layout.root().display(), "a work directory could not be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_apply_of_another_version_is_held_and_left_alone() {
        let runs = tempfile::tempdir().unwrap();
        let names = ["apply-unread.7", "apply-nothing.1", "plan-unread.2"];
        for name in names {
            fs::create_dir(runs.path().join(name)).unwrap();
        }
        for name in ["apply-unread.7", "plan-unread.2"] {
            fs::write(runs.path().join(name).join("phase"), "{\"of\":\"tomorrow\"}").unwrap();
        }
        let there = |name: &str| runs.path().join(name).exists();
        let left = Left::read(runs.path());
        let held = |leases: Vec<Lease>| -> Vec<_> { leases.into_iter().map(|l| (l.phase_id, l.fence)).collect() };
        assert_eq!(held(left.leases()), [("apply-unread".to_owned(), 7)]);
        assert_eq!(names.map(there), [true, false, false]);
        assert_eq!(left.layouts().count(), 1);
        assert_eq!(held(leases(runs.path())), [("apply-unread".to_owned(), 7)]);
    }
}
