//! Sealed blobs: state, plans, configurations, logs.
//!
//! A blob is compressed, then sealed for its place. What is small afterwards goes into the database with its row ([`Sealed::Inline`]);
//! what is larger has been put into an object [`Store`], and the row keeps its key ([`Sealed::Object`]): object first, row second, so that
//! a crash between leaves an orphan to sweep and never a row without bytes. Streams of any length take constant memory.
//!
//! ```text
//! sealed = seal(format (1) | content)      format 0: content as it is; format 1: one zstd frame;
//!                                       format 2: one zstd frame whose prefix is another blob, its base
//! ```

mod blobs;
mod delta;
mod digests;
mod error;
mod filesystem;
mod frame;
mod key;
mod pace;
mod packer;
mod parts;
mod plaintext;
mod proof;
mod resume;
mod small;
mod store;
mod unpacker;
mod work;

pub use blobs::{Blobs, Sealed, Written};
pub use delta::{LARGEST as LARGEST_DELTA, open_delta, seal_delta};
pub use digests::Digests;
pub use error::{Error, Result};
pub use filesystem::Filesystem;
pub use frame::INLINE;
pub use key::{InvalidKey, Key};
pub use pace::Pace;
pub use parts::{Part, Parts, Sent, Uploading};
pub use plaintext::Plaintext;
pub use proof::{clock, may_be_orphan, owner, probe, prove, set_sweeps, sweeps};
pub use resume::{Broken, Opened, Ranged, read};
pub use secrets::causes;
pub use small::{open_bytes, seal_bytes};
pub use store::{Entry, Store};
