//! End a phase: what it handed back, what it found and where the run goes become visible in one commit. The CLI reads the run a few
//! milliseconds after the log ends; a run that still plans then reads as "no changes" (client contract 10.2).

use super::lease::artifact_name;
use crate::{App, Error, Result, access, hub::Event, log::lost, run::advance};
use domain::{
    id::WorkspaceId,
    run::{Event as RunEvent, PhaseStatus},
    time::Time,
};
use protocol::{Artifact, Counts, Lease, Outcome};
use std::{path::PathBuf, time::Duration};
use store::{Tx, blob::Blob, phase::Phase, run::Run};

/// How long after the end of its lease an apply is held to be dead, in seconds: its supervisor kills it at the end of the lease.
const DEAD: i64 = 60;
/// How often a phase is begun before it is given up: one that takes its runner along must not do so for ever.
const ATTEMPTS: i64 = 5;
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
            let doing = || format!("reading {} of {}", artifact_name(artifact), phase.id);
            let file = tokio::fs::File::open(&path).await.map_err(|e| Error::internal(&doing(), e))?;
            let limit = u64::MAX; // its size was bounded by the disk that the runner gave it
            let blob = self.seal_stream(&phase.organization_id, &phase.workspace_id, Box::pin(file), limit).await?;
            blobs.push((artifact_name(artifact), blob));
        }
        if phase.is_apply() && matches!(outcome, Outcome::Failed { .. }) {
            self.let_the_plan_be_read(&phase).await?;
        }
        let events = self.end(lease, &phase, &outcome, &blobs).await;
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
        let read = plan.and_then(|plan| plan.finished_at).unwrap_or_default() + READ * 1_000_000;
        if let Ok(micros) = u64::try_from(read - self.now().micros()) {
            tokio::time::sleep(Duration::from_micros(micros)).await;
        }
        Ok(())
    }

    async fn end(&self, lease: &Lease, phase: &Phase, outcome: &Outcome, blobs: &[(&str, Blob)]) -> Result<Vec<Event>> {
        let now = self.now();
        self.store
            .write(async |mut tx| {
                access::hold_ours(&mut tx, &phase.workspace_id).await?;
                let current = store::phase::find(&mut tx, &phase.id).await?;
                let mut phase = current
                    .filter(|p| p.fence == lease.fence && p.status().is_ok_and(|s| s == PhaseStatus::Running))
                    .ok_or_else(|| lost(&lease.phase_id))?;
                let missing = || Error::Internal(format!("{} has no run", phase.id));
                let mut run = store::run::find(&mut tx, &phase.run_id).await?.ok_or_else(missing)?;
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
                    Outcome::Failed { reason, .. } => {
                        run.reason = Some(reason.clone());
                        (PhaseStatus::Errored, RunEvent::Fail)
                    }
                    Outcome::Unfinished { .. } if phase.attempts < ATTEMPTS => {
                        return again(&mut tx, &phase, run, now).await;
                    }
                    Outcome::Unfinished { reason } => {
                        run.reason =
                            Some(format!("{reason}, {ATTEMPTS} times; nothing was changed; start the run again"));
                        (PhaseStatus::Errored, RunEvent::Fail)
                    }
                    Outcome::Canceled { killed } => {
                        run.reason = Some(canceled(phase.is_apply(), *killed).into());
                        (PhaseStatus::Canceled, RunEvent::Stopped)
                    }
                };
                for (kind, blob) in blobs {
                    store::blob::insert(&mut tx, blob).await?;
                    store::phase::put_artifact(&mut tx, &phase.id, kind, blob.id.as_str()).await?;
                }
                store::phase::finish(&mut tx, &phase, status, now).await?;
                advance::take(&mut tx, run, event, now).await
            })
            .await
    }

    /// A runner that did not hear the answer says the same again.
    async fn finished_already(&self, lease: &Lease, error: Error) -> Result<()> {
        let found = self.store.look(async |mut tx| store::phase::find(&mut tx, &lease.phase_id).await).await?;
        match found {
            Some(phase) if phase.fence == lease.fence && phase.status()?.is_final() => Ok(()),
            _ => Err(error),
        }
    }

    /// Ends what was lost: phases whose lease is over. A plan changed nothing, its workspace is free at once; an apply is ended only when its
    /// process is certainly dead. Idempotent; the reconciler calls it.
    pub async fn end_lost_phases(&self) -> Result<usize> {
        let now = self.now();
        let lost = self.store.look(async |mut tx| store::phase::list_lost(&mut tx, now).await).await?;
        let mut ended = 0;
        for phase in lost {
            let until = phase.lease_until.unwrap_or_default();
            if phase.is_apply() && phase.started_at.is_some() && now.micros() < until + DEAD * 1_000_000 {
                continue;
            }
            if self.end_lost(&phase).await? {
                ended += 1;
            }
        }
        Ok(ended)
    }

    async fn end_lost(&self, lost: &Phase) -> Result<bool> {
        let now = self.now();
        let id: &WorkspaceId = &lost.workspace_id;
        let events = self
            .store
            .write(async |mut tx| {
                access::hold_ours(&mut tx, id).await?;
                let current = store::phase::find(&mut tx, &lost.id).await?;
                let still = current.filter(|p| p.fence == lost.fence && p.lease_until == lost.lease_until);
                let Some(phase) = still else { return Ok(None) };
                let missing = || Error::Internal(format!("{} has no run", phase.id));
                let mut run = store::run::find(&mut tx, &phase.run_id).await?.ok_or_else(missing)?;
                // A plan changes nothing. An apply is announced before its process is started: one that was not has not begun.
                let harmless = !phase.is_apply() || phase.started_at.is_none();
                if harmless && phase.attempts < ATTEMPTS && phase.status()? == PhaseStatus::Running {
                    return again(&mut tx, &phase, run, now).await.map(Some);
                }
                run.reason = Some(
                    if phase.is_apply() {
                        "the runner was lost while it applied: the last state that it sent is kept; look at the log for what was \
                         changed after it, then plan again"
                    } else {
                        "the runner was lost while it planned: nothing was changed; start the run again"
                    }
                    .into(),
                );
                store::phase::finish(&mut tx, &phase, PhaseStatus::Errored, now).await?;
                advance::take(&mut tx, run, RunEvent::Fail, now).await.map(Some)
            })
            .await?;
        let Some(events) = events else { return Ok(false) };
        tracing::warn!(phase = %lost.id, "the lease of a phase ran out: ended it");
        self.after(events);
        self.hub.announce([Event::Log(lost.id.clone()), Event::Wish(lost.id.clone())]);
        Ok(true)
    }
}

/// Offers a phase that changed nothing to the runners again. Its log begins anew, since two half ones in one would lie.
async fn again(tx: &mut Tx, phase: &Phase, run: Run, now: Time) -> Result<Vec<Event>> {
    if run.cancel_asked_at.is_some() {
        store::phase::finish(tx, phase, PhaseStatus::Canceled, now).await?;
        return advance::take(tx, run, RunEvent::Stopped, now).await;
    }
    store::log::reset(tx, &phase.id).await?;
    advance::take(tx, run, RunEvent::Requeue, now).await
}

fn count(phase: &mut Phase, counts: Counts) {
    phase.additions = counts.additions.into();
    phase.changes = counts.changes.into();
    phase.destructions = counts.destructions.into();
    phase.imports = counts.imports.into();
}

fn canceled(apply: bool, killed: bool) -> &'static str {
    match (apply, killed) {
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
