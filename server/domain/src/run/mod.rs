//! A run: its statuses, what may happen in each, and what it means for the workspace.

mod phase;
mod status;
mod step;

pub use phase::PhaseStatus;
pub use status::Status;
pub use step::{Effect, Event, Refused, Stage, Step, Traits, Verdict, step};

/// What the API says may be done to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actions {
    /// It can be confirmed.
    pub confirmable: bool,
    /// It can be discarded.
    pub discardable: bool,
    /// It can be canceled.
    pub cancelable: bool,
    /// It was canceled, that takes too long, and it can be killed.
    pub force_cancelable: bool,
}

/// What may be done to a run; `canceling` when a cancel was asked for, `cooled_off` when it had its time.
pub fn actions(status: Status, traits: Traits, canceling: bool, cooled_off: bool) -> Actions {
    let takes = |event| step(status, traits, event).is_ok();
    Actions {
        confirmable: takes(Event::Confirm),
        discardable: takes(Event::Discard),
        cancelable: takes(Event::Cancel) && !canceling,
        force_cancelable: takes(Event::ForceCancel) && canceling && cooled_off,
    }
}
