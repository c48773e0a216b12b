//! What object stores are tested against: a server of each kind, and what stands before it and goes wrong.

pub(crate) mod faults;
pub(crate) mod process;
