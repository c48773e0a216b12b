//! What a runner does with a phase: claim it, keep its lease, speak for it, end it.

mod claim;
mod finish;
mod lease;

pub use lease::LeaseError;
