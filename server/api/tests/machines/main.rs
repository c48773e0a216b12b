//! The doors of machines in process: a router over a real database, a clock that stands, dice that are seeded, actors as values.

#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a test that cannot go on says so")]

extern crate terrane_api as api;

mod attacks;
mod deeds;
mod dump;
mod explorer;
mod faults;
mod fleet;
mod history;
mod identity;
mod input;
mod keys;
mod large;
mod listing;
mod login;
mod mirror;
mod mistakes;
mod module_tests;
mod objects;
mod pools;
mod proxy;
mod queue;
mod registry;
mod retention;
mod roles;
mod routes;
mod runners;
mod runs;
mod search;
mod servers;
mod sharing;
mod stalls;
mod things;
mod town;
mod verifiers;
