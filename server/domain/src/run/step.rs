//! The way of a run as one pure function: where it stands, what happened, where it goes and what has to be done for that.

use super::Status;

/// What a run is, as far as its way depends on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traits {
    /// It may never apply.
    pub plan_only: bool,
    /// Its plan is kept for a later confirm; it does not hold the workspace before that.
    pub save_plan: bool,
    /// It confirms itself.
    pub auto_apply: bool,
    /// A plan without changes may be applied.
    pub allow_empty_apply: bool,
    /// What the finished plan said.
    pub has_changes: bool,
    /// Somebody asked to cancel it while a phase executed.
    pub canceling: bool,
    /// Which stages it has beside plan and apply.
    pub fetches: bool,
    /// Run tasks before the plan.
    pub pre_plan: bool,
    /// Run tasks after the plan.
    pub post_plan: bool,
    /// A cost estimate.
    pub cost: bool,
    /// Policy checks.
    pub policy: bool,
    /// Run tasks before the apply.
    pub pre_apply: bool,
    /// Run tasks after the apply.
    pub post_apply: bool,
}

impl Traits {
    /// Whether it has the workspace for itself once it left `pending`.
    pub fn holds_workspace(self) -> bool {
        !self.plan_only && !self.save_plan
    }
}

/// How tasks or policies judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Passed,
    /// A person may override it.
    Overridable,
    /// The end.
    Failed,
}

/// Something that happened to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The workspace is free for it and there is a place: it may begin.
    Begin,
    /// Its configuration is there.
    Fetched,
    /// The tasks before the plan are done.
    PrePlanDone(Verdict),
    /// A runner took the phase that is queued.
    Claim,
    /// The runner lost a plan, or an apply that had not begun: another may take it.
    Requeue,
    /// The plan succeeded; [`Traits::has_changes`] says what it found.
    PlanDone,
    /// The tasks after the plan are done.
    PostPlanDone(Verdict),
    /// The cost estimate is done, or failed: that stops nothing.
    CostDone,
    /// Policies judged.
    PolicyDone(Verdict),
    /// A person overrode tasks or policies.
    Override,
    /// A person said yes.
    Confirm,
    /// The tasks before the apply are done.
    PreApplyDone(Verdict),
    /// The apply succeeded.
    ApplyDone,
    /// The tasks after the apply are done.
    PostApplyDone,
    /// A person said no, or another apply made a saved plan stale.
    Discard,
    /// A person wants it to stop.
    Cancel,
    /// A person wants it killed.
    ForceCancel,
    /// The runner says that the phase ended because of a cancel.
    Stopped,
    /// A phase failed.
    Fail,
}

/// A stage that something else than the engine executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Fetch the configuration.
    Fetch,
    /// Run tasks before the plan.
    PrePlan,
    /// Run tasks after the plan.
    PostPlan,
    /// Estimate the cost.
    Cost,
    /// Check policies.
    Policy,
    /// Run tasks before the apply.
    PreApply,
    /// Run tasks after the apply.
    PostApply,
}

/// What has to be done because of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Offer the plan to the runners.
    QueuePlan,
    /// Offer the apply to the runners.
    QueueApply,
    /// Take the offer back.
    Unqueue,
    /// Start a stage.
    Start(Stage),
    /// Ask for the workspace: a saved plan was confirmed.
    AskForWorkspace,
    /// Tell the runner to interrupt.
    Interrupt,
    /// Tell the runner to kill.
    Kill,
    /// The apply will never run.
    AbandonApply,
    /// The plan will never run, nor the apply.
    AbandonPlan,
    /// Give the workspace back and let the next run begin.
    ReleaseWorkspace,
    /// Let another run begin: a place is free.
    FreePlace,
    /// The state changed: plans that were saved before are stale.
    DiscardSavedPlans,
}

/// Where the run goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Statuses that it passes through, each with its timestamp.
    pub through: Vec<Status>,
    /// Where it rests.
    pub status: Status,
    /// What has to be done.
    pub effects: Vec<Effect>,
}

/// The event has no place here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a run that is {} can't take {event:?}", from.as_str())]
pub struct Refused {
    /// Where the run stands.
    pub from: Status,
    /// What happened.
    pub event: Event,
}

/// What happens to a run that is in `status` when `event` arrives.
pub fn step(status: Status, traits: Traits, event: Event) -> Result<Step, Refused> {
    use Event as E;
    use Status as S;
    let way = Way { traits, through: Vec::new() };
    Ok(match (status, event) {
        (S::Pending, E::Begin) if traits.fetches => way.rest(S::Fetching, [Effect::Start(Stage::Fetch)]),
        (S::Pending, E::Begin) => way.before_plan(),
        (S::Fetching, E::Fetched) => way.pass(S::FetchingCompleted).before_plan(),
        (S::PrePlanRunning, E::PrePlanDone(Verdict::Passed)) => way.pass(S::PrePlanCompleted).queue_plan(),
        (S::PrePlanRunning, E::PrePlanDone(_)) => way.end(S::Errored, [Effect::AbandonPlan]),
        (S::PlanQueued, E::Claim) => way.rest(S::Planning, []),
        (S::Planning, E::Requeue) if traits.canceling => way.end(S::Canceled, [Effect::AbandonApply]),
        (S::Planning, E::Requeue) => way.queue_plan(),
        (S::Planning, E::PlanDone) if traits.canceling => way.end(S::Canceled, [Effect::AbandonApply]),
        (S::Planning, E::PlanDone) => way.pass(S::Planned).after(S::Planned),
        (S::PostPlanRunning, E::PostPlanDone(Verdict::Passed)) => {
            way.pass(S::PostPlanCompleted).after(S::PostPlanCompleted)
        }
        (S::PostPlanRunning, E::PostPlanDone(Verdict::Overridable)) => way.rest(S::PostPlanAwaitingDecision, []),
        (S::PostPlanRunning, E::PostPlanDone(Verdict::Failed)) => way.end(S::Errored, [Effect::AbandonApply]),
        (S::PostPlanAwaitingDecision, E::Override) => way.pass(S::PostPlanCompleted).after(S::PostPlanCompleted),
        (S::CostEstimating, E::CostDone) => way.pass(S::CostEstimated).after(S::CostEstimated),
        (S::PolicyChecking, E::PolicyDone(Verdict::Passed)) => way.pass(S::PolicyChecked).after(S::PolicyChecked),
        (S::PolicyChecking, E::PolicyDone(Verdict::Overridable)) if traits.plan_only => {
            way.end(S::PolicySoftFailed, [Effect::AbandonApply])
        }
        (S::PolicyChecking, E::PolicyDone(Verdict::Overridable)) => way.rest(S::PolicyOverride, []),
        (S::PolicyChecking, E::PolicyDone(Verdict::Failed)) => way.end(S::Errored, [Effect::AbandonApply]),
        (S::PolicyOverride, E::Override) => way.pass(S::PolicyChecked).after(S::PolicyChecked),
        (S::Planned | S::PostPlanCompleted | S::CostEstimated | S::PolicyChecked, E::Confirm) => way.confirm(),
        (S::PlannedAndSaved, E::Confirm) => way.rest(S::Confirmed, [Effect::AskForWorkspace]),
        (S::Confirmed, E::Begin) => way.before_apply(),
        (S::PreApplyRunning, E::PreApplyDone(Verdict::Passed)) => way.pass(S::PreApplyCompleted).queue_apply(),
        (S::PreApplyRunning, E::PreApplyDone(_)) => way.end(S::Errored, [Effect::AbandonApply]),
        (S::ApplyQueued, E::Claim) => way.rest(S::Applying, []),
        (S::Applying, E::Requeue) if traits.canceling => way.end(S::Canceled, [Effect::AbandonApply]),
        (S::Applying, E::Requeue) => way.queue_apply(),
        // What was applied was applied, whatever somebody wished meanwhile.
        (S::Applying, E::ApplyDone) if traits.post_apply => {
            way.rest(S::PostApplyRunning, [Effect::Start(Stage::PostApply)])
        }
        (S::Applying, E::ApplyDone) => way.end(S::Applied, [Effect::DiscardSavedPlans]),
        (S::PostApplyRunning, E::PostApplyDone) => {
            way.pass(S::PostApplyCompleted).end(S::Applied, [Effect::DiscardSavedPlans])
        }
        (S::Pending, E::Discard) => way.end(S::Discarded, [Effect::AbandonPlan]),
        (
            S::Planned
            | S::PostPlanAwaitingDecision
            | S::PostPlanCompleted
            | S::CostEstimated
            | S::PolicyOverride
            | S::PolicyChecked
            | S::PlannedAndSaved,
            E::Discard,
        ) => way.end(S::Discarded, [Effect::AbandonApply]),
        (S::Pending | S::Fetching | S::PrePlanRunning | S::PlanQueued, E::Cancel) => {
            way.end(S::Canceled, [Effect::Unqueue, Effect::AbandonPlan])
        }
        (
            S::PostPlanRunning
            | S::CostEstimating
            | S::PolicyChecking
            | S::Confirmed
            | S::PreApplyRunning
            | S::ApplyQueued,
            E::Cancel,
        ) => way.end(S::Canceled, [Effect::Unqueue, Effect::AbandonApply]),
        (S::Planning | S::Applying, E::Cancel) => way.rest(status, [Effect::Interrupt]),
        (S::Planning | S::Applying, E::ForceCancel) => way.rest(status, [Effect::Kill]),
        (S::Planning, E::Stopped) => way.end(S::Canceled, [Effect::AbandonApply]),
        (S::Applying, E::Stopped) => way.end(S::Canceled, [Effect::DiscardSavedPlans]),
        (S::Planning, E::Fail) if traits.canceling => way.end(S::Canceled, [Effect::AbandonApply]),
        (S::Fetching | S::PrePlanRunning | S::PlanQueued, E::Fail) => {
            way.end(S::Errored, [Effect::Unqueue, Effect::AbandonPlan])
        }
        (S::Planning, E::Fail) => way.end(S::Errored, [Effect::AbandonApply]),
        (S::ApplyQueued, E::Fail) => way.end(S::Errored, [Effect::Unqueue, Effect::AbandonApply]),
        (S::Applying, E::Fail) => way.end(S::Errored, [Effect::DiscardSavedPlans]),
        (from, event) => return Err(Refused { from, event }),
    })
}

/// A step on its way: what it passed through so far.
struct Way {
    traits: Traits,
    through: Vec<Status>,
}

impl Way {
    fn pass(mut self, status: Status) -> Self {
        self.through.push(status);
        self
    }
    /// Rests, and says what is to be done. A status that was passed last is where it rests, not where it passed.
    fn rest(mut self, status: Status, effects: impl IntoIterator<Item = Effect>) -> Step {
        if self.through.last() == Some(&status) {
            self.through.pop();
        }
        Step { through: self.through, status, effects: effects.into_iter().collect() }
    }
    /// Rests for ever: whatever it held goes to the next.
    fn end(self, status: Status, effects: impl IntoIterator<Item = Effect>) -> Step {
        let release = if self.traits.plan_only { Effect::FreePlace } else { Effect::ReleaseWorkspace };
        let mut step = self.rest(status, effects);
        step.effects.push(release);
        step
    }
    fn before_plan(self) -> Step {
        if self.traits.pre_plan {
            return self.rest(Status::PrePlanRunning, [Effect::Start(Stage::PrePlan)]);
        }
        self.queue_plan()
    }
    fn queue_plan(self) -> Step {
        self.rest(Status::PlanQueued, [Effect::QueuePlan])
    }
    /// Goes on after the plan or one of the stages behind it, in TFE's order: tasks, cost, policies, decision.
    fn after(self, done: Status) -> Step {
        let traits = self.traits;
        let before = |stages: &[Status]| stages.contains(&done);
        if traits.post_plan && before(&[Status::Planned]) {
            return self.rest(Status::PostPlanRunning, [Effect::Start(Stage::PostPlan)]);
        }
        if traits.cost && before(&[Status::Planned, Status::PostPlanCompleted]) {
            return self.rest(Status::CostEstimating, [Effect::Start(Stage::Cost)]);
        }
        if traits.policy && before(&[Status::Planned, Status::PostPlanCompleted, Status::CostEstimated]) {
            return self.rest(Status::PolicyChecking, [Effect::Start(Stage::Policy)]);
        }
        if traits.plan_only || !(traits.has_changes || traits.allow_empty_apply) {
            return self.end(Status::PlannedAndFinished, [Effect::AbandonApply]);
        }
        if traits.save_plan {
            return self.rest(Status::PlannedAndSaved, [Effect::FreePlace]);
        }
        if traits.auto_apply {
            return self.confirm();
        }
        self.rest(done, [Effect::FreePlace])
    }
    fn confirm(self) -> Step {
        self.pass(Status::Confirmed).before_apply()
    }
    fn before_apply(self) -> Step {
        if self.traits.pre_apply {
            return self.rest(Status::PreApplyRunning, [Effect::Start(Stage::PreApply)]);
        }
        self.queue_apply()
    }
    fn queue_apply(self) -> Step {
        self.rest(Status::ApplyQueued, [Effect::QueueApply])
    }
}

#[cfg(test)]
mod tests;
