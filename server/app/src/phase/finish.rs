//! End a phase: what it handed back, what it found and where the run goes become visible in one commit. The CLI reads the run a few
//! milliseconds after the log ends; a run that still plans then reads as "no changes" (client contract 10.2).

use crate::{App, Error, Result, access, hub::Event, log::lost, run::advance};
use domain::{
    run::{Event as RunEvent, PhaseStatus},
    time::Time,
};
use protocol::{Artifact, Counts, Lease, Outcome, Tally};
use std::{path::PathBuf, time::Duration};
use store::{Tx, blob::Blob, phase::Phase, run::Run};

/// How often a phase is begun before it is given up: one that takes its runner along must not do so for ever.
pub(super) const ATTEMPTS: i64 = 5;
/// The most bytes of a file that a distant phase hands back: a plan of 10,000 changes is 60 MB of JSON.
const MOST_HANDED_BACK: u64 = 4 << 30;
/// How long after the plan a client may take to read it, in seconds.
const READ: i64 = 2;

impl App {
    /// Ends a phase under its lease.
    pub async fn finish(&self, lease: &Lease, outcome: Outcome, artifacts: Vec<(Artifact, PathBuf)>) -> Result<()> {
        let phase = match self.leased(lease).await {
            Ok(phase) => phase,
            Err(error) => return self.finished_already(lease, error).await,
        };
        let mut blobs: Vec<(&'static str, Blob)> = Vec::new();
        for (artifact, path) in artifacts {
            let doing = || format!("reading {} of {}", artifact.as_str(), phase.id);
            let file = tokio::fs::File::open(&path).await.map_err(|e| Error::internal(&doing(), e))?;
            let limit = u64::MAX; // its size was bounded by the disk that the runner gave it
            let blob = self.seal_stream(&phase.organization_id, &phase.workspace_id, Box::pin(file), limit).await?;
            blobs.push((artifact.as_str(), blob));
        }
        if phase.is_apply() && matches!(outcome, Outcome::Failed { .. }) {
            self.let_the_plan_be_read(&phase).await?;
        }
        let events = self.end(&phase, &outcome, &blobs).await;
        if events.is_err() {
            for (_, blob) in &blobs {
                self.forget_blob(blob).await;
            }
        }
        self.after(events?);
        self.hub.announce([Event::Log(phase.id.clone()), Event::Wish(phase.id)]);
        Ok(())
    }

    /// A client that applies without asking reads its run a second after the plan's log ended; an errored run then makes it print neither
    /// the plan nor what went wrong (client contract 10.5). The end of an apply that failed faster than that is told a little later.
    async fn let_the_plan_be_read(&self, apply: &Phase) -> Result<()> {
        let plan = apply.run_id.plan();
        let plan = self.store.look(async |mut tx| store::phase::find(&mut tx, plan.as_str()).await).await?;
        tokio::time::sleep(left_to_read(plan.and_then(|plan| plan.finished_at), self.now())).await;
        Ok(())
    }

    async fn end(&self, phase: &Phase, outcome: &Outcome, blobs: &[(&str, Blob)]) -> Result<Vec<Event>> {
        let now = self.now();
        self.store
            .write(async |mut tx| {
                let held = hold_running(&mut tx, phase).await?;
                let (mut phase, mut run) = held.ok_or_else(|| lost(&phase.id))?;
                check_kind(&phase, outcome)?;
                phase.lost_at = None;
                let (status, event) = match outcome {
                    Outcome::Planned { has_changes, counts, generated_configuration } => {
                        run.has_changes = *has_changes;
                        phase.generated_configuration = *generated_configuration;
                        count(&mut phase, *counts);
                        (PhaseStatus::Finished, RunEvent::PlanDone)
                    }
                    Outcome::Applied { counts } => {
                        count(&mut phase, *counts);
                        (PhaseStatus::Finished, RunEvent::ApplyDone)
                    }
                    Outcome::Tested { verdict, tally } => {
                        let Tally { passed, failed, errored, skipped } = *tally;
                        let counts = [passed, failed, errored, skipped].map(i64::from);
                        store::registry::set_verdict(&mut tx, &run.id, verdict.as_str(), counts).await?;
                        // An engine that is interrupted ends what it is at, leaves out the rest, and calls that a success.
                        if run.cancel_asked_at.is_some() {
                            run.reason = Some(canceled(&phase, false).into());
                        }
                        (PhaseStatus::Finished, RunEvent::PlanDone)
                    }
                    Outcome::Failed { reason, .. } => {
                        run.reason = Some(sentence(reason));
                        (PhaseStatus::Errored, RunEvent::Fail)
                    }
                    Outcome::Unfinished { .. } if phase.attempts < ATTEMPTS => {
                        return advance::again(&mut tx, &phase, run, now).await;
                    }
                    Outcome::Unfinished { reason } => {
                        run.reason = Some(format!(
                            "{}, {ATTEMPTS} times; nothing was changed; start the run again",
                            sentence(reason)
                        ));
                        (PhaseStatus::Errored, RunEvent::Fail)
                    }
                    Outcome::Canceled { killed } => {
                        run.reason = Some(canceled(&phase, *killed).into());
                        (PhaseStatus::Canceled, RunEvent::Stopped)
                    }
                };
                store::phase::publish_artifacts(&mut tx, &phase.id).await?;
                for (kind, blob) in blobs {
                    store::blob::insert(&mut tx, blob).await?;
                    store::phase::put_artifact(&mut tx, &phase.id, kind, blob.id.as_str()).await?;
                }
                store::phase::finish(&mut tx, &phase, status, now).await?;
                advance::take(&mut tx, run, event, now).await
            })
            .await
    }

    /// Takes a file that a phase will hand back, before it ends: nobody sees it until it has. The same again replaces it.
    pub async fn stage_artifact(&self, lease: &Lease, artifact: Artifact, bytes: crate::Reader) -> Result<()> {
        let phase = self.leased(lease).await?;
        let limit = self.limits.upload_bytes.max(MOST_HANDED_BACK);
        let blob = self.seal_stream(&phase.organization_id, &phase.workspace_id, bytes, limit).await?;
        let (kind, now) = (artifact.as_str(), self.now());
        let staged = self
            .store
            .write(async |mut tx| {
                // The bytes may have taken longer than the lease lasted: by now others may have handed in theirs.
                hold_running(&mut tx, &phase).await?.ok_or_else(|| lost(&phase.id))?;
                store::phase::discard_artifacts(&mut tx, &phase.id, kind, now).await?;
                store::blob::insert(&mut tx, &blob).await?;
                Ok::<_, Error>(
                    store::phase::put_artifact(&mut tx, &phase.id, &format!("staged:{kind}"), blob.id.as_str()).await?,
                )
            })
            .await;
        if staged.is_err() {
            self.forget_blob(&blob).await;
        }
        staged
    }

    /// A runner that did not hear the answer says the same again.
    async fn finished_already(&self, lease: &Lease, error: Error) -> Result<()> {
        let found = self.store.look(async |mut tx| store::phase::find(&mut tx, &lease.phase_id).await).await?;
        match found {
            Some(phase) if phase.fence == lease.fence && phase.status()?.is_final() => Ok(()),
            _ => Err(error),
        }
    }
}

/// A phase and its run, with their workspace held, if the phase is still executed under the fence that it was `seen` with.
pub(crate) async fn hold_running(tx: &mut Tx, seen: &Phase) -> Result<Option<(Phase, Run)>> {
    access::hold_ours(tx, &seen.workspace_id).await?;
    let current = store::phase::find(tx, &seen.id).await?.filter(|phase| phase.fence == seen.fence);
    let Some(phase) = current else { return Ok(None) };
    if phase.status()? != PhaseStatus::Running {
        return Ok(None);
    }
    let missing = || Error::Internal(format!("{} has no run", phase.id));
    let run = store::run::find(tx, &phase.run_id).await?.ok_or_else(missing)?;
    Ok(Some((phase, run)))
}

/// Refuses the success of another kind of phase: a test without a verdict would pass for a plan.
fn check_kind(phase: &Phase, outcome: &Outcome) -> Result<()> {
    let kind = match outcome {
        Outcome::Planned { .. } => "plan",
        Outcome::Applied { .. } => "apply",
        Outcome::Tested { .. } => "test",
        _ => return Ok(()),
    };
    if phase.kind == kind {
        return Ok(());
    }
    Err(Error::invalid("outcome", format!("{} is no {kind} but a {}", phase.id, phase.kind)))
}

/// How long the end of an apply is kept back. Never longer than [`READ`], wherever the clock was set meanwhile: its workspace is locked.
fn left_to_read(plan_finished_at: Option<i64>, now: Time) -> Duration {
    let read = Time::from_micros(plan_finished_at.unwrap_or_default()).plus_seconds(READ);
    let left = u64::try_from(read.micros() - now.micros()).unwrap_or_default();
    Duration::from_micros(left).min(Duration::from_secs(READ.unsigned_abs()))
}

fn count(phase: &mut Phase, counts: Counts) {
    phase.additions = counts.additions.into();
    phase.changes = counts.changes.into();
    phase.destructions = counts.destructions.into();
    phase.imports = counts.imports.into();
}

/// The longest reason that is kept, in characters: it is in every list of runs. The log has the whole.
const LONGEST_REASON: usize = 4_000;

fn sentence(reason: &str) -> String {
    reason.chars().take(LONGEST_REASON).collect()
}

fn canceled(phase: &Phase, killed: bool) -> &'static str {
    match (phase.is_apply(), killed) {
        (_, true) if phase.is_test() => {
            "killed while it tested: what the test made may still be there, and no state knows it; look for it"
        }
        (_, false) if phase.is_test() => {
            "interrupted while it tested: the log says whether everything that the test made was destroyed"
        }
        (true, true) => {
            "killed while it applied: a resource may exist that the state does not know; compare the log with your provider, then plan again"
        }
        (true, false) => {
            "interrupted while it applied: what was done until then is in the state; plan again to see the rest"
        }
        (false, true) => "killed while it planned: nothing was changed",
        (false, false) => "interrupted while it planned: nothing was changed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_kept_back_until_the_plan_can_be_read_and_no_longer() {
        let finished = 1_700_000_000_000_000;
        let after = |seconds| left_to_read(Some(finished), Time::from_micros(finished).plus_seconds(seconds)).as_secs();
        assert_eq!([0, 1, 2, 3, 3600].map(after), [2, 1, 0, 0, 0]);
        assert_eq!([-1, -3600].map(after), [2, 2], "somebody set the clock back");
        assert_eq!(left_to_read(None, Time::from_micros(finished)), Duration::ZERO);
    }
}
