//! How much is too much, and how long is too long.

use super::{
    key::{Key, Problem},
    sources::Sources,
    value::{Count, Size, Span},
};
use std::time::Duration;

const STATE_SIZE: Key = Key::new("max-state-size", "SIZE", "The largest state that is accepted [default: 256MiB]");
const UPLOAD_SIZE: Key =
    Key::new("max-upload-size", "SIZE", "The largest configuration that is accepted, packed [default: 512MiB]");
const PLAN_TIMEOUT: Key = Key::new("plan-timeout", "TIME", "How long a plan may take [default: 2h]");
const APPLY_TIMEOUT: Key = Key::new("apply-timeout", "TIME", "How long an apply may take [default: 1d]");
const APPLY_LEASE: Key = Key::new(
    "apply-lease",
    "TIME",
    "How long a runner may be out of reach while it applies: after two thirds it interrupts the engine [default: 2m]",
);
const ORGANIZATION_CONCURRENCY: Key = Key::new(
    "organization-concurrency",
    "N",
    "How many runs of one organization may execute at once, where it has no number of its own [default: 10]",
);

const WORKSPACE_PLANS: Key = Key::new(
    "workspace-plans",
    "N",
    "How many plans of one workspace may execute at once beside its run, where it has no number of its own [default: 5]",
);

/// All settings of this section.
pub(super) const KEYS: [Key; 7] =
    [STATE_SIZE, UPLOAD_SIZE, PLAN_TIMEOUT, APPLY_TIMEOUT, APPLY_LEASE, ORGANIZATION_CONCURRENCY, WORKSPACE_PLANS];

/// The section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The largest state, in bytes.
    pub state_size: u64,
    /// The largest configuration as uploaded, in bytes.
    pub upload_size: u64,
    /// How long a plan may take.
    pub plan_timeout: Duration,
    /// How long an apply may take.
    pub apply_timeout: Duration,
    /// How long the lease of an apply lasts.
    pub apply_lease: Duration,
    /// How many runs of one organization execute at once.
    pub organization_concurrency: u32,
    /// How many plans of one workspace execute at once beside the run that holds it.
    pub workspace_plans: u32,
}

impl Limits {
    /// Reads the section.
    pub(super) fn read(sources: &mut Sources) -> Result<Self, Problem> {
        let hours = |hours: u64| Span(Duration::from_secs(hours * 3_600));
        Ok(Self {
            state_size: sources.get(&STATE_SIZE, |_| Size(256 << 20))?.0,
            upload_size: sources.get(&UPLOAD_SIZE, |_| Size(512 << 20))?.0,
            plan_timeout: sources.get(&PLAN_TIMEOUT, |_| hours(2))?.0,
            apply_timeout: sources.get(&APPLY_TIMEOUT, |_| hours(24))?.0,
            apply_lease: sources.get(&APPLY_LEASE, |_| Span(Duration::from_secs(120)))?.0,
            organization_concurrency: sources.get(&ORGANIZATION_CONCURRENCY, |_| Count(10))?.0,
            workspace_plans: sources.get(&WORKSPACE_PLANS, |_| Count(5))?.0,
        })
    }
}
