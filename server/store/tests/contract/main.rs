//! Every store function and the one way to write, on SQLite and on Postgres alike: one SQL text is only true when both engines say so.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test that cannot go on says so")]

extern crate terrane_store as store;

mod agents;
mod base;
mod connections;
mod copy;
mod explorer;
mod facade;
mod group;
mod identity;
mod keys;
mod listed;
mod migrations;
mod notify;
mod people;
mod queue;
mod registry;
mod retention;
mod runs;
mod sealed;
mod search;
mod sharing;
mod site;
mod states;
mod workspaces;
