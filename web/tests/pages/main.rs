//! Every page, through the router, over a real database: what it shows, to whom, and what it refuses.

#![expect(clippy::unwrap_used, reason = "in a test, what is not as it should be is a failure")]

mod house;
mod live;
mod login;
mod organization;
mod queue;
mod routes;
mod run;
mod search;
mod settings;
mod sign_in;
mod workspace;
