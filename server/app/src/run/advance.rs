//! A step of a run, in its transaction: the rule decides, its effects become rows, what is free goes to the next.

use crate::{Error, Result, access, hub::Event};
use domain::{
    id::WorkspaceId,
    lock::{Holder, Lock},
    run::{Effect, Event as RunEvent, PhaseStatus, step},
    time::Time,
};
use store::{Tx, phase::Phase, run::Run};

/// Lets a run take a step. The workspace is held. Answers what to announce once it is committed.
pub(crate) async fn take(tx: &mut Tx, mut run: Run, event: RunEvent, now: Time) -> Result<Vec<Event>> {
    let mut announce = Vec::new();
    // Effects that let other runs step are queued here rather than recursed into: a chain of runs is as long as its queue.
    let mut waiting = Vec::new();
    apply(tx, &mut run, event, now, &mut waiting).await?;
    announce.push(Event::Run { workspace: run.workspace_id.clone(), run: run.id.clone() });
    announce.push(Event::Queue(run.organization_id.clone()));
    while let Some(then) = waiting.pop() {
        match then {
            Then::Next(workspace) => announce.extend(next(tx, &workspace, now).await?),
            Then::DiscardSaved(workspace) => {
                for mut saved in store::run::list_saved(tx, &workspace).await? {
                    if saved.id == run.id {
                        continue;
                    }
                    saved.reason = Some(format!("{} changed the state after this plan was made", run.id));
                    apply(tx, &mut saved, RunEvent::Discard, now, &mut Vec::new()).await?;
                    announce.push(Event::Run { workspace: workspace.clone(), run: saved.id });
                }
            }
        }
    }
    Ok(announce)
}

/// Offers a phase that changed nothing to the runners again. Its log begins anew, since two half ones in one would lie. The workspace is held.
pub(crate) async fn again(tx: &mut Tx, phase: &Phase, run: Run, now: Time) -> Result<Vec<Event>> {
    store::phase::discard_artifacts(tx, &phase.id, "%", now).await?;
    if run.cancel_asked_at.is_some() {
        store::phase::finish(tx, phase, PhaseStatus::Canceled, now).await?;
        return take(tx, run, RunEvent::Stopped, now).await;
    }
    store::log::reset(tx, &phase.id).await?;
    take(tx, run, RunEvent::Requeue, now).await
}

/// Gives a free workspace to the run that waits longest for it. The workspace is held.
pub(crate) async fn next(tx: &mut Tx, id: &WorkspaceId, now: Time) -> Result<Vec<Event>> {
    let workspace = access::hold_ours(tx, id).await?;
    if let Some(lock) = workspace.lock()? {
        if matches!(lock.holder, Holder::Client { .. })
            && let Some(waiting) = store::run::next_waiting(tx, id).await?
        {
            // A client tells its person what it waits for by the workspace's current run (client contract 9.7).
            store::workspace::set_current_run(tx, id, Some(&waiting.id)).await?;
        }
        return Ok(Vec::new());
    }
    let Some(mut run) = store::run::next_waiting(tx, id).await? else { return Ok(Vec::new()) };
    let lock = Lock { holder: Holder::Run(run.id.clone()), reason: String::new(), since: now };
    store::workspace::lock(tx, id, &lock, None).await?;
    store::workspace::set_current_run(tx, id, Some(&run.id)).await?;
    apply(tx, &mut run, RunEvent::Begin, now, &mut Vec::new()).await?;
    let begun = Event::Run { workspace: id.clone(), run: run.id };
    Ok(vec![Event::Workspace(id.clone()), begun, Event::Queue(run.organization_id)])
}

enum Then {
    Next(WorkspaceId),
    DiscardSaved(WorkspaceId),
}

async fn apply(tx: &mut Tx, run: &mut Run, event: RunEvent, now: Time, then: &mut Vec<Then>) -> Result<()> {
    let step = step(run.status()?, run.traits(), event)?;
    store::run::update(tx, run, &step.through, step.status, now).await?;
    let (plan, apply) = (run.id.plan(), run.id.apply());
    for effect in step.effects {
        match effect {
            Effect::QueuePlan => store::phase::queue(tx, plan.as_str(), now).await?,
            Effect::QueueApply => store::phase::queue(tx, apply.as_str(), now).await?,
            Effect::Unqueue => {
                end(tx, plan.as_str(), PhaseStatus::Canceled, now).await?;
                end(tx, apply.as_str(), PhaseStatus::Unreachable, now).await?;
            }
            Effect::AbandonPlan => {
                end(tx, plan.as_str(), PhaseStatus::Unreachable, now).await?;
                end(tx, apply.as_str(), PhaseStatus::Unreachable, now).await?;
            }
            Effect::AbandonApply => end(tx, apply.as_str(), PhaseStatus::Unreachable, now).await?,
            Effect::Interrupt => wish(tx, run, "interrupt").await?,
            Effect::Kill => wish(tx, run, "kill").await?,
            Effect::AskForWorkspace => then.push(Then::Next(run.workspace_id.clone())),
            Effect::ReleaseWorkspace => {
                let workspace = access::hold_ours(tx, &run.workspace_id).await?;
                if workspace.lock()?.is_some_and(|lock| lock.holder == Holder::Run(run.id.clone())) {
                    store::workspace::unlock(tx, &run.workspace_id).await?;
                    then.push(Then::Next(run.workspace_id.clone()));
                }
            }
            // A place is free as soon as the phase has ended; the wake-up after the commit is all there is to do.
            Effect::FreePlace => {}
            Effect::DiscardSavedPlans => then.push(Then::DiscardSaved(run.workspace_id.clone())),
            Effect::Start(stage) => {
                return Err(Error::Internal(format!("{}: no one executes the stage {stage:?}", run.id)));
            }
        }
    }
    Ok(())
}

/// Ends a phase that has not begun. One that runs or has ended stays as it is.
async fn end(tx: &mut Tx, phase: &str, status: PhaseStatus, now: Time) -> Result<()> {
    let Some(phase) = store::phase::find(tx, phase).await? else { return Ok(()) };
    if matches!(phase.status()?, PhaseStatus::Pending | PhaseStatus::Queued) {
        store::phase::finish(tx, &phase, status, now).await?;
    }
    Ok(())
}

async fn wish(tx: &mut Tx, run: &Run, wish: &str) -> Result<()> {
    store::phase::set_wish(tx, run.id.plan().as_str(), wish).await?;
    Ok(store::phase::set_wish(tx, run.id.apply().as_str(), wish).await?)
}
