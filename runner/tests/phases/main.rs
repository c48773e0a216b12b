//! Phases from claim to finish: the real terraform and programs that misbehave, behind the real wall, against a server in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may say so in any way")]

mod adoption;
mod archive;
mod beside;
mod cloud;
mod containers;
mod control;
mod engine;
mod errands;
mod fake;
mod faults;
mod hostile;
mod large;
mod metrics;
mod mirror;
mod module_tests;
mod providers;
mod real;
mod rig;
mod surroundings;
mod walled;
