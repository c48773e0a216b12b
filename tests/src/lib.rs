//! The means by which stories, torture and benchmarks drive Terrane from outside, as its users do: the built binary with a
//! data directory of its own, real terraform binaries on a pseudo-terminal, and plain HTTP.
//!
//! Nothing here names another crate of ours: what the tests know of the server is what a user can know.
//! A failed expectation panics with all that was on the screen or in the log, since that is what its reader needs.

pub mod api;
pub mod cli;
pub mod composed;
pub mod database;
pub mod disk;
mod front;
pub mod network;
pub mod node;
pub mod operator;
pub mod peer;
pub mod process;
pub mod run;
pub mod runner;
pub mod server;
pub mod settings;
pub mod stage;
pub mod tenant;
pub mod terminal;
pub mod time;
pub mod undo;

pub use api::{Answer, Api};
pub use cli::{Cli, Version};
pub use database::Database;
pub use node::Node;
pub use peer::Peer;
pub use run::Slug;
pub use runner::Runner;
pub use server::Server;
pub use stage::{ORGANIZATION, Stage};
pub use tenant::Tenant;
pub use terminal::Terminal;
