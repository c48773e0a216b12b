//! The doors of machines in process: a router over a real database, a clock that stands, dice that are seeded, actors as values.

extern crate terrane_api as api;

mod attacks;
mod roles;
mod runs;
mod town;
