//! Confirm, discard, cancel, force-cancel.

use super::{Phases, advance, comment};
use crate::{App, Caller, Error, Result, access, hub::Event};
use domain::{
    id::RunId,
    permission::Permission,
    run::{Event as RunEvent, Status},
};
use store::run::Run;

/// How long after a cancel a run may be killed, in seconds.
pub(crate) const COOL_OFF: i64 = 10;

impl App {
    /// Says yes to a plan: it will be applied. With each decision goes a comment, which may be empty.
    pub async fn confirm_run(&self, caller: &Caller, id: &RunId, comment: &str) -> Result<Run> {
        self.decide(caller, id, Permission::ApplyRun, RunEvent::Confirm, comment).await
    }
    /// Says no to a plan.
    pub async fn discard_run(&self, caller: &Caller, id: &RunId, comment: &str) -> Result<Run> {
        self.decide(caller, id, Permission::ApplyRun, RunEvent::Discard, comment).await
    }
    /// Stops a run gently: what waits ends, what executes is interrupted.
    pub async fn cancel_run(&self, caller: &Caller, id: &RunId, comment: &str) -> Result<Run> {
        self.decide(caller, id, Permission::QueueRun, RunEvent::Cancel, comment).await
    }
    /// Kills a run that was canceled and does not end.
    pub async fn force_cancel_run(&self, caller: &Caller, id: &RunId, comment: &str) -> Result<Run> {
        self.decide(caller, id, Permission::ApplyRun, RunEvent::ForceCancel, comment).await
    }

    async fn decide(
        &self,
        caller: &Caller,
        id: &RunId,
        permission: Permission,
        event: RunEvent,
        comment: &str,
    ) -> Result<Run> {
        let run = self.run(caller, id).await?;
        let now = self.now();
        let comment = (!comment.trim().is_empty()).then(|| self.comment(caller, &run, comment));
        if let Some(comment) = &comment {
            comment::check(&comment.body)?;
        }
        let (run, events) = self
            .store
            .write_once(async |mut tx, again| {
                access::hold(&mut tx, caller, &run.workspace_id, permission).await?;
                let missing = || Error::not_found(format!("run {id}"));
                let mut run = store::run::find(&mut tx, id).await?.ok_or_else(missing)?;
                let status = run.status()?;
                let who = caller.id().map(ToString::to_string);
                let decided = match event {
                    RunEvent::Confirm => run.confirmed_by == who,
                    RunEvent::Discard => run.canceled_by == who && status == Status::Discarded,
                    RunEvent::Cancel => run.cancel_asked_at == Some(now.micros()),
                    _ => false,
                };
                if again && decided {
                    let queued = Event::Queue(run.organization_id.clone());
                    let seen = Event::Run { workspace: run.workspace_id.clone(), run: run.id.clone() };
                    return Ok((run, vec![seen, queued]));
                }
                if let Some(comment) = &comment {
                    comment::insert(&mut tx, comment).await?;
                }
                match event {
                    RunEvent::Cancel if run.cancel_asked_at.is_some() && !status.is_final() => {
                        return Ok((run, Vec::new())); // asked already
                    }
                    RunEvent::Cancel => run.cancel_asked_at = Some(now.micros()),
                    RunEvent::ForceCancel => {
                        let asked = run.cancel_asked_at.ok_or_else(|| {
                            Error::Conflict(format!("{id} was not canceled: cancel it first, and give it time to end"))
                        })?;
                        if now.micros() < asked + COOL_OFF * 1_000_000 {
                            return Err(Error::Conflict(format!(
                                "{id} was canceled less than {COOL_OFF} seconds ago: give it time to end by itself"
                            )));
                        }
                    }
                    _ => {}
                }
                match event {
                    RunEvent::Confirm => run.confirmed_by = who,
                    RunEvent::Cancel | RunEvent::Discard => run.canceled_by = who,
                    _ => {}
                }
                let executing = matches!(status, Status::Planning | Status::Applying);
                // Whether the cancel was asked while a phase executed decides how that phase's end is read.
                if matches!(event, RunEvent::Cancel) && !executing {
                    run.reason = Some("canceled before it executed".into());
                }
                let events = advance::take(&mut tx, run, event, now).await?;
                Ok((store::run::find(&mut tx, id).await?.ok_or_else(missing)?, events))
            })
            .await?;
        self.after(events);
        self.hub.announce([Event::Wish(id.plan().to_string()), Event::Wish(id.apply().to_string())]);
        if matches!(event, RunEvent::ForceCancel) {
            let Phases { apply, .. } = self.phases(id).await?;
            let who = caller.user().map_or("somebody", |user| &user.name);
            if apply.lost_at.is_some() && self.end_forced(&apply, who).await? {
                return self.run(caller, id).await;
            }
        }
        Ok(run)
    }
}
