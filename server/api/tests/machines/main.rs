//! The doors of machines in process: a router over a real database, a clock that stands, dice that are seeded, actors as values.

#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a test that cannot go on says so")]

extern crate terrane_api as api;

mod attacks;
mod fleet;
mod identity;
mod large;
mod login;
mod mirror;
mod objects;
mod pools;
mod queue;
mod registry;
mod roles;
mod runners;
mod runs;
mod servers;
mod sharing;
mod stalls;
mod town;
mod verifiers;
