//! The statuses of a run, by the names that clients know (TFE objects 3.1).

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// Where a run stands.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Status {
            $($(#[$doc])* $name,)*
        }
        impl Status {
            /// Every status, in the order of a run's way.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
            /// The name that clients know.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

statuses! {
    /// Waits for its workspace, or for a place.
    Pending = "pending";
    /// Its configuration is fetched.
    Fetching = "fetching";
    /// Its configuration was fetched.
    FetchingCompleted = "fetching_completed";
    /// Run tasks before the plan.
    PrePlanRunning = "pre_plan_running";
    /// They passed.
    PrePlanCompleted = "pre_plan_completed";
    /// Ready for a runner.
    PlanQueued = "plan_queued";
    /// A runner plans.
    Planning = "planning";
    /// The plan is there.
    Planned = "planned";
    /// Run tasks after the plan.
    PostPlanRunning = "post_plan_running";
    /// A person has to override one.
    PostPlanAwaitingDecision = "post_plan_awaiting_decision";
    /// They passed.
    PostPlanCompleted = "post_plan_completed";
    /// Its cost is estimated.
    CostEstimating = "cost_estimating";
    /// Its cost is known, or known to be unknown.
    CostEstimated = "cost_estimated";
    /// Policies judge.
    PolicyChecking = "policy_checking";
    /// A soft-mandatory policy failed: a person has to override it.
    PolicyOverride = "policy_override";
    /// The same in a plan-only run: its end.
    PolicySoftFailed = "policy_soft_failed";
    /// Policies passed, or were overridden.
    PolicyChecked = "policy_checked";
    /// Somebody said yes; a saved plan waits here for its workspace.
    Confirmed = "confirmed";
    /// Run tasks before the apply.
    PreApplyRunning = "pre_apply_running";
    /// They passed.
    PreApplyCompleted = "pre_apply_completed";
    /// Ready for a runner.
    ApplyQueued = "apply_queued";
    /// A runner applies.
    Applying = "applying";
    /// Run tasks after the apply.
    PostApplyRunning = "post_apply_running";
    /// They are done.
    PostApplyCompleted = "post_apply_completed";
    /// Done.
    Applied = "applied";
    /// Nothing to apply: no changes, or plan-only.
    PlannedAndFinished = "planned_and_finished";
    /// Its plan is kept until somebody confirms it.
    PlannedAndSaved = "planned_and_saved";
    /// Somebody said no.
    Discarded = "discarded";
    /// It failed.
    Errored = "errored";
    /// Somebody stopped it.
    Canceled = "canceled";
}

impl Status {
    /// Reads the name that clients know.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.as_str() == text)
    }
    /// Nothing will happen to it any more.
    pub fn is_final(self) -> bool {
        use Status::{Applied, Canceled, Discarded, Errored, PlannedAndFinished, PolicySoftFailed};
        matches!(self, Applied | PlannedAndFinished | PolicySoftFailed | Discarded | Errored | Canceled)
    }
    /// The status-timestamps key that entering it sets.
    pub fn timestamp(self) -> String {
        let name = match self {
            Self::Pending => "plan-queueable",
            Self::FetchingCompleted => "fetched",
            other => return format!("{}-at", other.as_str().replace('_', "-")),
        };
        format!("{name}-at")
    }
}
