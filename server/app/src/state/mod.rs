//! States: read them, write them through any door, and know what each holds.

mod append;
mod content;
mod delta;
mod read;
mod upload;
mod write;

pub use content::{Content, OutputValue};
pub use read::STREAMED;
pub use upload::Upload;
pub(crate) use write::Late;
pub use write::{Announced, Source, Written};
