//! SQL: rows and domain values, one module per noun. The only crate that names sqlx.
//!
//! All writes go through [`Store::write`]; a store function takes `&mut Tx` and does one thing. What belongs together is put together by
//! the verb that calls them.

mod connections;
mod error;
mod migration;
mod query;
mod store;
mod tx;
mod writer;

pub mod agent;
pub mod agent_pool;
pub mod blob;
pub mod comment;
pub mod configuration;
pub mod copy;
pub mod delta;
pub mod explorer;
pub mod hook;
pub mod identity;
pub mod log;
pub mod login;
pub mod notify;
pub mod organization;
pub mod phase;
pub mod purge;
pub mod queue;
pub mod registry;
pub mod retention;
pub mod root_key;
pub mod run;
pub mod sealed;
pub mod search;
pub mod sharing;
pub mod site;
pub mod ssh_key;
pub mod state;
pub mod user;
pub mod variable;
pub mod workspace;
pub mod wrapped;

pub use connections::Connections;
pub use error::{Error, Result};
pub use migration::Error as MigrationError;
pub use store::Store;
pub use tx::Tx;
