//! What is found by which words: one meaning for both engines. A database only says where a word stands; whether a thing is found is
//! decided here.

mod document;
mod query;
mod words;

#[cfg(test)]
mod tests;

pub use document::{Document, Kind};
pub use query::{LONGEST, Query, Term, Unreadable};
pub use words::{LONGEST_WORD, Run, fold, words};

/// About so many instances of a workspace stand on a shelf.
pub const SHELF: usize = 100;

/// The shelf of what a workspace says of itself.
pub const OWN_SHELF: i64 = -1;

/// The shelf of an address in a state with so many instances. Any number is right, as long as it is written beside the instance: this one
/// spreads them evenly (FNV-1a).
#[must_use]
pub fn shelf_of(address: &str, instances: usize) -> i64 {
    let hash = address
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let shelves = u64::try_from(instances.div_ceil(SHELF).max(1)).unwrap_or(u64::MAX);
    i64::try_from((hash >> 16) % shelves).unwrap_or_default()
}
