//! Which phase a free runner gets: the order of the queue as one pure rule, and what it tells whoever waits.
//!
//! Organizations share the runners by weight, as in start-time fair queueing: what an organization is given moves it along a virtual time,
//! the slower the more it weighs, and the one that is furthest behind comes next. One with a hundred queued runs therefore never starves
//! one with a single run. Inside an organization applies come before plans, plans before speculative ones, and the oldest first. Between
//! organizations urgency is a head start of a few phases and no more: a crowd of applies here delays a plan there, but not for ever.

use crate::{id::OrganizationId, run::Traits};

/// How far one phase moves an organization of weight 1 along the virtual time.
const STRIDE: i64 = 1_000_000;
/// How many phases of an organization of weight 1 each step of urgency is worth.
const HEAD_START: i64 = 8;
/// The largest weight.
pub const HEAVIEST: i64 = 1_000;
/// The largest limit that may be set.
pub const MOST: i64 = 10_000;

/// How urgent a phase is, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Somebody said yes, and the workspace is closed to everybody else until it ends.
    Apply,
    /// It holds its workspace.
    Plan,
    /// Its plan is kept for a later apply; it runs beside what holds the workspace.
    SavedPlan,
    /// It may never apply; it runs beside what holds the workspace.
    Speculative,
}

impl Priority {
    /// Every priority, most urgent first.
    pub const ALL: [Self; 4] = [Self::Apply, Self::Plan, Self::SavedPlan, Self::Speculative];

    /// That of a run's plan.
    pub fn of_plan(traits: Traits) -> Self {
        match (traits.plan_only, traits.save_plan) {
            (true, _) => Self::Speculative,
            (_, true) => Self::SavedPlan,
            _ => Self::Plan,
        }
    }
    /// Its number: the most urgent has the smallest.
    pub fn rank(self) -> i64 {
        match self {
            Self::Apply => 0,
            Self::Plan => 1,
            Self::SavedPlan => 2,
            Self::Speculative => 3,
        }
    }
    /// Reads its number.
    pub fn from_rank(rank: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.rank() == rank)
    }
    /// Whether it executes beside the run that holds the workspace, and counts for the workspace's own limit.
    pub fn is_beside(self) -> bool {
        self >= Self::SavedPlan
    }
}

/// How an organization stands in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its weight, 1 or more.
    pub weight: i64,
    /// How many of its phases may execute at once.
    pub limit: i64,
    /// How many do.
    pub running: i64,
    /// How far what it was given has moved it along the virtual time.
    pub served: i64,
}

impl Standing {
    /// Whether another of its phases may execute.
    pub fn has_room(self) -> bool {
        self.running < self.limit
    }
    fn stride(self) -> i64 {
        STRIDE / self.weight.clamp(1, HEAVIEST)
    }
}

/// The oldest phase of one priority that an organization offers, its workspace having room for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// `plan-…` or `apply-…`
    pub phase: String,
    /// Whose.
    pub organization: OrganizationId,
    /// How that organization stands.
    pub standing: Standing,
    /// How urgent.
    pub priority: Priority,
    /// When it was offered, in microseconds.
    pub queued_at: i64,
    /// The virtual time at which it was offered.
    pub entered: i64,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn<'a> {
    /// Which phase.
    pub candidate: &'a Candidate,
    /// The virtual time from now on.
    pub now: i64,
    /// How far its organization is moved by it.
    pub served: i64,
}

/// The phase that a free runner gets, at virtual time `now`; `None` when nobody has room for any.
pub fn next(candidates: &[Candidate], now: i64) -> Option<Turn<'_>> {
    let open = candidates.iter().filter(|candidate| candidate.standing.has_room());
    let key = |candidate: &&Candidate| {
        let standing = candidate.standing;
        let held = standing.running.saturating_mul(standing.stride());
        let urgency = candidate.priority.rank() * HEAD_START * STRIDE;
        let place = start(candidates, candidate).saturating_add(held).saturating_add(urgency);
        (place, candidate.queued_at, candidate.phase.clone())
    };
    let candidate = open.min_by_key(key)?;
    let start = start(candidates, candidate);
    Some(Turn { candidate, now: now.max(start), served: start.saturating_add(candidate.standing.stride()) })
}

/// Where an organization stands on the virtual time: where it was left, but not before it had anything to offer. Alike for all that it
/// offers, so that nothing but urgency and age decides inside.
fn start(candidates: &[Candidate], of: &Candidate) -> i64 {
    let own = candidates.iter().filter(|candidate| candidate.organization == of.organization);
    let entered = own.map(|candidate| candidate.entered).min().unwrap_or(of.entered);
    of.standing.served.max(entered)
}

/// How many phases could be handed out at once, counting rooms alone.
pub fn rooms(candidates: &[Candidate]) -> usize {
    let mut seen: Vec<&OrganizationId> = Vec::new();
    let mut rooms = 0;
    for candidate in candidates {
        if !seen.contains(&&candidate.organization) {
            seen.push(&candidate.organization);
            rooms += usize::try_from(candidate.standing.limit - candidate.standing.running).unwrap_or_default();
        }
    }
    rooms
}

/// The runners that could execute a phase, as far as they are known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runners {
    /// How many there are.
    pub connected: i64,
    /// How many wait for a phase.
    pub idle: usize,
    /// How many phases they execute.
    pub busy: i64,
}

/// What a queued phase waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Its organization executes as many as it may.
    Organization {
        /// How many that is.
        limit: i64,
        /// How many it executes.
        running: i64,
    },
    /// Its workspace executes as many plans beside its run as it may.
    Workspace {
        /// How many that is.
        limit: i64,
        /// How many it executes.
        running: i64,
    },
    /// There is no runner.
    NoRunner,
    /// Every runner is busy.
    Runners {
        /// With how many phases.
        busy: i64,
    },
    /// Nothing but its turn: a runner is free.
    Turn,
}

/// Why a queued phase has not begun; `beside` is the limit of its workspace and how many plans execute there, if it counts for that.
pub fn obstacle(standing: Standing, beside: Option<(i64, i64)>, runners: Runners) -> Obstacle {
    if !standing.has_room() {
        return Obstacle::Organization { limit: standing.limit, running: standing.running };
    }
    match (beside, runners) {
        (Some((limit, running)), _) if running >= limit => Obstacle::Workspace { limit, running },
        (_, Runners { connected: 0, .. }) => Obstacle::NoRunner,
        (_, Runners { idle: 0, busy, .. }) => Obstacle::Runners { busy },
        _ => Obstacle::Turn,
    }
}

#[cfg(test)]
mod tests;
