//! What a runner does with a phase: claim it, keep its lease, speak for it, end it.

mod claim;
mod finish;
mod lease;
mod lost;
mod run_variables;

pub(crate) use finish::hold_running;
pub use lease::LeaseError;
pub use lost::Renewals;
