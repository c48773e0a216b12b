//! Words and rules of Terrane. Nothing here does IO, reads a clock or rolls dice: what happens is decided by values alone, so that every
//! rule can be printed, reviewed and tested without a server.

pub mod explorer;
pub mod hook;
pub mod id;
pub mod image;
pub mod lock;
pub mod login;
pub mod name;
pub mod permission;
pub mod queue;
pub mod retention;
pub mod run;
pub mod search;
pub mod ssh_key;
pub mod state;
pub mod tag;
pub mod time;
pub mod variable;
