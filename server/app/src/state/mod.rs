//! States: read them, write them through any door, and know what each holds.

pub(crate) mod address;
mod append;
mod compare;
mod content;
mod delta;
mod diff;
mod frame;
mod instance;
mod known;
mod raw;
mod read;
mod remembered;
mod rollback;
pub(crate) mod room;
pub(crate) mod secret;
mod source;
mod upload;
mod write;

pub use content::{Content, OutputValue};
pub use diff::{Action, AttributeChange, Diff, OutputChange, ResourceChange, Shown};
pub use read::STREAMED;
pub(crate) use remembered::Remembered;
pub(crate) use upload::READING;
pub use upload::Upload;
pub(crate) use write::Late;
pub use write::{Announced, Source, Written};
