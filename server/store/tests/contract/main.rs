//! Every store function and the one way to write, on SQLite and on Postgres alike: one SQL text is only true when both engines say so.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test that cannot go on says so")]

extern crate terrane_store as store;

mod agents;
mod base;
mod facade;
mod group;
mod listed;
mod migrations;
mod people;
mod runs;
mod states;
mod workspaces;
